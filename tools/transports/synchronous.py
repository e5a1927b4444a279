"""Drives a plan over a `requests.Session`; urllib3's Retry makes the attempts that the policies allow."""

import time
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson
import requests
import urllib3

from tools.cache import Kept
from tools.call import Call, resuming
from tools.errors import CircuitOpen, DeadlineExceeded, RateLimited, ToolError
from tools.exchange import Asked, Part, Plan, Reading, Request, Response
from tools.http_client.redirects_and_bounds import body_limit
from tools.transports.asking import (
    STALE_WILL_DO,
    AnswerStore,
    Asking,
    leaving_time_to_tell,
    shared_store_left_s,
    value_of,
)
from tools.transports.attempts import Attempts
from tools.transports.provenance import BEING_FETCHED, Provenance, ServedFrom
from tools.transports.transcript import Transcript
from tools.transports.translation import LIBRARY_ERRORS, translated

__all__ = ["drive_sync"]

T = TypeVar("T")


def drive_sync(client: requests.Session, plan: Plan[T], call: Call, asking: Asking, told: Provenance) -> Reading[T]:
    """Run `plan` to its end, and note in `told` where its parts come from.

    Raises what the plan raises, and ToolErrors; DeadlineExceeded between two requests.
    """
    try:
        asked = next(plan)
        while True:
            values = _values(client, asked, call, asking, told)
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


def _values(client: requests.Session, asked: Asked, call: Call, asking: Asking, told: Provenance) -> object:
    """What a plan is sent for `asked`. Several parts are asked one after the other: a thread waits for one thing."""
    if isinstance(asked, Part):
        return value_of(_answer(client, asked, call, asking, told), asking.upstream)
    return tuple(value_of(_answer(client, part, call, asking, told), asking.upstream) for part in asked)


def _answer(client: requests.Session, part: Part[T], call: Call, asking: Asking, told: Provenance) -> Kept[T]:
    """The answer to `part`: kept, or new."""
    if asking.store is None:
        kept = _fetch(client, part, call, asking)
        told.note(part, kept, "live")
        return kept
    return _kept_or_new(client, part, call, asking, told, asking.store)


def _kept_or_new(
    client: requests.Session, part: Part[T], call: Call, asking: Asking, told: Provenance, store: AnswerStore
) -> Kept[T]:
    key = store.answers.key_of(asking.scope, part)

    # In quotes: annotations of an inner function are worked out each time that it is made.
    def fetch(flying: Call) -> "tuple[Kept[T], ServedFrom]":
        if not flying.wants_live:
            # Another thread may have been told since we looked.
            found = store.answers.find(key, part)
            if found is None or store.answers.use_of(found, part) != "fresh":
                found = _shared(store, key, part, flying)
            if found is not None:
                return found, "cache"
        kept = _fetch(client, part, flying, asking)
        to_share = store.answers.keep(key, kept, part)
        if to_share is not None and store.answers.shared is not None:
            store.in_threads.in_background(partial(store.answers.shared.put, key, *to_share))
        return kept, "live"

    if call.wants_live:
        kept, how = fetch(call)
        told.note(part, kept, how)
        return kept
    held = store.answers.find(key, part)
    use = store.answers.use_of(held, part)
    if held is not None and use == "fresh":
        told.note(part, held, "cache")
        return held
    if held is not None and use == "revalidate":
        store.in_threads.refresh(key, asking.deadline_s, fetch)
        told.note(part, held, "stale", BEING_FETCHED)
        return held
    asked = leaving_time_to_tell(call) if held is not None and use == "on_error" else call
    try:
        with resuming(asked):
            kept, how = store.in_threads.join(key, asked, fetch)
    except STALE_WILL_DO as exc:
        # Looked at again: the shared store may have had one, and what was good enough before may be so no more.
        held = store.answers.find(key, part)
        if held is None or store.answers.use_of(held, part) == "expired":
            raise
        told.note(part, held, "stale", exc.code)
        return held
    told.note(part, kept, how)
    return kept


def _shared(store: AnswerStore, key: str, part: Part[T], call: Call) -> Kept[T] | None:
    """What another instance left in the shared store and is as good as new, within the time that may cost."""
    left_s = shared_store_left_s(call)
    if store.answers.shared is None or left_s <= 0:
        return None
    started = time.monotonic()
    content = store.answers.shared.get(key, within_s=left_s)
    call.usage.shared_store_s += time.monotonic() - started
    return store.answers.take_in(key, content, part)


def _fetch(client: requests.Session, part: Part[T], call: Call, asking: Asking) -> Kept[T]:
    transcript = Transcript(part)
    try:
        request = transcript.next_request()
        while request is not None:
            if call.is_over():
                raise DeadlineExceeded("the call's time ran out between two requests")
            request = transcript.next_request(_send(client, request, call, asking))
    finally:
        transcript.close()
    return transcript.answer


def _send(client: requests.Session, request: Request, call: Call, asking: Asking) -> Response:
    """One request, in as many attempts as it takes and may."""
    attempts = Attempts(request, call, asking.policies, time.monotonic, "sync")
    retry: _AsThePolicySays | None = None
    while True:
        failure: ToolError | None = None
        try:
            _attempt(client, attempts, call)
        except ToolError as exc:
            failure = exc
        if attempts.went_well:
            break
        try:
            retry = (retry or _AsThePolicySays(attempts)).increment(request.method, request.url, error=failure)
        except urllib3.exceptions.MaxRetryError:
            break
        retry.sleep()
    if isinstance(attempts.last, Response) and failure is None:
        return attempts.last
    if isinstance(failure, CircuitOpen | RateLimited):
        return attempts.handed_over(failure)
    raise failure or TypeError("an attempt that did not fail left no answer")


def _attempt(client: requests.Session, attempts: Attempts, call: Call) -> None:
    """One attempt, admitted, sent, read and judged. Raises ToolError."""
    wait_s = attempts.admit(time.monotonic())
    try:
        while wait_s:
            time.sleep(wait_s)
            wait_s = attempts.still_to_wait_s(time.monotonic())
    except BaseException:  # Ctrl-C in a script, too
        attempts.leave_queue()
        raise
    request = attempts.request
    attempts.sent(time.monotonic())
    try:
        if request.max_bytes is None:
            response = _send_once(client, request, call)
        else:
            with body_limit(request.max_bytes):
                response = _send_once(client, request, call)
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
    attempts.answered(response, time.monotonic())


def _send_once(client: requests.Session, request: Request, call: Call) -> Response:
    headers, body = dict(request.headers), None
    if request.json is not None:
        headers["Content-Type"], body = "application/json", orjson.dumps(request.json)
    answer = client.request(request.method, request.url, params=request.params, headers=headers, data=body)
    if call.is_over():
        # The pool ends a connection at the deadline; to a reader that may look like the end of the answer.
        raise call.out_of_time(request.upstream)
    response = Response(answer.status_code, answer.headers, answer.content, request.upstream)
    if answer.history:
        response.redirected_to = urlsplit(answer.url).hostname
    return response


class _AsThePolicySays(urllib3.Retry):
    """Asks our policy in every place in which urllib3 would decide."""

    def __init__(self, attempts: Attempts | None = None, **counts: Any) -> None:
        super().__init__(**{"total": None, **counts})
        self.attempts = attempts
        self.wait_s = 0.0

    def new(self, **counts: Any) -> "_AsThePolicySays":
        """A copy with other counts, as urllib3 makes one for each attempt."""
        copied = super().new(**counts)
        copied.attempts = self.attempts
        return copied

    def increment(self, method: str | None = None, url: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """The state after one more attempt. Raises MaxRetryError when there is to be no other one."""
        wait_s = self.attempts.wait_s(time.monotonic()) if self.attempts is not None else None
        if wait_s is None:
            raise urllib3.exceptions.MaxRetryError(None, url or "")  # type: ignore[arg-type]  # there is no host pool
        following = super().increment(method, url, *args, **kwargs)
        following.wait_s = wait_s
        return following

    def sleep(self, response: Any = None) -> None:  # noqa: ARG002 - theirs
        """Wait for as long as the policy said."""
        time.sleep(self.wait_s)
