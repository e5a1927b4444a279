"""What a terminal gets, and what everything else does not: colours, and a spinner once something takes its time."""

import asyncio
import os
import pty
from typing import Any

import pytest

from tests.cli.runs import COMMAND, environment

SLOW = ("hts", "8507.60.00.20", "--sandbox", "--fault", "hts=latency:400ms")
QUICK = ("hts", "8507.60.00.20", "--sandbox")
HIDES_CURSOR = b"\x1b[?25l"


async def on_terminal(*words: str, **settings: Any) -> tuple[int, bytes, bytes]:
    """Exit code, and what came on the terminals that standard output and standard error are."""
    terminals = [pty.openpty() for _ in range(2)]
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *words, env=environment(TERM="xterm") | settings, stdout=terminals[0][1], stderr=terminals[1][1]
    )
    for _, theirs in terminals:
        os.close(theirs)
    readers = [asyncio.to_thread(_read_to_end, ours) for ours, _ in terminals]
    async with asyncio.timeout(60):
        out, err = await asyncio.gather(*readers)
        code = await process.wait()
    return code, out, err


def _read_to_end(terminal: int) -> bytes:
    said = b""
    try:
        while chunk := os.read(terminal, 65536):
            said += chunk
    except OSError:  # how a terminal says on Linux that nobody is at its other end
        pass
    finally:
        os.close(terminal)
    return said


async def test_a_terminal_gets_colours_and_a_spinner_once_it_takes_over_a_second() -> None:
    code, out, err = await on_terminal(*SLOW)
    assert code == 0
    assert b"\x1b[1;35mSAMPLE DATA" in out
    assert HIDES_CURSOR in err
    assert b"asking USITC HTS" in err
    # Nothing of it is left: the line is wiped, the cursor is there again.
    assert err.rindex(b"\x1b[2K") > err.rindex(b"asking USITC HTS")
    assert err.rindex(b"\x1b[?25h") > err.rindex(HIDES_CURSOR)


async def test_a_quick_answer_has_no_spinner() -> None:
    code, out, err = await on_terminal(*QUICK)
    assert (code, err) == (0, b"")
    assert b"\x1b[" in out


@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
async def test_without_colours_no_control_character_comes_at_all(settings: dict[str, str]) -> None:
    code, out, err = await on_terminal(*SLOW, **settings)
    assert (code, err) == (0, b"")
    assert b"\x1b" not in out
    assert b"SAMPLE DATA" in out


async def test_an_error_block_stands_alone_after_the_spinner() -> None:
    words = ("sanctions", "Acme", "--sandbox", "--fault", "csl=hang", "--timeout", "1.5")
    code, out, err = await on_terminal(*words)
    assert (code, out) == (3, b"")
    assert b"\x1b[1;31mcompliance-gateway: The agency did not answer in time" in err[err.rindex(b"\x1b[2K") :]
