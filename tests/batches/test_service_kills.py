"""The service itself is killed in the middle of a job, and goes on when it is started again: nobody has to help.

`GATEWAY_TEST_KILL_ROWS` says how many rows the job has.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.batches.held import hold_made_list

ROOT = Path(__file__).parents[2]
ROWS = int(os.environ.get("GATEWAY_TEST_KILL_ROWS", "6000"))
#: Of a machine that does much else.
_PATIENCE_S = 120 + ROWS / 50


class Service:
    """`python -m service serve` over a data folder."""

    def __init__(self, data_dir: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        settings = {
            "GATEWAY_PORT": "0",
            "GATEWAY_LOG_FORMAT": "json",
            "GATEWAY_DATA_DIR": str(data_dir),
            "GATEWAY_LIST_URL": "http://127.0.0.1:9/list.csv",
            "GATEWAY_MATCHING_PROCESSES": "2",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve"],
            cwd=ROOT,
            env={**clean, "PYTHONPATH": str(ROOT), **settings},
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr is not None
        line = next(each for each in self.process.stderr if b'"listening"' in each)
        self.url = f"http://127.0.0.1:{json.loads(line)['port']}"
        self._reader = threading.Thread(target=deque, args=(self.process.stderr, 0), daemon=True)
        self._reader.start()

    def ask(self, path: str, data: bytes | None = None) -> bytes:
        """The body of the answer."""
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "text/csv"} if data else {})
        with urllib.request.urlopen(request, timeout=60) as response:
            return bytes(response.read())

    def job(self, path: str) -> dict[str, Any]:
        """How the job stands."""
        told: dict[str, Any] = json.loads(self.ask(path))
        return told

    def matchers(self) -> list[int]:
        """The processes that match for it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(each) for each in children if b"matching_process" in Path(f"/proc/{each}/cmdline").read_bytes()]

    def kill(self) -> None:
        """At once."""
        self.process.kill()
        self.end()

    def end(self) -> None:
        """Stop it, however it stands."""
        self.process.terminate()
        self.process.wait(60)
        self._reader.join(30)
        assert self.process.stderr is not None
        self.process.stderr.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """One with a list in force."""
    hold_made_list(tmp_path / "lists", entries=2000)
    return tmp_path


@pytest.fixture
def running(data_dir: Path) -> Iterator[list[Service]]:
    """The services that were started; the last one is ended."""
    services = [Service(data_dir)]
    yield services
    services[-1].end()


def until(service: Service, path: str, done: int) -> dict[str, Any]:
    """How the job stands when so many rows have a result."""
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        job = service.job(path)
        if job["done"] >= done:
            return job
        assert time.monotonic() < give_up, job
        time.sleep(0.05)


def begin(service: Service) -> str:
    """A job, by its path."""
    lines = ["ref,name", *(f"R-{number},Quiet Harbor Tools {number}" for number in range(1, ROWS + 1))]
    return str(json.loads(service.ask("/v1/jobs", "\n".join(lines).encode()))["url"])


def check_report(service: Service, path: str) -> None:
    """Every row once, none lost, and the counts are those of the rows."""
    job = until(service, path, ROWS)
    lines = [json.loads(line) for line in service.ask(f"{path}/results").splitlines()]
    assert [line["row"] for line in lines] == list(range(1, ROWS + 1))
    assert [line["ref"] for line in lines] == [f"R-{number}" for number in range(1, ROWS + 1)]
    statuses = Counter(line["status"] for line in lines)
    outcomes = Counter(line.get("outcome") for line in lines)
    assert (job["status"], job["rows"], job["done"]) == ("done", ROWS, ROWS)
    assert {each: job[each] for each in ("screened", "invalid", "not_screened")} == {
        each: statuses[each] for each in ("screened", "invalid", "not_screened")
    }
    assert job["clear"] == outcomes["clear"]
    assert statuses["screened"] == ROWS


def test_a_killed_service_goes_on_where_it_was(running: list[Service], data_dir: Path) -> None:
    path = begin(running[-1])
    for part in (0.2, 0.5):
        killed = running[-1]
        before = until(killed, path, int(part * ROWS))
        matchers = killed.matchers()
        killed.kill()
        assert before["done"] < ROWS
        running.append(Service(data_dir))
        # What had been told stays told.
        assert running[-1].job(path)["done"] >= before["done"]
        give_up = time.monotonic() + 60
        while any(_lives(each) for each in matchers):
            assert time.monotonic() < give_up
            time.sleep(0.05)
    check_report(running[-1], path)


def test_a_killed_process_that_matches_costs_no_row(running: list[Service]) -> None:
    service = running[-1]
    path = begin(service)
    for part in (0.1, 0.3, 0.5):
        until(service, path, int(part * ROWS))
        for matcher in service.matchers():
            os.kill(matcher, signal.SIGKILL)
    check_report(service, path)


def _lives(pid: int) -> bool:
    try:
        return b"matching_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
