"""The hostile peer as its callers see it: a child process, its places, and what it has seen."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.torture.plans import Plan

__all__ = ["HostilePeer", "Place", "Seen"]

#: Where a request goes, and through which proxy.
Place = Callable[[Plan], tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the peer has seen: sockets open now, at the most crowded moment, in all; how often it spoke unasked while
    nothing was on its way to it, as far as it could see; and by the number of a request
    that came over a connection after unasked bytes, seconds after them, and whether these came by themselves.
    """

    open: int
    most: int
    accepted: int
    unasked: int
    after_unasked: dict[str, tuple[float, bool]]


class HostilePeer:
    """Speaks with the peer's process, which ends with this object's `running`."""

    def __init__(self, process: "subprocess.Popen[str]", authority_file: str) -> None:
        self._process = process
        #: The certificate that its places with TLS are trusted by.
        self.authority_file = authority_file
        self._ports: dict[str, list[int]] = json.loads(self._read())

    @classmethod
    @contextmanager
    def running(cls, folder: Path, seed: int) -> "Iterator[HostilePeer]":
        """A peer with certificates of its own, in `folder`."""
        authority = trustme.CA()
        certificate, authority_file = folder / "server.pem", folder / "authority.pem"
        certificate.write_bytes(authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.bytes())
        authority.cert_pem.write_to_path(str(authority_file))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.hostile_peer", str(certificate), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield cls(process, str(authority_file))
        finally:
            process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def seen(self) -> Seen:
        """What the peer has seen until now. Blocks for a moment."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Seen(**json.loads(self._read()))

    def place(self, over: str) -> Place:
        """Where requests go: to three places, or to these and to three with TLS through one proxy."""
        if over == "proxy":
            proxy = f"http://127.0.0.1:{self._ports['proxy'][0]}"

            def through(plan: Plan) -> tuple[str, str | None]:
                scheme, doors = ("http", "plain") if plan.number % 2 else ("https", "behind")
                return f"{scheme}://127.0.0.1:{self._ports[doors][plan.place]}{plan.path}", proxy

            return through
        scheme, doors = ("https", "tls") if over == "tls" else ("http", "plain")
        return lambda plan: (f"{scheme}://127.0.0.1:{self._ports[doors][plan.place]}{plan.path}", None)
