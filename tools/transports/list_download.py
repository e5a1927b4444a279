"""Fetches the consolidated file of all lists over the shared async client: to the disk, bounded, and only if it is new.

Source: `/downloadable_consolidated_screening_list/v1/consolidated.csv` at data.trade.gov. It has a strong ETag and
Last-Modified, and answers HEAD with 404.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import hdrs

from tools.errors import PoolClosed, ProviderTooLarge, ToolError
from tools.exchange import Response
from tools.http_client.redirects_and_bounds import MAX_REDIRECTS, body_limit
from tools.screening.fetched import Fetched, http_time, without_secrets
from tools.transports.translation import LIBRARY_ERRORS, translated, translating

__all__ = ["MAX_LIST_BYTES", "download_list"]

#: Six times as large as the larger of both formats was in 2026.
MAX_LIST_BYTES = 200 * 1024 * 1024
#: A disk takes so much at a time.
_CHUNK_BYTES = 1024 * 1024
_UPSTREAM = "csl"


async def download_list(
    client: aiohttp.ClientSession,
    url: str,
    path: Path,
    conditions: Mapping[str, str],
    *,
    within_s: float,
    max_bytes: int = MAX_LIST_BYTES,
) -> Fetched | None:
    """Write what is at `url` to `path`, which is not there yet. Returns None when the agency answers 304.

    `conditions` are the headers for that. A transfer that breaks off leaves what came, and `broke` says why; whoever
    cancels this finds the same, or nothing. Raises ToolErrors (ProviderTooLarge over `max_bytes`; by the status
    RateLimited, ProviderRejected and so on; ProviderTimeout after `within_s`; PoolClosed) and OSError; then `path` is
    not there.
    """
    try:
        async with asyncio.timeout(within_s):
            # Declared and received bytes can be compared only when nobody packs them on the way.
            headers = {hdrs.ACCEPT_ENCODING: "identity", **conditions}
            with translating(_UPSTREAM), body_limit(max_bytes):
                async with client.get(url, headers=headers, max_redirects=MAX_REDIRECTS + 1) as answer:
                    if answer.status == 304 and conditions:
                        return None
                    head = Response(answer.status, answer.headers, b"", _UPSTREAM)
                    head.require_ok()
                    return await _receive(client, answer, head, url, path, max_bytes)
    except TimeoutError as exc:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise translated(exc, _UPSTREAM) from exc
    except (ToolError, OSError):
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise


async def _receive(
    client: aiohttp.ClientSession,
    answer: aiohttp.ClientResponse,
    head: Response,
    url: str,
    path: Path,
    max_bytes: int,
) -> Fetched:
    digest, received, broke = hashlib.sha256(), 0, None
    waiting: list[bytes] = []
    held_bytes = 0
    try:
        async for chunk in answer.content.iter_any():
            received += len(chunk)
            if received > max_bytes:
                raise ProviderTooLarge(f"csl: the list is larger than the bound of {max_bytes} bytes")
            waiting.append(chunk)
            held_bytes += len(chunk)
            if held_bytes >= _CHUNK_BYTES:
                await asyncio.to_thread(_append, path, digest, waiting)
                waiting, held_bytes = [], 0
    except (*LIBRARY_ERRORS, ToolError) as exc:
        if isinstance(exc, (ProviderTooLarge, PoolClosed)) or not received:
            raise
        broke = str(exc if isinstance(exc, ToolError) else translated(exc, _UPSTREAM))
    if client.closed or client.connector is None or client.connector.closed:
        # What a closing pool has cut is not the agency's doing.
        raise PoolClosed("the pool was shut down while the list came")
    await asyncio.to_thread(_append, path, digest, waiting)
    headers = answer.headers
    declared = answer.content_length
    return Fetched(
        path=path,
        sha256=digest.hexdigest(),
        url=without_secrets(url),
        fetched=datetime.now(UTC),
        published=http_time(headers.get(hdrs.LAST_MODIFIED)),
        etag=_in_ascii(headers.get(hdrs.ETAG)),
        last_modified=_in_ascii(headers.get(hdrs.LAST_MODIFIED)),
        is_sample_data=head.is_sample_data,
        declared_bytes=None if hdrs.CONTENT_ENCODING in headers else declared,
        broke=broke,
    )


def _in_ascii(header: str | None) -> str | None:
    """Return what can be stored and sent back as it came; None: other bytes may stand for anything."""
    return header if header is not None and header.isascii() else None


def _append(path: Path, digest: "hashlib._Hash", chunks: list[bytes]) -> None:
    # Opened anew each time: a file that was left open is nobody's when the task is cancelled.
    content = b"".join(chunks)
    digest.update(content)
    with path.open("ab") as file:
        file.write(content)
