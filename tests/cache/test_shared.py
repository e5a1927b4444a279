"""What two instances share through a true Redis, and that none of this is ever felt when there is no such thing.

Every fact in both modes, and an event loop that is blocked fails the test.
"""

import asyncio
import logging
import math
import random
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from blockbuster import blockbuster_ctx

import tools
from tests.cache.conftest import OpenStore
from tests.cache.fake_redis import answering, ask_redis, serving
from tools.cache import SharedStats, SharedStore

NIL, OK = b"$-1\r\n", b"+OK\r\n"
#: What 50 ms may last on a machine under load.
SOON_S = 2.0


@pytest.fixture(autouse=True)
def _nothing_blocks_a_loop() -> Iterator[None]:
    with blockbuster_ctx(tools):
        yield


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# With a true Redis.


async def test_what_was_put_is_found_by_another_instance(redis_server: str, open_store: OpenStore) -> None:
    one, other = open_store(redis_server), open_store(redis_server)
    for content in (b"", b"\r\n$3\r\n\x00\xff", b"x" * 200_000):
        await one.put("key", content)
        assert await other.get("key") == content
    assert await other.get("other key") is None
    assert one.stats == SharedStats(reachable=True, hits=0, misses=0, errors=0, skipped=0)
    assert other.stats == SharedStats(reachable=True, hits=3, misses=1, errors=0, skipped=0)


async def test_any_text_is_a_key(redis_server: str, open_store: OpenStore) -> None:
    store = open_store(redis_server)
    for key in ("", "a b\r\nDEL c", "ü", "\ud800"):
        await store.put(key, key.encode(errors="replace"))
        assert await store.get(key) == key.encode(errors="replace")


async def test_another_version_of_the_software_sees_nothing(redis_server: str, open_store: OpenStore) -> None:
    await open_store(redis_server, version="1").put("key", b"old")
    assert await open_store(redis_server, version="2").get("key") is None
    assert ask_redis(redis_server, "KEYS", "*") == b"*1\r\n$24\r\ncompliance-gateway:1:key\r\n"


async def test_redis_forgets_after_the_time_told(redis_server: str, open_store: OpenStore) -> None:
    store = open_store(redis_server)
    await store.put("key", b"x", ttl_s=12.5)
    left_ms = int(ask_redis(redis_server, "PTTL", "compliance-gateway:1:key")[1:])
    assert 0 < left_ms <= 12_500
    await store.put("gone", b"x", ttl_s=0.001)
    for ttl_s in (0.0, -1.0, math.inf, math.nan):
        await store.put("never", b"x", ttl_s)
    assert store.stats.skipped == 4
    assert store.stats.errors == 0


async def test_more_than_8_mib_are_not_written(redis_server: str, open_store: OpenStore) -> None:
    store = open_store(redis_server)
    await store.put("most", b"x" * 8 * 2**20)
    await store.put("more", b"x" * (8 * 2**20 + 1))
    assert len(await store.get("most") or b"") == 8 * 2**20
    assert await store.get("more") is None
    assert store.stats == SharedStats(reachable=True, hits=1, misses=1, errors=0, skipped=1)


async def test_user_password_and_database_of_the_url_are_used(redis_server: str, open_store: OpenStore) -> None:
    assert ask_redis(redis_server, "ACL", "SETUSER", "gate", "on", ">pa/ss", "~*", "+@all") == OK
    url = redis_server.replace("unix://", "unix://gate:pa%2Fss@")
    await open_store(f"{url}?db=3").put("key", b"in 3")
    assert await open_store(f"{url}?db=3").get("key") == b"in 3"
    assert await open_store(f"{url}?db=4").get("key") is None


async def test_a_wrong_password_is_a_miss_and_not_in_the_log(
    redis_server: str, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(redis_server.replace("unix://", "unix://nobody:s3cret@"))
    assert await store.get("key") is None
    assert store.stats == SharedStats(reachable=False, hits=0, misses=0, errors=1, skipped=0)
    assert "AuthenticationError" in caplog.text
    assert "s3cret" not in caplog.text


async def test_an_error_of_redis_is_a_miss(redis_server: str, open_store: OpenStore) -> None:
    ask_redis(redis_server, "LPUSH", "compliance-gateway:1:key", "x")
    store = open_store(redis_server)
    assert await store.get("key") is None
    assert (store.stats.errors, store.stats.misses) == (1, 0)


async def test_many_more_callers_than_connections_are_all_served(redis_server: str, open_store: OpenStore) -> None:
    store = open_store(redis_server)
    await asyncio.gather(*(store.put(str(n), str(n).encode()) for n in range(200)))
    found = await asyncio.gather(*(store.get(str(n)) for n in range(200)))
    assert found == [str(n).encode() for n in range(200)]
    assert (store.stats.errors, store.stats.skipped) == (0, 0)
    clients = int(ask_redis(redis_server, "INFO", "clients").partition(b"connected_clients:")[2].split()[0])
    assert clients <= 32 + 1


def test_two_event_loops_and_eight_threads_share_one_store(redis_server: str) -> None:
    store = SharedStore(redis_server, version="1", timeout_s=5.0)
    wrong: list[object] = []
    done = threading.Barrier(3)

    def check(key: str, found: bytes | None) -> None:
        if found != key.encode():
            wrong.append((key, found))

    def in_a_thread(number: int) -> None:
        for step in range(50):
            store.put(key := f"{number} {step}", key.encode(), 60)
            check(key, store.get(key))

    def in_a_loop(number: int) -> None:
        async def one(step: int) -> None:
            await store.put_async(key := f"{number} {step}", key.encode(), 60)
            check(key, await store.get_async(key))

        async def everything() -> None:
            await asyncio.gather(*(one(step) for step in range(100)))
            # Whoever closes does so for the other loop as well, while that still runs.
            await asyncio.to_thread(done.wait)
            if number == 0:
                await store.aclose()
            await asyncio.to_thread(done.wait)

        asyncio.run(everything())

    with ThreadPoolExecutor(10) as executor:
        loops = [executor.submit(in_a_loop, number) for number in range(2)]
        threads = [executor.submit(in_a_thread, number) for number in range(2, 10)]
        for each in threads:
            each.result()
        done.wait()
        done.wait()
        for each in loops:
            each.result()
    assert wrong == []
    assert store.stats() == SharedStats(reachable=True, hits=600, misses=0, errors=0, skipped=0)
    assert "shared-store" not in {thread.name for thread in threading.enumerate()}


async def test_cancelled_callers_leave_no_reply_to_others(redis_server: str) -> None:
    store = SharedStore(redis_server, version="1", timeout_s=5.0)
    keys = [str(number) for number in range(300)]
    for key in keys:
        await store.put_async(key, key.encode(), 60)
    dice = random.Random(7)

    async def leave(task: asyncio.Task[bytes | None]) -> None:
        for _ in range(dice.randrange(12)):
            await asyncio.sleep(0)
        task.cancel()

    async with asyncio.TaskGroup() as group:
        asked = {key: asyncio.create_task(store.get_async(key)) for key in keys}
        for task in dice.sample([*asked.values()], 150):
            group.create_task(leave(task))
    results = await asyncio.gather(*asked.values(), return_exceptions=True)
    cancelled = [each for each in results if isinstance(each, asyncio.CancelledError)]
    assert len(cancelled) > 50
    assert all(
        each == key.encode() for key, each in zip(keys, results, strict=True) if not isinstance(each, BaseException)
    )
    assert store.stats() == SharedStats(True, hits=300 - len(cancelled), misses=0, errors=0, skipped=0)
    assert await asyncio.gather(*(store.get_async(key) for key in keys)) == [key.encode() for key in keys]
    await store.aclose()


def test_a_process_may_fork_and_both_go_on(redis_server: str) -> None:
    code = f"""
import asyncio, gc, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a fork with threads
from tools.cache import SharedStore

store = SharedStore({redis_server!r}, version="1", timeout_s=5.0)
if "used" in sys.argv:
    store.put("key", b"parent", 60)
child = os.fork()
if child:
    assert os.waitpid(child, 0)[1] == 0  # whatever the child closed is closed by now
key, content = ("key", b"parent") if child else ("child", b"child")
for _ in range(20):
    store.put(key, content, 60)
    assert store.get(key) == content
async def in_a_loop():
    assert await store.get_async(key) == content
    await store.aclose()
asyncio.run(in_a_loop())
assert store.stats().errors == 0
if not child:
    gc.collect()
    os._exit(0)
"""
    for when in ("fresh", "used"):
        subprocess.run([sys.executable, "-W", "error", "-c", code, when], check=True, timeout=60)


# With something else in its place.


@contextmanager
def refused() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def never_accepted() -> Iterator[str]:
    """Its queue is full: what comes now gets no answer to its SYN."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        full = [socket.socket() for _ in range(4)]
        for each in full:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(listener.getsockname())
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"
        for each in full:
            each.close()


def fake(script: Callable[[socket.socket], None], user: str = "") -> Callable[[], Any]:
    @contextmanager
    def opened() -> Iterator[str]:
        with serving(script) as server:
            yield server.url.replace("//", f"//{user}")

    return opened


def trickle(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"$1000\r\n")
    while True:
        connection.sendall(b"x")
        threading.Event().wait(0.01)


def flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 65536)


def hang_up(connection: socket.socket) -> None:
    pass


def no_socket() -> Any:
    @contextmanager
    def opened() -> Iterator[str]:
        yield "unix:///nowhere/redis.sock"

    return opened()


FAULTS = {
    "refused": refused,
    "no socket": no_socket,
    "never accepted": never_accepted,
    "hangs up": fake(hang_up),
    "never answers": fake(answering(b"")),
    "trickles": fake(trickle),
    "floods": fake(flood),
    "never lets one in": fake(answering(b""), "user:s3cret@"),
    "lets one in and never answers": fake(answering(OK, b""), "user:s3cret@"),
    "says what it heard": fake(answering(b"-ERR unknown command 'AUTH' 'user' 's3cret'\r\n"), "user:s3cret@"),
    "speaks HTTP": fake(answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
    **{
        f"answers {garbage[:12]!r}": fake(answering(garbage))
        for garbage in (
            b"\x00\xff\r\n",
            b":1\r\n",
            b"*1\r\n$1\r\nx\r\n",
            b"*1\r\n" * 3000,
            b"$x\r\n",
            b"+OK",
            b"-ERR \xff\r\n",
            b">2\r\n$7\r\nmessage\r\n$1\r\nx\r\n",
        )
    },
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_a_miss_in_time_then_a_pause_and_one_line_in_the_log(
    fault: str, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with FAULTS[fault]() as url:
        store = open_store(url, timeout_s=0.05, clock=Clock())
        begun = time.monotonic()
        assert await store.get("key") is None
        assert time.monotonic() - begun < SOON_S
        assert await store.get("key") is None
        await store.put("key", b"content")
        assert store.stats == SharedStats(reachable=False, hits=0, misses=0, errors=1, skipped=2)
        (line,) = caplog.messages
        assert line.startswith("Redis at ")
        assert line.endswith(" is not asked for 5 s")
        assert "s3cret" not in line


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if not fault.startswith("answers ")])
async def test_a_fault_is_a_dropped_write_in_time(fault: str, open_store: OpenStore) -> None:
    with FAULTS[fault]() as url:
        store = open_store(url, timeout_s=0.05, clock=Clock())
        begun = time.monotonic()
        await store.put("key", b"x" * 2**20)
        assert time.monotonic() - begun < SOON_S
        assert (store.stats.errors, store.stats.reachable) == (1, False)


async def test_a_write_that_is_not_confirmed_is_a_failure(open_store: OpenStore) -> None:
    with serving(answering(OK, NIL)) as server:
        store = open_store(server.url)
        await store.put("key", b"x")
        assert store.stats.errors == 0
        await store.put("key", b"x")
        assert store.stats.errors == 1


async def test_a_name_that_is_never_resolved_costs_no_more(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def stuck(*args: object, **kwargs: object) -> list[Any]:
        released.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    try:
        store = open_store("redis://redis.invalid:6379", timeout_s=0.05)
        begun = time.monotonic()
        assert await store.get("key") is None
        assert time.monotonic() - begun < SOON_S
        assert store.stats.errors == 1
    finally:
        released.set()


async def test_nothing_is_tried_twice(open_store: OpenStore) -> None:
    with serving(hang_up) as server:
        store = open_store(server.url)
        await store.get("key")
        assert server.accepted == 1


async def test_a_kept_connection_is_used_again_and_a_dead_one_is_replaced_unnoticed(open_store: OpenStore) -> None:
    with serving(answering(NIL)) as server:
        store = open_store(server.url)
        for _ in range(5):
            await store.get("key")
        assert server.accepted == 1
        server.hang_up()
        await asyncio.sleep(0.05)  # the loop that reads it is to see its end
        await store.get("key")
        assert server.accepted == 2
        assert store.stats == SharedStats(reachable=True, hits=0, misses=6, errors=0, skipped=0)


async def test_what_nobody_asked_for_is_not_taken_for_a_reply(open_store: OpenStore) -> None:
    with serving(answering(b"$1\r\na\r\n" * 2, b"$1\r\nb\r\n")) as server:
        store = open_store(server.url)
        assert await store.get("first") == b"a"
        await asyncio.sleep(0.05)  # had the second reply been sent late, it would be there by now
        assert await store.get("second") == b"a"
        assert server.accepted == 2


async def test_redis_that_dies_is_missed_once_and_found_when_it_is_back(open_store: OpenStore) -> None:
    clock = Clock()
    with serving(answering(b"$1\r\na\r\n")) as server:
        store = open_store(server.url, clock=clock)
        assert await store.get("key") == b"a"
        port = server.port
    assert await store.get("key") is None
    assert (store.stats.errors, store.stats.reachable) == (1, False)
    with serving(answering(b"$1\r\nb\r\n"), port) as server:
        clock.now += 4.9
        assert await store.get("key") is None
        assert server.accepted == 0
        clock.now += 0.1
        assert not store.stats.reachable
        assert await store.get("key") == b"b"
        assert await store.get("key") == b"b"
    assert store.stats == SharedStats(reachable=True, hits=3, misses=0, errors=1, skipped=1)


async def test_every_pause_has_its_line_in_the_log(open_store: OpenStore, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with refused() as url:
        store = open_store(url, clock=clock, pause_s=2.5)
        for _ in range(3):
            await asyncio.gather(*(store.get("key") for _ in range(10)))
            clock.now += 2.5
    assert len(caplog.messages) == 3
    assert all("is not asked for 2.5 s" in line for line in caplog.messages)


async def test_after_the_pause_one_caller_pays_for_the_others() -> None:
    clock = Clock()
    with serving(answering(b"")) as server:
        store = SharedStore(server.url, version="1", timeout_s=0.05, clock=clock)
        await store.get_async("key")
        clock.now += 5
        await asyncio.gather(*(store.get_async("key") for _ in range(20)))
        assert server.accepted == 2
        assert (store.stats().errors, store.stats().skipped) == (2, 19)
        await store.aclose()


async def test_who_finds_no_free_connection_in_time_is_no_failure_of_redis() -> None:
    with serving(answering(b"")) as server:
        store = SharedStore(server.url, version="1", timeout_s=2.0)
        served = [asyncio.create_task(store.get_async("key")) for _ in range(32)]
        while server.accepted < 32:
            await asyncio.sleep(0.001)
        assert await store.get_async("key") is None
        assert store.stats() == SharedStats(reachable=True, hits=0, misses=0, errors=0, skipped=1)
        for each in served:
            each.cancel()
        await asyncio.wait(served)
        await store.aclose()


async def test_a_reply_that_comes_after_its_caller_left_reaches_nobody() -> None:
    has_come, may_answer = threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        is_first = not has_come.is_set()
        while request := connection.recv(65536):
            has_come.set()
            if is_first:
                may_answer.wait(10)
            name = request.split(b":")[-1].strip()
            connection.sendall(b"$%d\r\n%b\r\n" % (len(name), name))

    with serving(serve) as server:
        store = SharedStore(server.url, version="1", timeout_s=5.0)
        first = asyncio.create_task(store.get_async("first"))
        await asyncio.to_thread(has_come.wait, 10)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        may_answer.set()
        assert await store.get_async("second") == b"second"
        assert server.accepted == 2
        assert store.stats() == SharedStats(reachable=True, hits=1, misses=0, errors=0, skipped=0)
        await store.aclose()


async def test_the_one_who_tries_after_a_pause_may_leave() -> None:
    clock = Clock()
    with refused() as url:
        store = SharedStore(url, version="1", timeout_s=5.0, clock=clock)
        await store.get_async("key")
        port = int(url.rpartition(":")[2])
    clock.now += 5
    with serving(answering(b""), port) as server:
        trying = asyncio.create_task(store.get_async("key"))
        while not server.accepted:
            await asyncio.sleep(0.001)
        trying.cancel()
        await asyncio.wait([trying])
        server.script = answering(NIL)
        assert await store.get_async("key") is None
        assert store.stats() == SharedStats(reachable=True, hits=0, misses=1, errors=1, skipped=0)
        await store.aclose()


async def test_what_a_deaf_peer_did_not_take_is_not_kept_for_it(open_store: OpenStore) -> None:
    heard = [0]
    may_read = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        may_read.wait(10)
        while more := connection.recv(65536):
            heard[0] += len(more)

    with serving(serve) as server:
        store = open_store(server.url, timeout_s=0.05)
        await store.put("key", b"x" * 8 * 2**20)
        assert store.stats.errors == 1
        may_read.set()
        while any(thread.name.endswith("(_serve)") for thread in threading.enumerate()):
            await asyncio.sleep(0.001)
        assert heard[0] < 8 * 2**20


async def test_tls_is_spoken_and_a_stranger_is_not_trusted(tmp_path: Path, open_store: OpenStore) -> None:
    ca, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    for each, name in ((ca, "ca.pem"), (other, "other.pem")):
        each.cert_pem.write_to_path(str(tmp_path / name))

    with serving(answering(b"$1\r\na\r\n"), tls=context) as server:
        url = server.url.replace("redis://", "rediss://")
        store = open_store(f"{url}?ssl_ca_certs={tmp_path / 'ca.pem'}")
        assert await store.get("key") == b"a"
        assert await store.get("key") == b"a"
        assert server.accepted == 1
        stranger = open_store(f"{url}?ssl_ca_certs={tmp_path / 'other.pem'}")
        assert await stranger.get("key") is None
        assert stranger.stats.errors == 1


async def test_a_new_tls_connection_reads_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(answering(NIL), tls=context) as server:
        url = f"{server.url.replace('redis://', 'rediss://')}?ssl_ca_certs={tmp_path / 'ca.pem'}"
        store = SharedStore(url, version="1", timeout_s=5.0)
        monkeypatch.setattr(ssl, "create_default_context", None)
        await asyncio.gather(*(store.get_async("key") for _ in range(3)))
        assert server.accepted == 3
        assert store.stats().misses == 3
        await store.aclose()


async def test_who_asks_while_the_store_closes_is_answered_and_leaves_no_connection() -> None:
    has_come, may_answer, has_ended = threading.Event(), threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        has_come.set()
        may_answer.wait(10)
        connection.sendall(b"$1\r\na\r\n")
        with suppress(ConnectionResetError):
            connection.recv(65536)
        has_ended.set()

    with serving(serve) as server:
        store = SharedStore(server.url, version="1", timeout_s=5.0)
        asking = asyncio.create_task(store.get_async("key"))
        await asyncio.to_thread(has_come.wait, 10)
        await store.aclose()
        may_answer.set()
        assert await asking == b"a"
        assert await asyncio.to_thread(has_ended.wait, 10)


async def test_a_closed_store_is_silent(open_store: OpenStore) -> None:
    with serving(answering(NIL)) as server:
        store = open_store(server.url)
        await store.get("key")
        await store.store.aclose()
        await store.store.aclose()
        assert await store.get("key") is None
        await store.put("key", b"x")
        assert store.stats == SharedStats(reachable=True, hits=0, misses=1, errors=0, skipped=2)
        assert server.accepted == 1


async def test_closing_does_not_wait_for_who_still_asks(open_store: OpenStore) -> None:
    with serving(answering(b"")) as server:
        store = open_store(server.url, timeout_s=0.2)
        asking = asyncio.create_task(store.get("key"))
        while not server.accepted:
            await asyncio.sleep(0.001)
        await store.store.aclose()
        assert await asking is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://127.0.0.1",
        "redis://",
        "redis://:6379",
        "redis://host:port",
        "redis://host:65536",
        "redis://host/first",
        "redis://host/0#part",
        "redis://user:s3cret/host@10.0.0.1",
        "redis://user:s3cret#1@host",
        "redis://user:s3cret?x=1@host",
        "redis://[::1",
        "redis://host?db=first",
        "redis://host?socket_timeout=60",
        "redis://host?retry_on_timeout=yes",
        "redis://host?protocol=3",
        "redis://host?decode_responses=yes",
        "redis://host?s3cret=1",
        "redis://host?ssl_ca_certs=/nowhere",
        "rediss://host?ssl_ca_certs=/nowhere",
        "rediss://host?ssl_cert_reqs=maybe",
        "rediss://host?ssl_s3cret=1",
        "unix://",
        "unix://tmp/redis.sock",
    ],
)
def test_a_malformed_url_is_told_at_once_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"^not the URL of a Redis: redis://") as caught:
        SharedStore(url, version="1")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1",
        "redis://127.0.0.1:6380/",
        "redis://user:pa%40ss@cache.example:6379/7?client_name=gateway",
        "redis://:pass@[::1]:6379/0",
        "rediss://cache.example?ssl_cert_reqs=none&db=2",
        "unix:///run/redis.sock",
        "unix://user:pass@/run/redis.sock?db=1",
    ],
)
def test_a_url_is_taken_and_nothing_connects(url: str) -> None:
    assert SharedStore(url, version="1").stats() == SharedStats(True, 0, 0, 0, 0)


def test_nothing_is_said_of_the_url_in_a_repr() -> None:
    assert "s3cret" not in repr(SharedStore("redis://:s3cret@host", version="1"))
