"""A sign of life on standard error while something takes its time."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from service.cli.output import is_for_people

__all__ = ["spinning"]

#: Seconds after which people begin to wonder.
PATIENCE_S = 1.0


@contextmanager
def spinning(what: str) -> Iterator[Callable[[str], None]]:
    """While the body runs, and once it takes over a second, a spinner beside `what`. Yields what changes the text.

    Only on a terminal.
    """
    told = [what]
    if not is_for_people(sys.stderr):
        yield told.append
        return
    done = threading.Event()
    spinner = threading.Thread(target=_spin, args=(told, done), name="spinner", daemon=True)
    spinner.start()
    try:
        yield told.append
    finally:
        done.set()
        spinner.join()


def _spin(told: list[str], done: threading.Event) -> None:
    """In a thread of its own from beginning to end, so that nothing is drawn any more once it has been joined."""
    if done.wait(PATIENCE_S):
        return
    console = Console(stderr=True, highlight=False)
    with console.status(Text(told[-1])) as status:
        while not done.wait(0.1):
            status.update(Text(told[-1]))
