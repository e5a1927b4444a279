"""The gateways that are compared, each a program of its own on the contenders' processor.

All answer `GET /v1/sanctions?name=` by asking the same agency once.
"""

import hashlib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sys import executable

from tests.bench.grounds import FOLDER, Grounds
from tests.bench.nginx import http2_agency, proxying
from tests.bench.processes import ROOT, DidNotStart, free_port, running, wait_until_answering

__all__ = ["POLICIES_OFF", "Contender", "bare", "nginx_proxy", "predecessor", "predecessor_over_http2", "service"]

#: What it asks, to know that it is up: a name of nobody else's, so that nothing is kept that a round asks for.
_FIRST = "/v1/sanctions?name=First+Of+All"
_RATE = "100000/1s"
_KEYS = {
    "GATEWAY_CSL_SUBSCRIPTION_KEY": "bench",
    "GATEWAY_FDA_AUTHORIZATION_USER": "bench@example.com",
    "GATEWAY_FDA_AUTHORIZATION_KEY": "bench",
}
POLICIES_OFF = {"GATEWAY_RETRY": "off", "GATEWAY_BREAKER": "off", "GATEWAY_CACHE": "off", "GATEWAY_CSL_RATE": "0"}
_PREDECESSOR = FOLDER / "predecessor"
_PINS = ROOT / "tests/bench/predecessor.txt"


@dataclass(frozen=True, slots=True)
class Contender:
    """A gateway that runs: its port and process, and the port of the agencies that it asks (None: not counted there).

    `agency_pid` is the process that answers it. `is_ours`: it is the product, and has to answer everything.
    """

    port: int
    pid: int
    agency_pid: int
    upstream: str | None
    is_ours: bool = False


@contextmanager
def service(
    grounds: Grounds, upstream: str = "plain", settings: Mapping[str, str] | None = None, cores: set[int] | None = None
) -> Iterator[Contender]:
    """The product, all policies on unless `settings` say otherwise. Raises DidNotStart."""
    port = free_port()
    environment = {
        **{f"GATEWAY_{name.upper()}_URL": f"{grounds.url(upstream)}/{name}" for name in ("hts", "csl", "fda", "cross")},
        **{f"GATEWAY_{name}_RATE": _RATE for name in ("HTS", "CSL", "FDA", "CROSS")},
        **_KEYS,
        # The others ask the agency, too.
        "GATEWAY_SANCTIONS_SOURCE": "api",
        "GATEWAY_PORT": str(port),
        "GATEWAY_LOG_LEVEL": "warning",
        "SSL_CERT_FILE": str(grounds.authority),
        **(settings or {}),
    }
    with running((executable, "-m", "service", "serve"), cores or {grounds.theirs}, environment) as process:
        wait_until_answering(process, f"http://127.0.0.1:{port}/health/ready")
        yield Contender(port, process.pid, grounds.agencies_pid, upstream, is_ours=True)


@contextmanager
def bare(grounds: Grounds, upstream: str = "plain") -> Iterator[Contender]:
    """aiohttp without any policy. Raises DidNotStart."""
    command = (executable, "-m", "tests.bench.gateways.bare")
    with _program(grounds, command, grounds.url(upstream), grounds.agencies_pid, upstream) as contender:
        yield contender


@contextmanager
def predecessor(grounds: Grounds, upstream: str = "plain") -> Iterator[Contender]:
    """FastAPI and httpx, in an environment of their own. Raises DidNotStart, also when that cannot be had."""
    command = (str(_predecessor_python()), "-m", "tests.bench.gateways.predecessor")
    with _program(grounds, command, grounds.url(upstream), grounds.agencies_pid, upstream) as contender:
        yield contender


@contextmanager
def predecessor_over_http2(grounds: Grounds) -> Iterator[Contender]:
    """The same, before an agency that speaks HTTP/2 over TLS: its fastest way. Raises DidNotStart."""
    command = (str(_predecessor_python()), "-m", "tests.bench.gateways.predecessor")
    with (
        http2_agency(grounds.certificate, grounds.folder / "nginx", {grounds.ours}) as (port, pid),
        _program(grounds, command, f"https://localhost:{port}", pid, None) as contender,
    ):
        yield contender


@contextmanager
def nginx_proxy(grounds: Grounds) -> Iterator[Contender]:
    """What C can do: nothing is read, nothing is decided. Raises DidNotStart."""
    with proxying(grounds.ports["plain"], grounds.folder / "nginx", {grounds.theirs}) as (port, pid):
        yield Contender(port, pid, grounds.agencies_pid, "plain")


@contextmanager
def _program(
    grounds: Grounds, command: tuple[str, ...], url: str, agency_pid: int, upstream: str | None
) -> Iterator[Contender]:
    port = free_port()
    environment = {"SSL_CERT_FILE": str(grounds.authority)}
    with running((*command, "--port", str(port), "--upstream", url), {grounds.theirs}, environment) as process:
        wait_until_answering(process, f"http://127.0.0.1:{port}{_FIRST}")
        yield Contender(port, process.pid, agency_pid, upstream)


def _predecessor_python() -> Path:
    """The interpreter of the predecessor's environment, which is made when it is not there or its pins have changed."""
    python, stamp = _PREDECESSOR / "bin/python", _PREDECESSOR / "pins"
    pins = hashlib.sha256(_PINS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == pins:
        return python
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
    try:
        subprocess.run((executable, "-m", "venv", "--clear", str(_PREDECESSOR)), check=True, timeout=120)
        subprocess.run((*pip, "--require-hashes", "--requirement", str(_PINS)), check=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as exc:
        raise DidNotStart(f"its environment cannot be made ({type(exc).__name__})") from exc
    stamp.write_text(pins)
    return python
