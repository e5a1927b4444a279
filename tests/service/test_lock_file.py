"""One process at a time has the lock."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from service import lock_file
from service.lock_file import LockFile
from tools.screening.build import environment

_HOLDS = """
import asyncio, sys
from pathlib import Path
from service.lock_file import LockFile
lock = LockFile(Path(sys.argv[1]))
print(asyncio.run(lock.take()), flush=True)
sys.stdin.read()
"""


async def test_of_two_the_second_gets_it_when_the_first_lets_go(tmp_path: Path) -> None:
    first, second = LockFile(tmp_path / "folder/a.lock"), LockFile(tmp_path / "folder/a.lock")
    assert await first.take()
    assert await first.take()
    assert not await second.take()
    first.release()
    assert await second.take()
    second.release()


def test_it_ends_with_the_process_that_has_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        lock = LockFile(path)
        assert not asyncio.run(lock.take())
        process.kill()
    assert asyncio.run(lock.take())
    lock.release()


async def test_who_is_cancelled_while_taking_it_does_not_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    whole = lock_file._try_lock

    def slow(path: Path) -> object:
        loop.call_soon_threadsafe(begun.set)
        return whole(path)

    monkeypatch.setattr(lock_file, "_try_lock", slow)
    first, second = LockFile(tmp_path / "a.lock"), LockFile(tmp_path / "a.lock")
    taking = asyncio.create_task(first.take())
    await begun.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    async with asyncio.timeout(10):
        while not await second.take():
            await asyncio.sleep(0)
    second.release()
