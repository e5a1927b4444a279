"""Drives a plan over an `aiohttp.ClientSession`; aiohttp-retry makes the further attempts that the policies allow."""

import asyncio
import logging
import time
from typing import Any, TypeVar

import aiohttp
import orjson
from aiohttp_retry import RetryClient, RetryOptionsBase

from tools.cache import LARGE_BYTES, Kept
from tools.call import Call, current_call, resuming
from tools.errors import CircuitOpen, PoolClosed, RateLimited, ToolError
from tools.exchange import Asked, Part, Plan, Reading, Request, Response
from tools.http_client.redirects_and_bounds import MAX_REDIRECTS, body_limit
from tools.policy.shared_quota import SharedQuota
from tools.transports.asking import (
    STALE_WILL_DO,
    AnswerStore,
    Asking,
    leaving_time_to_tell,
    shared_store_left_s,
    value_of,
)
from tools.transports.attempts import MAY_PASS, Attempts
from tools.transports.provenance import BEING_FETCHED, Provenance, ServedFrom
from tools.transports.transcript import Transcript
from tools.transports.translation import LIBRARY_ERRORS, ConnectionBroke, translated

__all__ = ["drive_async"]

T = TypeVar("T")

_retry_log = logging.getLogger("aiohttp_retry")
#: More than any policy allows: the policy ends it, not the library.
_NO_BOUND = 1000


async def drive_async(
    client: aiohttp.ClientSession, plan: Plan[T], call: Call, asking: Asking, told: Provenance
) -> Reading[T]:
    """Run `plan` to its end, and note in `told` where its parts come from.

    Raises what the plan raises, and ToolErrors. The caller bounds it in time.
    """
    try:
        asked = next(plan)
        while True:
            values = await _values(client, asked, call, asking, told)
            try:
                asked = plan.send(values)
            except ToolError as exc:
                told.concluded = exc
                raise
    except StopIteration as done:
        reading: Reading[T] = done.value
        return reading
    finally:
        plan.close()


async def _values(client: aiohttp.ClientSession, asked: Asked, call: Call, asking: Asking, told: Provenance) -> object:
    """What a plan is sent for `asked`. Several parts are asked at once; the first that fails ends the others."""
    if isinstance(asked, Part):
        return value_of(await _answer(client, asked, call, asking, told), asking.upstream)
    told.expect(asked)
    with call.in_strands(len(asked)) as strands:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_beside(client, part, strand, asking, told))
                    for part, strand in zip(asked, strands, strict=True)
                ]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0]  # noqa: B904 - it has its own cause
    return tuple(value_of(task.result(), asking.upstream) for task in tasks)


async def _beside(
    client: aiohttp.ClientSession, part: Part[Any], strand: Call, asking: Asking, told: Provenance
) -> Kept[Any]:
    with resuming(strand):
        return await _answer(client, part, strand, asking, told)


async def _answer(
    client: aiohttp.ClientSession, part: Part[T], call: Call, asking: Asking, told: Provenance
) -> Kept[T]:
    """The answer to `part`: kept, or new."""
    if asking.store is None:
        kept = await _fetch(client, part, call, asking)
        told.note(part, kept, "live")
        return kept
    return await _kept_or_new(client, part, call, asking, told, asking.store)


async def _kept_or_new(
    client: aiohttp.ClientSession, part: Part[T], call: Call, asking: Asking, told: Provenance, store: AnswerStore
) -> Kept[T]:
    key = store.answers.key_of(asking.scope, part)

    # In quotes: annotations of an inner function are worked out each time that it is made.
    async def fetch(flying: Call) -> "tuple[Kept[T], ServedFrom]":
        shared = None if flying.wants_live else await _shared(store, key, part, flying)
        if shared is not None:
            return shared, "cache"
        kept = await _fetch(client, part, flying, asking)
        to_share = store.answers.keep(key, kept, part)
        if to_share is not None and store.answers.shared is not None:
            store.in_tasks.in_background(store.answers.shared.put_async(key, *to_share))
        return kept, "live"

    if call.wants_live:
        kept, how = await fetch(call)
        told.note(part, kept, how)
        return kept
    content = store.answers.content_of(key)
    held = await _read(store, content, part)
    asked = call
    if content is not None and held is not None:
        use = store.answers.use_of(held, part)
        if use == "fresh":
            told.note(part, held, "cache")
            store.answers.add(told.basis, key, content, held, part)
            return held
        if use == "revalidate":
            store.in_tasks.refresh(key, asking.deadline_s, fetch)
            told.note(part, held, "stale", BEING_FETCHED)
            return held
        if use == "on_error":
            asked = leaving_time_to_tell(call)
    try:
        if asked is call:
            kept, how = await store.in_tasks.join(key, call, fetch)
        else:
            async with asyncio.timeout(asked.remaining_s()):
                kept, how = await store.in_tasks.join(key, asked, fetch)
    except (*STALE_WILL_DO, TimeoutError) as exc:
        # Looked at again: the shared store may have had one, and what was good enough before may be so no more.
        held = await _read(store, store.answers.content_of(key), part)
        if held is None or store.answers.use_of(held, part) == "expired":
            if isinstance(exc, ToolError):
                raise
            raise asked.out_of_time(asking.upstream) from exc
        told.note(part, held, "stale", exc.code if isinstance(exc, ToolError) else "no new answer came in time")
        return held
    told.note(part, kept, how)
    return kept


async def _read(store: AnswerStore, content: bytes | None, part: Part[T]) -> Kept[T] | None:
    if content is None:
        return None
    if len(content) > LARGE_BYTES:
        return await asyncio.to_thread(store.answers.read, content, part)
    return store.answers.read(content, part)


async def _shared(store: AnswerStore, key: str, part: Part[T], call: Call) -> Kept[T] | None:
    """What another instance left in the shared store and is as good as new, within the time that may cost."""
    left_s = shared_store_left_s(call)
    if store.answers.shared is None or left_s <= 0:
        return None
    started = time.monotonic()
    content = await store.answers.shared.get_async(key, within_s=left_s)
    call.usage.shared_store_s += time.monotonic() - started
    if content is not None and len(content) > LARGE_BYTES:
        return await asyncio.to_thread(store.answers.take_in, key, content, part)
    return store.answers.take_in(key, content, part)


async def _fetch(client: aiohttp.ClientSession, part: Part[T], call: Call, asking: Asking) -> Kept[T]:
    transcript = Transcript(part)
    try:
        request = transcript.next_request()
        while request is not None:
            response = await _send(client, request, call, asking)
            if len(response.body) > LARGE_BYTES:
                # The event loop has others to serve while so much is read.
                request = await asyncio.to_thread(transcript.next_request, response)
            else:
                request = transcript.next_request(response)
    finally:
        transcript.close()
    return transcript.answer


async def _send(client: aiohttp.ClientSession, request: Request, call: Call, asking: Asking) -> Response:
    """One request, in as many attempts as it takes and may."""
    if client.closed:
        raise PoolClosed("the client is closed")
    attempts = Attempts(request, call, asking.policies, time.monotonic)
    attempt = _Attempt(client, attempts)
    await attempt.make_first()
    # Nearly all go well at once, and need no machinery.
    if not attempts.went_well:
        retrying = RetryClient(
            client_session=attempt,  # type: ignore[arg-type]  # it asks for no more, and closes nothing
            logger=_retry_log,
            retry_options=_AsThePolicySays(attempts),
        )
        try:
            await retrying.request(request.method, request.url)
        except (CircuitOpen, RateLimited) as exc:
            return attempts.handed_over(exc)
    if not isinstance(attempts.last, Response):
        raise TypeError("an attempt that did not fail left no answer")
    return attempts.last


class _Attempt:
    """What aiohttp-retry takes for a session: each of its requests is one attempt, admitted, sent, read and judged.

    The first is made before; aiohttp-retry is told of it when it asks for one.
    """

    __slots__ = ("_attempts", "_client", "_first")

    def __init__(self, client: aiohttp.ClientSession, attempts: Attempts) -> None:
        self._client, self._attempts = client, attempts
        self._first: aiohttp.ClientResponse | ToolError | None = None

    async def make_first(self) -> None:
        """Make the first attempt, and remember how it ended."""
        try:
            self._first = await self._make()
        except ToolError as exc:
            self._first = exc

    async def request(self, *_: Any, **__: Any) -> aiohttp.ClientResponse:
        """The answer, read to its end, its connection given back. Raises ToolError."""
        made, self._first = self._first, None
        if made is None:
            return await self._make()
        if isinstance(made, ToolError):
            raise made
        return made

    async def _make(self) -> aiohttp.ClientResponse:
        attempts = self._attempts
        request = attempts.request
        await _wait_for_turn(attempts)
        attempts.sent(time.monotonic())
        try:
            if request.max_bytes is None:
                answer, content = await self._send(request)
            else:
                with body_limit(request.max_bytes):
                    answer, content = await self._send(request)
        except ToolError as exc:
            exc.upstream = exc.upstream or request.upstream
            attempts.broke(exc, time.monotonic())
            raise
        except LIBRARY_ERRORS as exc:
            error = translated(exc, request.upstream)
            attempts.broke(error, time.monotonic())
            raise error from exc
        except BaseException:
            attempts.cut_short(time.monotonic())
            raise
        response = Response(answer.status, answer.headers, content, request.upstream)
        if answer.history:
            response.redirected_to = answer.url.host
        attempts.answered(response, time.monotonic())
        return answer

    async def _send(self, request: Request) -> tuple[aiohttp.ClientResponse, bytes]:
        headers, body = request.headers, None
        if request.json is not None:
            headers, body = {**headers, "Content-Type": "application/json"}, orjson.dumps(request.json)
        async with self._client.request(
            request.method,
            request.url,
            params=request.params,
            headers=headers,
            data=body,
            max_redirects=MAX_REDIRECTS + 1,  # aiohttp counts the request that gives up, too
            middlewares=_LEAVING_RESENDING_TO_THE_POLICY,
        ) as answer:
            return answer, await answer.read()


async def _wait_for_turn(attempts: Attempts) -> None:
    wait_s, shared = attempts.admit(time.monotonic()), attempts.shared_quota
    if not wait_s and shared is None:
        return
    try:
        while wait_s:
            await asyncio.sleep(wait_s)
            wait_s = attempts.still_to_wait_s(time.monotonic())
        if shared is not None:
            await _wait_for_shared_turn(attempts, shared)
    except BaseException:
        attempts.leave_queue()
        raise


async def _wait_for_shared_turn(attempts: Attempts, shared: SharedQuota) -> None:
    try:
        wait_s, is_granted = await shared.take_turn(attempts.may_wait_s(time.monotonic()))
    except RateLimited as exc:
        attempts.last = exc
        raise
    if not is_granted:
        raise attempts.refused(wait_s)
    if wait_s > 0:
        await asyncio.sleep(wait_s)
        attempts.check_again()


class _AsThePolicySays(RetryOptionsBase):
    """Asks our policy in every place in which aiohttp-retry would decide."""

    def __init__(self, attempts: Attempts) -> None:
        super().__init__(
            attempts=_NO_BOUND,
            exceptions=set(MAY_PASS),
            retry_all_server_errors=False,
            evaluate_response_callback=self._is_handed_over,
        )
        self._attempts = attempts
        self._wait_s = 0.0

    async def _is_handed_over(self, _: aiohttp.ClientResponse) -> bool:
        wait_s = self._attempts.wait_s(time.monotonic())
        self._wait_s = wait_s or 0.0
        return wait_s is None

    def get_timeout(self, attempt: int, response: aiohttp.ClientResponse | None = None) -> float:  # noqa: ARG002 - theirs
        """Seconds to wait. Raises the attempt's error when there is to be no other attempt."""
        if response is not None:
            return self._wait_s
        wait_s = self._attempts.wait_s(time.monotonic())
        if wait_s is None and isinstance(self._attempts.last, ToolError):
            raise self._attempts.last
        return wait_s or 0.0


async def _leave_resending_to_the_policy(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp sends an idempotent request again by itself when a connection breaks, but not after this error."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nor after this one
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        call = current_call()
        raise ConnectionBroke(exc, was_reused=call is not None and call.reused_connection) from exc


_LEAVING_RESENDING_TO_THE_POLICY = (_leave_resending_to_the_policy,)
