"""A file that one process at a time has locked, for as long as it lives: who of several does a piece of work."""

import asyncio
import fcntl
from pathlib import Path
from typing import BinaryIO

__all__ = ["LockFile"]


class LockFile:
    """The lock at `path`. Belongs to one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process has it."""
        return self._file is not None

    async def take(self) -> bool:
        """Take it unless another process has it; whether it is held now. Raises OSError."""
        if self._file is None:
            taking = asyncio.ensure_future(asyncio.to_thread(_try_lock, self._path))
            try:
                self._file = await asyncio.shield(taking)
            except asyncio.CancelledError:
                taking.add_done_callback(_let_go)
                raise
        return self.is_held

    def remove(self) -> None:
        """Take the file away, by whoever holds it and needs it no more."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another process have it."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _try_lock(path: Path) -> BinaryIO | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _let_go(taking: "asyncio.Future[BinaryIO | None]") -> None:
    if not taking.cancelled() and taking.exception() is None and (file := taking.result()) is not None:
        file.close()
