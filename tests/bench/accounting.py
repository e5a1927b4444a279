"""What processes and the machine have used so far, from /proc."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["busy_ns", "cpu_ns", "resident_mib", "with_children"]

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
#: A process, or a thread, may end while it is looked at.
_GONE = (FileNotFoundError, ProcessLookupError)


def with_children(pid: int) -> list[int]:
    """A process and all that it started, and they did."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(*_GONE):
                waiting += map(int, children.read_text().split())
    return found


def cpu_ns(pids: Iterable[int]) -> int:
    """Time that all threads of these processes had a processor, by the scheduler's own count: finer than ticks."""
    total = 0
    for pid in pids:
        for schedule in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(*_GONE):
                total += int(schedule.read_text().split()[0])
    return total


def resident_mib(pids: Iterable[int]) -> float:
    """Resident memory of these processes, in MiB."""
    total_kib = 0
    for pid in pids:
        with suppress(*_GONE):
            resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            total_kib += int(resident[1]) if resident else 0
    return total_kib / 1024


def busy_ns() -> int:
    """Time that all processors of the machine were at work, for whomever."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * _TICK_NS
