"""Where the workers keep their figures, so that whichever is asked can add them up."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from service.config import ConfigError

__all__ = ["shared_figures"]

_NAME = "PROMETHEUS_MULTIPROC_DIR"
_IN_MEMORY = "/dev/shm"  # noqa: S108 - names in it are made by tempfile


@contextmanager
def shared_figures() -> Iterator[None]:
    """While the body runs there is a directory for them: the one that the environment names, or a private one.

    prometheus-client reads the name once, when it is imported: the body is the first to do that. Raises ConfigError.
    """
    if _NAME in os.environ:
        yield
        return
    try:
        directory = tempfile.mkdtemp(prefix="compliance-gateway-", dir=_place())
    except OSError as exc:
        raise ConfigError(f"{_NAME} is not set, and no temporary directory can be made: {exc.strerror}") from exc
    os.environ[_NAME] = directory
    try:
        yield
    finally:
        del os.environ[_NAME]
        shutil.rmtree(directory, ignore_errors=True)


def _place() -> str | None:
    """A container may have no other place to write to. None: where temporary files go."""
    return _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
