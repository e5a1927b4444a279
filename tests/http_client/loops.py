"""The async pool on both kinds of event loop: a test that is written once runs on asyncio and on uvloop."""

import asyncio
import functools
import inspect
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from tests.http_client.callers import AsyncCaller
from tests.http_client.peer import Answer, Peer, ok
from tools.http_client import HTTPClientManager, PoolLimits, PoolTimeouts

__all__ = ["calling", "on_both_loops"]

#: A story that takes longer hangs.
_STORY_S = 60.0


def on_both_loops(story: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of the coroutine function `story`, once for each loop, which must not report anything.

    Its other parameters are fixtures (none that is async) and parameters of the test.
    """

    @functools.wraps(story)
    def run(kind_of_loop: str, **fixtures: Any) -> None:
        reported: list[dict[str, Any]] = []
        factory = uvloop.new_event_loop if kind_of_loop == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.get_loop().set_exception_handler(lambda _, context: reported.append(context))
            runner.run(asyncio.wait_for(story(**fixtures), _STORY_S))
        assert reported == [], reported

    kind = inspect.Parameter("kind_of_loop", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = inspect.Signature([kind, *inspect.signature(story).parameters.values()])  # type: ignore[attr-defined]  # pytest reads it
    marked: Callable[..., None] = pytest.mark.parametrize("kind_of_loop", ["asyncio", "uvloop"])(run)
    return marked


@asynccontextmanager
async def calling(
    reply: Answer = ok, tls: ssl.SSLContext | None = None, **numbers: Any
) -> AsyncIterator[tuple[AsyncCaller, Peer]]:
    """A pool of the numbers given, and a peer that answers."""
    times = {name: value for name, value in numbers.items() if name in PoolTimeouts.__slots__}
    limits = PoolLimits(**{name: value for name, value in numbers.items() if name not in times})
    manager = HTTPClientManager(limits=limits, timeouts=PoolTimeouts(**times))
    async with Peer(reply).serving(tls) as peer:
        try:
            yield AsyncCaller(manager), peer
        finally:
            await manager.aclose(0)
