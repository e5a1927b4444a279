"""Runs the collector at every line of the sync pool in turn, over answers that were dropped unread in a cycle.

A process of its own: `python -m tests.http_client.collected_anywhere STEP`. What hangs is ended with its stacks, and
the process fails. Writes how many lines it stopped at.
"""

import faulthandler
import gc
import http.server
import itertools
import sys
import threading
import time
import types
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

import tools.http_client
from tools.http_client import HTTPClientManager, PoolLimits, PoolTimeout, PoolTimeouts

__all__ = ["STEPS"]

_WATCHED = str(Path(tools.http_client.__file__).parent)
#: Modules that hold no state of the pool.
_NOT_WATCHED = ("manager.py", "redirects_and_bounds.py", "sync_session.py")
_HANGS_AFTER_S = 20.0
_LIMIT = 2


class _Server(http.server.BaseHTTPRequestHandler):
    """Answers two bytes; `/close` ends the connection, `/die` ends it without an answer, unless it is new."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: the second one would wait for the first one's acknowledgment
    _asked = 0

    def do_GET(self) -> None:
        self._asked += 1
        if self.path == "/die" and self._asked > 1:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        if self.path == "/close":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Knot:
    """Holds itself and what it is given: the collector alone frees it."""

    def __init__(self, *held: object) -> None:
        self.held = held
        self.itself = self


class _CollectAt:
    """Runs the collector once, at the line of this number of those that run in the pool, in any thread that it traces.

    It counts from when it `is_awake`: a thread is traced from its start, or not at all.
    """

    def __init__(self, line: int) -> None:
        self._line = line
        self._seen = 0
        self.is_awake = False
        self.came = False

    def __call__(self, frame: types.FrameType, event: str, _: object) -> "_CollectAt | None":
        where = frame.f_code.co_filename
        if not where.startswith(_WATCHED) or where.endswith(_NOT_WATCHED):
            return None
        if event == "line" and self.is_awake and not self.came:
            self._seen += 1
            if self._seen == self._line:
                self.came = True
                gc.collect()
        return self


class _Place:
    """A pool, a server, and what is dropped."""

    def __init__(self, url: str, keepalive_expiry_s: float) -> None:
        self.url = url
        self.manager = HTTPClientManager(
            limits=PoolLimits(max_connections=_LIMIT, max_keepalive=_LIMIT, keepalive_expiry_s=keepalive_expiry_s),
            timeouts=PoolTimeouts(acquire_s=0.01, read_s=10.0),
        )

    def get(self, path: str = "/", **options: Any) -> requests.Response:
        return self.manager.sync_client.get(self.url + path, **options)

    def fill(self) -> None:
        """Have all connections that the pool may have, each used once."""
        held = [self.get(stream=True) for _ in range(_LIMIT)]
        assert [each.content for each in held] == [b"ok"] * _LIMIT, "a slot is lost"

    def drop(self, path: str = "/") -> None:
        """Leave an answer unread in a cycle; its slot comes back when the collector finds it."""
        _Knot(self.get(path, stream=True))

    @property
    def in_use(self) -> int:
        stats = self.manager.stats().sync
        return 0 if stats is None else stats.in_use

    @property
    def idle(self) -> int:
        stats = self.manager.stats().sync
        return 0 if stats is None else stats.idle


def _wait_until(condition: Callable[[], bool]) -> None:
    """Return once `condition` is true; what never is true hangs, and ends the process."""
    while not condition():
        time.sleep(0.001)


def _read_another(place: _Place) -> None:
    assert place.get().content == b"ok"


def _read_one_that_closes(place: _Place) -> None:
    assert place.get("/close").content == b"ok"


def _send_again(place: _Place) -> None:
    assert place.get("/die").content == b"ok"


def _look_at_figures(place: _Place) -> None:
    assert place.manager.stats().sync is not None


def _wait_in_queue(place: _Place) -> None:
    with place.get(stream=True), suppress(PoolTimeout):
        place.get()  # the collector may come in time, and give it the other slot


def _leave_unread(place: _Place) -> None:
    place.get(stream=True)


def _idle_too_long(place: _Place) -> None:
    sys.settrace(None)  # the watchdog's lines are what this is about
    _wait_until(lambda: place.idle == 0)


def _close_the_pool(place: _Place) -> None:
    place.manager.close_sync(0.01)


STEPS: dict[str, Callable[[_Place], None]] = {
    "read another": _read_another,
    "read one that closes": _read_one_that_closes,
    "send again": _send_again,
    "look at figures": _look_at_figures,
    "wait in the queue": _wait_in_queue,
    "leave unread": _leave_unread,
    "idle too long": _idle_too_long,
    "close the pool": _close_the_pool,
}


def _visit(url: str, step: Callable[[_Place], None], path: str, line: int) -> bool:
    """Run `step` with the collector at this line. Returns False when the step has fewer lines."""
    collector = _CollectAt(line)
    threading.settrace(collector)
    place = _Place(url, 0.02 if step is _idle_too_long else 30.0)
    place.fill()
    place.drop(path)
    assert place.in_use == 1, "the collector came by itself"
    collector.is_awake = True
    sys.settrace(collector)
    try:
        step(place)
    finally:
        sys.settrace(None)
        threading.settrace(None)
    _wait_until(lambda: gc.collect() >= 0 and place.in_use == 0)  # at once, unless another thread collects just now
    if step is not _close_the_pool:
        place.fill()
    place.manager.close_sync(0.0)
    return collector.came


def _main(name: str) -> None:
    faulthandler.dump_traceback_later(_HANGS_AFTER_S, exit=True)
    gc.disable()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    _visit(url, STEPS[name], "/", 0)
    gc.collect()
    gc.freeze()  # what is there now is none of the collector's business, which makes it fast
    visited = 0
    stride = 20 if name == "idle too long" else 1  # which waits at each visit until the watchdog looks
    for path, first in (("/", 1), ("/close", 1 + stride // 2)):
        for line in itertools.count(first, stride):
            if not _visit(url, STEPS[name], path, line):
                break
            faulthandler.dump_traceback_later(_HANGS_AFTER_S, exit=True)
            visited += 1
    sys.stdout.write(f"{visited}\n")


if __name__ == "__main__":
    _main(sys.argv[1])
