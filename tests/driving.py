"""Drives a plan by hand: answers are fed in turn, requests are collected. No I/O, and nothing is kept."""

from collections.abc import Callable
from typing import Any, TypeVar

import orjson

from tools.exchange import Exchange, Part, Plan, Reading, Request, Response

__all__ = ["answer", "drive", "drive_by", "first_part"]

T = TypeVar("T")


def answer(body: object, upstream: str = "test", status: int = 200) -> Response:
    """A response with `body`: bytes as they are, anything else as JSON."""
    if isinstance(body, Response):
        return body
    return Response(status, {}, body if isinstance(body, bytes) else orjson.dumps(body), upstream)


def first_part(plan: Plan[Any]) -> Part[Any]:
    """The one part that `plan` asks first."""
    asked = next(plan)
    assert isinstance(asked, Part)
    return asked


def drive(running: Plan[T], *answers: object) -> tuple[Reading[T], list[Request]]:
    """Feed the answers in turn. What the plan found, and the requests that its parts made."""
    waiting = list(answers)

    def next_answer(request: Request) -> object:
        assert waiting, f"one request more: {request}"
        return waiting.pop(0)

    found = drive_by(running, next_answer)
    assert not waiting, "an answer was left over"
    return found


def drive_by(running: Plan[T], reply: Callable[[Request], object]) -> tuple[Reading[T], list[Request]]:
    """Answer each request as `reply` says."""
    asked: list[Request] = []
    try:
        part = next(running)
        while True:
            if isinstance(part, Part):
                part = running.send(_driven(part.exchange(), reply, asked))
            else:
                part = running.send(tuple(_driven(each.exchange(), reply, asked) for each in part))
    except StopIteration as end:
        reading: Reading[T] = end.value
        return reading, asked


def _driven(running: Exchange[T], reply: Callable[[Request], object], asked: list[Request]) -> T:
    try:
        request = next(running)
        while True:
            asked.append(request)
            request = running.send(answer(reply(request), request.upstream))
    except StopIteration as end:
        value: Any = end.value
        return value  # type: ignore[no-any-return]  # what the exchange says that it returns
