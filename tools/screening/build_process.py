"""Runs the process that builds a version of the list, and ends it when nobody waits for it any more."""

import asyncio
import contextlib
import os
from collections.abc import Sequence

from tools.screening.build import UNTIL_INPUT_ENDS, Built, environment

__all__ = ["BuildFailed", "run_build"]

#: Some seconds of work. On a machine that is busy with requests, which go first, they take minutes.
_WITHIN_S = 900.0
#: What a broken process has said is shown to people up to this.
_WORDS = 300


class BuildFailed(Exception):
    """The process that builds ended without a result; the message says how."""


async def run_build(line: Sequence[str]) -> Built:
    """What the command `line` (`build.command`) comes to. Raises BuildFailed, ValueError, OSError.

    Who cancels this ends the process. Nobody writes to its input, which ends with the process that waits for it,
    however that ends, and takes the one that builds along.
    """
    lifeline, ours = os.pipe()
    pipe = asyncio.subprocess.PIPE
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *line, UNTIL_INPUT_ENDS, stdin=lifeline, stdout=pipe, stderr=pipe, env=environment()
            )
        finally:
            os.close(lifeline)
        said, complained = await _ended(process)
    finally:
        os.close(ours)
    if process.returncode != 0:
        last = complained.decode(errors="replace").strip().rpartition("\n")[2]
        raise BuildFailed(f"the process ended with {process.returncode}: {last[:_WORDS]}")
    return Built.read(said)


async def _ended(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await process.communicate()
    except TimeoutError as exc:
        raise BuildFailed(f"it took longer than {_WITHIN_S:g} s") from exc
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
