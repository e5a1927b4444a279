"""What is logged of things that strangers can cause as often as they like."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from aiohttp.http_exceptions import BadHttpMethod
from aiohttp.web import RequestPayloadError

from service.logs import set_up_logging


@contextmanager
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Log as the service does inside the block; after it the list has the lines, and logging is as it was."""
    root, quieted = logging.getLogger(), [logging.getLogger(name) for name in ("aiohttp.server", "asyncio")]
    before = root.handlers, root.level, [list(each.filters) for each in quieted], structlog.get_config()
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    set_up_logging("info", "json")
    lines: list[dict[str, Any]] = []
    try:
        yield lines
    finally:
        structlog.configure(**before[3])
        root.handlers, root.level = before[0], before[1]
        for each, filters in zip(quieted, before[2], strict=True):
            each.filters = filters
    lines += map(json.loads, stream.getvalue().splitlines())


@pytest.mark.parametrize("said", [BadHttpMethod("BREW"), RequestPayloadError("no gzip")])
def test_what_is_not_http_is_one_line_without_a_trace(said: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with logged(monkeypatch) as lines:
        logging.getLogger("aiohttp.server").exception("Error handling request", exc_info=said)
    (line,) = lines
    assert (line["level"], line["event"]) == ("info", f"a request that is not HTTP: {type(said).__name__}")
    assert "exception" not in line


def test_what_is_broken_here_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    with logged(monkeypatch) as lines:
        logging.getLogger("aiohttp.server").exception("Error handling request", exc_info=KeyError("x"))
    (line,) = lines
    assert line["level"] == "error"
    assert "KeyError" in line["exception"]


def test_that_files_have_run_out_is_said_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    with logged(monkeypatch) as lines:
        for number in range(1000):
            logging.getLogger("asyncio").error("socket.accept() out of system resource\nsocket: %d", number)
        logging.getLogger("asyncio").error("something else")
    assert [line["event"].split("\n")[0] for line in lines] == [
        "socket.accept() out of system resource",
        "something else",
    ]
