"""Where contenders meet: which processors are whose, the agencies that all ask, the authority that all trust."""

import os
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sys import executable
from tempfile import TemporaryDirectory

import orjson
import trustme

from tests.bench.processes import ROOT, running

__all__ = ["FOLDER", "Grounds", "UpstreamCounts", "open_grounds", "running_agencies"]

#: What the bench makes for itself and keeps: the predecessor's environment, results.
FOLDER = ROOT / "build/bench"


@dataclass(frozen=True, slots=True)
class UpstreamCounts:
    """Connections that were opened at one port of the agencies, and requests that came there."""

    connections: int
    requests: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """`ours` is the processor of the load and the agencies, `theirs` the one of the contenders; the same if one is all.

    `folder` is for what the run makes. In it are `authority`, a file with the certificate that the agencies' is signed
    by, and `certificate`, theirs with its key.
    """

    ours: int
    theirs: int
    ports: dict[str, int]
    agencies_pid: int
    folder: Path
    authority: Path
    certificate: Path

    def url(self, which: str) -> str:
        """Base URL of the agencies at the port `which`: plain, slow or tls."""
        return f"https://localhost:{self.ports[which]}" if which == "tls" else f"http://127.0.0.1:{self.ports[which]}"

    def counts(self, which: str) -> UpstreamCounts:
        """What came at the port `which` so far."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.ports['counts']}/", timeout=10) as answer:
            return UpstreamCounts(**orjson.loads(answer.read())[which])

    @contextmanager
    def sharing(self) -> Iterator[set[int]]:
        """For a while, load and agencies may run on all processors; yields them."""
        both = {self.ours, self.theirs}
        for pid in (0, self.agencies_pid):
            os.sched_setaffinity(pid, both)
        try:
            yield both
        finally:
            for pid in (0, self.agencies_pid):
                os.sched_setaffinity(pid, {self.ours})


@contextmanager
def running_agencies(core: int, certificate: Path | None = None) -> Iterator[tuple[int, dict[str, int]]]:
    """The agencies on one processor, over TLS, too, with a `certificate`: their process id, and their ports by name."""
    more = () if certificate is None else ("--certificate", str(certificate))
    with running((executable, "-m", "tests.bench.upstream", *more), {core}, reads_output=True) as agencies:
        assert agencies.stdout is not None
        yield agencies.pid, orjson.loads(agencies.stdout.readline())


@contextmanager
def open_grounds() -> Iterator[Grounds]:
    """Start the agencies; the process that asks for it is bound to their processor, too."""
    allowed = os.sched_getaffinity(0)
    ours, theirs = min(allowed), max(allowed)
    with ExitStack() as stack:
        # Of this run alone: another one beside it has an authority of its own.
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        authority, certificate = _make_certificate(folder)
        agencies_pid, ports = stack.enter_context(running_agencies(ours, certificate))
        os.sched_setaffinity(0, {ours})
        try:
            yield Grounds(ours, theirs, ports, agencies_pid, folder, authority, certificate)
        finally:
            os.sched_setaffinity(0, allowed)


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    """Files with a throw-away authority's certificate, and with one of localhost that it signed."""
    authority = trustme.CA()
    authority_file, certificate_file = folder / "authority.pem", folder / "certificate.pem"
    authority.cert_pem.write_to_path(str(authority_file))
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate_file))
    return authority_file, certificate_file
