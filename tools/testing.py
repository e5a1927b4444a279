"""Mocked answers for tests of code that uses our async client, or any other client of aiohttp.

    from tools.testing import aioresponses

    async def test_lines(client: aiohttp.ClientSession) -> None:
        with aioresponses() as mocked:
            mocked.get("https://agency.test/lines", payload=[1, 2])
            async with client.get("https://agency.test/lines") as response:
                assert await response.json() == [1, 2]

This is `aioresponses` of the library of that name, and it is used in the same way. It adds what aiohttp 3.14 asks for
and aioresponses 0.7.9 does not give: the writer of a request, and a parser that a body of more than 64 KiB can pause.
A release that gives them itself keeps its own.

A mocked request takes no slot of a pool. It knows no time-outs, no TLS and no bound of a body.
"""

import functools
import inspect
import threading
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch

from aiohttp import ClientResponse, ClientSession, StreamReader

try:
    from aioresponses import CallbackResult, core
except ImportError as exc:
    if exc.name != "aioresponses":
        raise  # it is there, and something that it needs is not
    raise ImportError(
        "tools.testing needs aioresponses: pip install 'compliance-gateway[testing]'", name="aioresponses"
    ) from exc

__all__ = ["CallbackResult", "aioresponses"]


class _NoParser:
    """The parser of a connection that has no wire: pausing it changes nothing, and nothing waits in it."""

    def pause_reading(self) -> None:
        """Do nothing: the whole body is there."""

    def resume_reading(self) -> None:
        """Do nothing, likewise."""

    def feed_data(self, _data: bytes) -> tuple[tuple[()], bool, bytes]:
        """Return no message, no upgrade and no rest."""
        return (), False, b""

    def feed_eof(self) -> None:
        """Return no unfinished message."""


class _Shim:
    """What aioresponses lacks, put into place for as long as at least one mock is active."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active = 0
        self._patches = ExitStack()

    def take(self) -> None:
        """Put it into place, unless another mock has."""
        with self._lock:
            if self._active == 0:
                if "stream_writer" in inspect.signature(ClientResponse).parameters:
                    self._patches.enter_context(patch.object(ClientResponse, "__init__", _with_a_writer()))
                if hasattr(core, "stream_reader_factory"):
                    self._patches.enter_context(patch.object(core, "stream_reader_factory", _with_a_parser()))
            self._active += 1

    def give_back(self) -> None:
        """Take it off, unless another mock still needs it."""
        with self._lock:
            self._active -= 1
            if self._active == 0:
                self._patches.close()


def _with_a_writer() -> Any:
    """`ClientResponse.__init__`, for callers that do not say what wrote the request."""
    original = ClientResponse.__init__

    @functools.wraps(original)
    def init(self: ClientResponse, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("stream_writer") is None:
            kwargs["stream_writer"] = SimpleNamespace(output_size=0)  # all that aiohttp reads of it
        original(self, *args, **kwargs)

    return init


def _with_a_parser() -> Any:
    """aioresponses' factory of bodies, on connections that can be paused."""
    original: Any = core.stream_reader_factory  # type: ignore[attr-defined]  # from a module without `__all__`

    @functools.wraps(original)
    def factory(*args: Any, **kwargs: Any) -> StreamReader:
        reader: StreamReader = original(*args, **kwargs)
        protocol: Any = reader._protocol  # noqa: SLF001 - it has no public name, and aioresponses sets it
        if protocol._parser is None:  # noqa: SLF001 - likewise
            protocol._parser = _NoParser()  # noqa: SLF001 - likewise
        return reader

    return factory


_shim = _Shim()


class aioresponses(core.aioresponses):  # noqa: N801 - the name that users know
    """Answer the requests of every `aiohttp.ClientSession`, our async client's too, while it is active.

    A context manager, a decorator, and a pair of `start()` and `stop()`, with the options of the library's own. One may
    be used inside another: the inner one answers, and passes through to the outer one.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._has_shim = False
        # In place of an automatic specification, which refuses to be made of another mock.
        self.patcher: Any = patch.object(ClientSession, "_request", self._as_method())

    def _as_method(self) -> Any:
        @functools.wraps(ClientSession._request)  # noqa: SLF001 - what aioresponses takes the place of
        async def request(session: ClientSession, *args: Any, **kwargs: Any) -> ClientResponse:
            return await self._request_mock(session, *args, **kwargs)

        return request

    def __enter__(self) -> Self:
        """Begin to answer, for as long as the block lasts."""
        self.start()
        return self

    def start(self) -> None:
        """Begin to answer."""
        super().start()
        _shim.take()
        self._has_shim = True

    def stop(self) -> None:
        """Stop answering, close the answers, and leave aiohttp and aioresponses as they were. Idempotent."""
        if self._has_shim:
            self._has_shim = False
            _shim.give_back()
        super().stop()
