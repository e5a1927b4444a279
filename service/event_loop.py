"""Which event loop the service runs on: uvloop where there is one, else asyncio's own."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

__all__ = ["name_of_loop", "run"]


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main)


def name_of_loop() -> str:
    """The library of the loop that runs now: `uvloop`, `asyncio`, or another that an embedder chose."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        # There is none for Windows and for PyPy.
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop
