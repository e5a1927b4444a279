"""What the policies cost a healthy call: the same route with all of them and with none, in alternating rounds.

`python -m tests.bench.policies`; every question is another one, so that no answer is found among the kept ones.
"""

import argparse
import asyncio
import itertools
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.bench.load import load

_ON = {"GATEWAY_CSL_RATE": "100000/1s"}
_OFF = {"GATEWAY_RETRY": "off", "GATEWAY_BREAKER": "off", "GATEWAY_CACHE": "off", "GATEWAY_CSL_RATE": "0"}
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Round:
    """One gateway under load: answers per second, and the CPU time of each."""

    per_second: float
    cpu_ms: float


class Gateway:
    """A process of the service."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.pid, self.port = process.pid, port

    def cpu_s(self) -> float:
        """CPU time that it has used so far."""
        with open(f"/proc/{self.pid}/stat") as stat:  # noqa: PTH123 - not a file
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S


@contextmanager
def running(*command: str, core: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours on one core, ended at the end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True, env=clean | environment
    )
    os.sched_setaffinity(process.pid, {core})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def gateway(upstream_port: int, core: int, policies: dict[str, str]) -> Iterator[Gateway]:
    """The service, asking the bench's agency."""
    port = _free_port()
    environment = {
        "GATEWAY_CSL_URL": f"http://127.0.0.1:{upstream_port}",
        "GATEWAY_CSL_SUBSCRIPTION_KEY": "bench",
        "GATEWAY_PORT": str(port),
        "GATEWAY_LOG_LEVEL": "warning",
        **policies,
    }
    with running("service", "serve", core=core, **environment) as process:
        _wait_until_ready(process, port)
        yield Gateway(process, port)


def _wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit("the gateway did not come up; its own words are above")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def measure(each: Gateway, names: Iterator[str], callers: int, seconds: float) -> Round:
    """One round."""
    cpu_before, started = each.cpu_s(), time.perf_counter()
    tally = asyncio.run(load(each.port, names, callers=callers, seconds=seconds))
    took_s = time.perf_counter() - started
    if tally.by_status.keys() != {200}:
        raise SystemExit(f"not all answers were good: {tally.by_status}")
    return Round(tally.answered / took_s, (each.cpu_s() - cpu_before) / tally.answered * 1000)


def main() -> None:
    """Print medians and paired ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--callers", type=int, default=32)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    ours, theirs = cores[0], cores[-1]
    names = (f"/v1/sanctions?name=Party+Number+{number}" for number in itertools.count())
    with ExitStack() as stack:
        agency = stack.enter_context(running("tests.bench.upstream", core=ours))
        assert agency.stdout is not None
        upstream_port = int(agency.stdout.readline())
        on = stack.enter_context(gateway(upstream_port, theirs, _ON))
        off = stack.enter_context(gateway(upstream_port, theirs, _OFF))
        os.sched_setaffinity(0, {ours})
        for each in (on, off):  # warm
            measure(each, names, options.callers, 1)
        rounds = []
        for at in range(options.rounds):
            # Who comes first changes, so that a machine that slows down or speeds up favours neither.
            pair = [on, off] if at % 2 else [off, on]
            measured = {each.port: measure(each, names, options.callers, options.seconds) for each in pair}
            rounds.append((measured[on.port], measured[off.port]))
    _print(rounds)


def _print(rounds: list[tuple[Round, Round]]) -> None:
    print(f"{'policies':<10} {'answers/s':>10} {'CPU ms each':>12}")  # noqa: T201 - its purpose
    for name, at in (("on", 0), ("off", 1)):
        of = [pair[at] for pair in rounds]
        rate, cpu = (statistics.median(getattr(each, what) for each in of) for what in ("per_second", "cpu_ms"))
        print(f"{name:<10} {rate:>10.0f} {cpu:>12.3f}")  # noqa: T201 - likewise
    for what, text in (("per_second", "throughput on/off"), ("cpu_ms", "CPU time on/off")):
        ratios = [getattr(on, what) / getattr(off, what) for on, off in rounds]
        spread = f"{statistics.median(ratios):.3f} [{min(ratios):.3f}..{max(ratios):.3f}]"
        print(f"{text:<20} {spread} over {len(rounds)} paired rounds")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
