"""Records how each test ended, shuffles them by a seed, and keeps them off the network.

`--peers-record FILE` (one JSON object a line), `--peers-seed N`, `--peers-only FILE` (test ids, one a line),
`--peers-served NAMES` (files of which only the tests that ask for a real server are run).
"""

import errno
import ipaddress
import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import pytest

_NAMES = {"", "localhost", "localhost.", "ip6-localhost"}
#: Fixtures of aiohttp that start one.
_SERVERS = {"aiohttp_client", "aiohttp_raw_server", "aiohttp_server", "unix_server"}
_resolve = socket.getaddrinfo
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the options of this module."""
    parser.addoption("--peers-record", type=Path)
    parser.addoption("--peers-seed", type=int, default=0)
    parser.addoption("--peers-only", type=Path)
    parser.addoption("--peers-served", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Open the record, and close the way to other machines."""
    config.pluginmanager.register(_Recorder(config.getoption("--peers-record")), "peers-recorder")
    for held in _stay_on_loopback():
        config.add_cleanup(held.close)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those that are asked for, in an order that the seed decides."""
    only = config.getoption("--peers-only")
    chosen = None if only is None else set(only.read_text().splitlines())
    served = set(config.getoption("--peers-served").split(","))

    def is_wanted(item: pytest.Item) -> bool:
        if chosen is not None and item.nodeid not in chosen:
            return False
        fixtures = getattr(item, "fixturenames", ())
        return item.path.name not in served or any(name in _SERVERS for name in fixtures)

    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
    items[:] = [item for item in items if is_wanted(item)]
    dice = random.Random(config.getoption("--peers-seed"))
    items[:] = [item for group in _shuffled(items, dice, depth=0) for item in group]


def _shuffled(items: Sequence[pytest.Item], dice: random.Random, depth: int) -> list[list[pytest.Item]]:
    """Shuffle files, in each its classes, in each its tests: what a class has set up serves all of it."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault("::".join(item.nodeid.split("::")[: depth + 1]), []).append(item)
    order = list(groups.values())
    dice.shuffle(order)
    if depth == 2:
        return order
    return [part for group in order for part in _shuffled(group, dice, depth + 1)]


class _Recorder:
    """Writes a line when a test starts and when a part of it ends; a test without a last line did not end."""

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO | None = None if path is None else path.open("w", buffering=1)

    def _write(self, **fields: Any) -> None:
        if self._file is not None:
            self._file.write(json.dumps(fields) + "\n")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(test=nodeid, part="start")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = "skipped" if hasattr(report, "wasxfail") else report.outcome
        text = report.longreprtext[-6000:] if report.failed else ""
        self._write(test=report.nodeid, part=report.when, outcome=outcome, text=text)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(test=report.nodeid, part="collect", outcome="failed", text=report.longreprtext[-6000:])


def _stay_on_loopback() -> list[socket.socket]:
    """Know no other names than those of this machine, and lead every other address to a peer that never answers.

    Returns what that peer is made of.
    """
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(0)
    held = [silent]
    for _ in range(3):  # what its queue holds; from then on a connect hangs
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(silent.getsockname())
        held.append(filler)

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or name in _NAMES or name.endswith(".localhost") or _is_address(name):
            return _resolve(host, *args, **kwargs)
        if name == socket.gethostname():
            return _resolve(host, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "there is no network in here")

    def lead(sock: socket.socket, address: Any) -> Any:
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or not _is_address(address[0]):
            return address
        if ipaddress.ip_address(address[0].split("%")[0]).is_loopback or address[0] in {"0.0.0.0", "::"}:
            return address
        if sock.family == socket.AF_INET6:
            raise OSError(errno.ENETUNREACH, "there is no network in here")
        return silent.getsockname()

    def connect(sock: socket.socket, address: Any) -> None:
        _connect(sock, lead(sock, address))

    def connect_ex(sock: socket.socket, address: Any) -> int:
        return _connect_ex(sock, lead(sock, address))

    socket.getaddrinfo = resolve
    for method in (connect, connect_ex):
        setattr(socket.socket, method.__name__, method)
    return held


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    return True
