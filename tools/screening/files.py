"""Writes files so that after a crash there is the old content or the new, never a half of either."""

import os
import uuid
from pathlib import Path

__all__ = ["move_into_place", "sync_folder", "write_whole"]


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` in the place of what is at `path`, at once and for good. Raises OSError."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def move_into_place(folder: Path, place: Path) -> bool:
    """Give a whole `folder` its name `place`. Returns False when there is one already. Raises OSError."""
    for file in folder.rglob("*"):
        _sync(file)
    _sync(folder)
    try:
        folder.rename(place)
    except OSError:
        if place.is_dir():
            return False
        raise
    sync_folder(place.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make sure that the names in `folder` outlive a crash. Raises OSError."""
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
