"""Where the command line writes: answers to standard output, everything else to standard error."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

from rich.console import RenderableType

from service.cli.tables.layout import as_text, printable

__all__ = ["CannotWrite", "complain", "is_for_people", "show", "show_error", "write", "write_aside"]

_WIDTH_ELSEWHERE = 100
_LEAST_WIDTH = 40


class CannotWrite(Exception):
    """The answer could not be handed over. The message is one line."""


def is_for_people(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether colours and moving signs are welcome: on a terminal that takes them, unless NO_COLOR says no."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") not in ("dumb", "unknown")


def show(page: Iterable[RenderableType]) -> None:
    """Lay `page` out for standard output. Raises CannotWrite."""
    stdout = _stdout()
    text = as_text(page, width=_width(), colours=is_for_people(stdout))
    write(text.encode(stdout.encoding, "backslashreplace"))


def show_error(page: Iterable[RenderableType]) -> None:
    """Lay `page` out for standard error."""
    sys.stderr.write(as_text(page, width=_width(), colours=is_for_people(sys.stderr)))


def complain(said: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"compliance-gateway: {printable(said)}\n")


def write_aside(text: str) -> None:
    """What goes with an answer, on standard error."""
    sys.stderr.write(text)


def write(content: bytes) -> None:
    """Write `content` as it is, all of it. Raises CannotWrite, but not because whoever reads has read enough."""
    stdout = _stdout()
    try:
        stdout.flush()
        stdout.buffer.write(content)
        stdout.buffer.flush()
    except BrokenPipeError:
        _forget(stdout)
    except OSError as exc:
        _forget(stdout)
        raise CannotWrite(f"cannot write the answer: {exc.strerror or exc}") from exc


def _stdout() -> TextIO:
    stdout: TextIO | None = sys.stdout
    if stdout is None:
        raise CannotWrite("cannot write the answer: standard output is closed")
    return stdout


def _forget(stdout: TextIO) -> None:
    """What is left in the buffer would be tried again, and fail again, when the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stdout.fileno())
    os.close(nowhere)


def _width() -> int:
    return max(_LEAST_WIDTH, shutil.get_terminal_size((_WIDTH_ELSEWHERE, 24)).columns)
