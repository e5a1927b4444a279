"""Starts a variant in a process of its own, and ends it when it does not end by itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.torture.figures import Figures, Variant

__all__ = ["run_variant"]

_ROOT = Path(__file__).parents[2]
#: A request that hangs is found within its guard; this is for a process that does nothing any more.
_START_S, _PER_REQUEST_S = 180.0, 0.05
_STACKS_S = 2.0
#: Has the C library give large blocks back at once, and small ones come from one place: 32 threads would each have an
#: arena, and hide by their sizes whether anything grows.
_STEADY_MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}


def run_variant(variant: Variant) -> Figures:
    """Run `variant` in a process of its own. One that stands still has hung; its stacks go to standard error."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.torture.run", variant.mode, variant.over]
        + [str(number) for number in (variant.requests, variant.seed, variant.limit)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env=os.environ | _STEADY_MEMORY,
    )
    within_s = _START_S + _PER_REQUEST_S * variant.requests
    try:
        output, _ = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGUSR1)
        try:
            output, _ = process.communicate(timeout=_STACKS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            line = f"the process stood still after {within_s:.0f} s"
            return Figures(variant, took_s=within_s, counts={"hung": 1}, hung=[line])
    lines = output.splitlines()
    if not lines:
        line = f"the process ended with {process.returncode}"
        return Figures(variant, counts={"strange": 1}, strange=[line])
    return Figures.from_json(lines[-1])
