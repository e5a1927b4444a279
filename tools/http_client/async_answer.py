"""An answer on an async connection: its body bounded, and whole only when its packing is."""

import asyncio
import codecs
import json
from typing import Any

import aiohttp
from aiohttp import ClientPayloadError, ClientResponse, StreamReader, hdrs
from aiohttp.connector import Connection
from aiohttp.streams import EMPTY_PAYLOAD
from yarl import URL

from tools.errors import PoolClosed, ProviderTooLarge
from tools.http_client.content_coding import PIECE_BYTES, Unpacker, UnreadableBody, unpacker_of
from tools.http_client.redirects_and_bounds import current_body_limit

__all__ = ["AsyncBodyTooLarge", "AsyncPoolClosed", "bounded_response"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class AsyncPoolClosed(PoolClosed, aiohttp.ClientError):
    """PoolClosed that code written for aiohttp recognizes too."""

    code = PoolClosed.code


class AsyncBodyTooLarge(ProviderTooLarge, ClientPayloadError):
    """ProviderTooLarge that code written for aiohttp recognizes too."""

    code = ProviderTooLarge.code


def _check_port(location: str) -> None:
    """Raise InvalidUrlRedirectClientError on a port that is none: aiohttp meets it too late for an error of its own."""
    try:
        url = URL(location, encoded=True)
    except ValueError:
        return  # of this it makes one
    try:
        _ = url.explicit_port
    except ValueError as exc:
        said = "Server attempted redirecting to a location that does not look like a URL"
        raise aiohttp.InvalidUrlRedirectClientError(location, said) from exc


def bounded_response(default_limit: int, pool: aiohttp.BaseConnector) -> type[ClientResponse]:
    """Return a response class whose `read()` (and so `text()` and `json()`) stops at the bound in force, and takes
    neither what a closing pool has cut nor what ends before its packing does for the whole.

    Code that streams `response.content` itself bounds itself.
    """

    class BoundedResponse(ClientResponse):
        _limit = default_limit
        _is_within = False  # as declared, and nothing can make more of it

        async def start(self, connection: Connection) -> ClientResponse:
            protocol = connection.protocol
            await super().start(connection)
            if self.status in _REDIRECTS and (location := self.headers.get(hdrs.LOCATION)) is not None:
                _check_port(location)
            packings = self.headers.getall(hdrs.CONTENT_ENCODING, ())
            if packings and self.content is not EMPTY_PAYLOAD and getattr(protocol, "unpacks", False):
                unpacker = unpacker_of(packings)
                self.content = self.content if unpacker is None else _UnpackedBody(self.content, unpacker, self._loop)
            self._limit = limit = current_body_limit(default_limit)
            declared = self.content_length
            if declared is not None:
                if declared > limit and self.method != hdrs.METH_HEAD:
                    raise AsyncBodyTooLarge(f"the answer declares {declared} bytes, the bound is {limit}")
                headers = self.headers
                self._is_within = hdrs.CONTENT_ENCODING not in headers and hdrs.TRANSFER_ENCODING not in headers
            return self

        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await self._read_all()
                    for trace in self._traces:
                        await trace.send_response_chunk_received(self.method, self.url, self._body)
                except BaseException:
                    self.close()
                    raise
                if self.connection is None:  # given back with the last byte: there is nothing else to wait for
                    return self._body
            return await super().read()

        async def json(self, *, content_type: str | None = None, **options: Any) -> Any:
            """Return the decoded body; its type counts only when it is named, as it never does in requests.

            Raises JSONDecodeError, of an empty body too.
            """
            if not (await self.read()).strip():
                raise json.JSONDecodeError("the body is empty", "", 0)
            try:
                return await super().json(content_type=content_type, **options)
            except (json.JSONDecodeError, UnicodeDecodeError):
                raise
            except (ValueError, RecursionError) as exc:  # a number without end, or lists in lists
                raise json.JSONDecodeError(str(exc), "", 0) from exc

        def get_encoding(self) -> str:
            """Return how the text is written: as the body's own mark says, or else the headers."""
            is_marked = self._body is not None and self._body.startswith(codecs.BOM_UTF8)
            return "utf-8-sig" if is_marked else super().get_encoding()

        async def _read_all(self) -> bytes:
            content = self.content
            if not self._is_within:
                body = await self._read_bounded()
            elif content.is_eof():  # it is whole, whatever has become of the pool
                return content.read_nowait()
            else:
                body = await content.read()
            if pool.closed:
                raise AsyncPoolClosed("the pool was shut down while the answer came")
            return body

        async def _read_bounded(self) -> bytes:
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.content.iter_any():
                size += len(chunk)
                if size > self._limit:
                    raise AsyncBodyTooLarge(f"the answer is larger than the bound of {self._limit} bytes")
                chunks.append(chunk)
            return b"".join(chunks)

    return BoundedResponse


class _NoFlow:
    """A connection that is neither paused nor resumed: the packed body sees to that."""

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Do nothing, likewise."""


class _UnpackedBody(StreamReader):
    """A body as it was before it was packed: where its reader would wait for more, more of `packed` is unpacked."""

    def __init__(self, packed: StreamReader, unpacker: Unpacker, loop: asyncio.AbstractEventLoop) -> None:
        no_flow: Any = _NoFlow()
        super().__init__(no_flow, PIECE_BYTES, loop=loop)
        self._packed = packed
        self._unpacker = unpacker

    async def _wait(self, _: str) -> None:
        try:
            piece = b"" if self._unpacker.has_unconsumed_tail else await self._packed.readany()
            self.total_compressed_bytes = self._packed.total_bytes
            if piece or self._unpacker.has_unconsumed_tail:
                self.feed_data(self._unpacker.decompress(piece, PIECE_BYTES))
            else:
                self._unpacker.flush()
                self.feed_eof()
        except UnreadableBody as exc:
            error = ClientPayloadError(str(exc))
            self.set_exception(error, exc)
            raise error from exc

    def set_exception(self, exc: Any, *cause: Any) -> None:
        """End it with an error, for whichever of both is read."""
        super().set_exception(exc, *cause)
        if not self._packed.is_eof():
            self._packed.set_exception(exc, *cause)
