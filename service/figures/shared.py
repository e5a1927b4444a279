"""The directory in which several processes keep their figures, so that whichever is asked can add them up.

prometheus-client keeps every value in files there when PROMETHEUS_MULTIPROC_DIR is set: counters of all that ever were,
gauges of those that live. The directory has to be empty before the first process starts.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from service.config import ConfigError

__all__ = ["figures_of_all", "forget_gauges", "shared_directory"]

_NAME = "PROMETHEUS_MULTIPROC_DIR"


def shared_directory() -> str | None:
    """The directory; None: this process is alone. Raises ConfigError."""
    directory = os.environ.get(_NAME)
    if directory is not None and not (Path(directory).is_dir() and directory and os.access(directory, os.W_OK)):
        raise ConfigError(f"{_NAME} is {directory!r}, allowed: an existing directory that can be written to")
    return directory


def figures_of_all(directory: str) -> CollectorRegistry:
    """What all processes have told; the gauges of those that ended without a word are gone. Reads files."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in Path(directory).glob("gauge_live*_*.db")}:
        if not _lives(pid):
            forget_gauges(directory, pid)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]  # it has no types
    return registry


def forget_gauges(directory: str, pid: int) -> None:
    """That process has ended, or is about to. What it counted stays."""
    mark_process_dead(pid, directory)  # type: ignore[no-untyped-call]  # likewise


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and is somebody else's
    return True
