"""On what a run was made, and of what."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

__all__ = ["described"]

_OURS = ("aiohttp", "uvloop", "orjson", "requests", "urllib3")


def described() -> str:
    """Processors and memory, kernel, versions and the day, in two sentences."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    cores = len(os.sched_getaffinity(0))
    gib = int(memory[1]) / 1024**2 if memory else 0
    versions = ", ".join(f"{name} {version(name)}" for name in _OURS)
    kernel = platform.release().split("-")[0]
    return (
        f"{cores} cores ({model[1] if model else platform.machine()}), {gib:.0f} GiB, Linux {kernel}, "
        f"{datetime.now(UTC):%Y-%m-%d}. Python {platform.python_version()}, {versions}."
    )
