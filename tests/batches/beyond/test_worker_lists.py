"""The list on its way from a gateway to a worker: whole, or not at all; and how old it is, comes along."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import PostgresQueue
from service.batches.postgres_schema import schema_name
from service.batches.shared_lists import SharedLists
from service.batches.worker_lists import WorkerLists
from tests.batches.beyond.made_jobs import NEW_JOB
from tests.screening.made_list import write_made_list
from tools.errors import NotScreened
from tools.screening.build import build_here
from tools.screening.fetched import Fetched
from tools.screening.held_list import HeldList
from tools.screening.manifest import InForce
from tools.screening.store import ListStore

NOW = datetime.now(UTC)


@pytest.fixture
async def link(database_url: str) -> AsyncIterator[PostgresLink]:
    opened = PostgresLink(database_url, schema_name(sandbox=False), wait_s=10.0)
    yield opened
    await opened.aclose()


def hold(store: ListStore, *, seed: int = 7, confirmed_at: datetime = NOW) -> str:
    """Put a made list in force in `store`, as a gateway does; its hash."""
    path = store.new_incoming()
    write_made_list(path, seed=seed, entries=200, aliases=200)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    url = "https://agency.test/list.csv"
    build_here(store, Fetched(path=path, sha256=sha256, url=url, fetched=confirmed_at), min_rows=1)
    store.put_in_force(InForce(sha256=sha256, url=url, etag=None, last_modified=None, confirmed_at=confirmed_at))
    return sha256


@pytest.fixture
def store(tmp_path: Path) -> ListStore:
    """That of a gateway."""
    return ListStore(tmp_path / "gateway")


@pytest.fixture
def open_worker(link: PostgresLink, tmp_path: Path) -> Callable[..., WorkerLists]:
    """Opens what a worker has; by default without patience."""

    def open_one(name: str = "worker", *, now: datetime = NOW, comes_within_s: float = 0.0) -> WorkerLists:
        lists = SharedLists(link)
        return WorkerLists(tmp_path / name, lists, now=lambda: now, ask_every_s=0.05, comes_within_s=comes_within_s)

    return open_one


async def test_a_worker_screens_by_the_version_that_a_gateway_has(
    link: PostgresLink, store: ListStore, open_worker: Callable[..., WorkerLists]
) -> None:
    sha256 = hold(store)
    await SharedLists(link).offer(store)
    version = await open_worker().newest()
    assert (version.sha256, version.as_of) == (sha256, NOW)
    theirs, ours = HeldList.open(store.version_folder(sha256)), HeldList.open(version.folder)
    assert [ours.entry(at) for at in range(len(ours))] == [theirs.entry(at) for at in range(len(theirs))]


async def test_the_newest_version_is_followed_and_a_pinned_one_kept(
    link: PostgresLink, store: ListStore, open_worker: Callable[..., WorkerLists]
) -> None:
    lists, worker = SharedLists(link), open_worker()
    first = hold(store)
    await lists.offer(store)
    assert (await worker.newest()).sha256 == first
    second = hold(store, seed=8, confirmed_at=NOW + timedelta(minutes=1))
    await lists.offer(store)
    async with asyncio.timeout(20):
        while (await worker.newest()).sha256 != second:
            await asyncio.sleep(0.02)
    assert (await worker.pinned(first, NOW)).sha256 == first
    # A worker that came later finds it, too.
    assert (await open_worker("later").pinned(first, NOW)).sha256 == first


async def test_a_list_that_was_not_confirmed_for_a_day_clears_nobody(
    link: PostgresLink, store: ListStore, open_worker: Callable[..., WorkerLists]
) -> None:
    sha256 = hold(store)
    await SharedLists(link).offer(store)
    late = NOW + timedelta(hours=25)
    with pytest.raises(NotScreened, match="the current one 25 h ago"):
        await open_worker(now=late).newest()
    with pytest.raises(NotScreened, match="the current one 25 h ago"):
        await open_worker(now=late).pinned(sha256, NOW)


async def test_a_pinned_version_is_as_fresh_as_its_last_confirmation(
    link: PostgresLink, store: ListStore, open_worker: Callable[..., WorkerLists]
) -> None:
    sha256 = hold(store)
    await SharedLists(link).offer(store)
    assert (await open_worker().pinned(sha256, NOW - timedelta(hours=30))).as_of == NOW


async def test_without_a_list_nobody_is_screened_and_the_reason_is_told(
    open_worker: Callable[..., WorkerLists],
) -> None:
    with pytest.raises(NotScreened, match="no list is in force"):
        await open_worker().newest()
    with pytest.raises(NotScreened, match="has not been handed over"):
        await open_worker().pinned("a" * 64, NOW)


async def test_a_version_that_is_on_its_way_is_waited_for(
    link: PostgresLink, store: ListStore, open_worker: Callable[..., WorkerLists]
) -> None:
    sha256 = hold(store)
    waiting = asyncio.create_task(open_worker(comes_within_s=30.0).pinned(sha256, NOW))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    async with SharedLists(link).offering(store):
        assert (await asyncio.wait_for(waiting, 30)).sha256 == sha256


async def test_a_file_that_was_damaged_in_the_database_is_not_used(
    link: PostgresLink, store: ListStore, open_worker: Callable[..., WorkerLists], database_url: str
) -> None:
    hold(store)
    await SharedLists(link).offer(store)
    with psycopg.connect(database_url, options="-c search_path=compliance_gateway") as connection:
        from zlib import compress, decompress

        row = connection.execute("SELECT file FROM lists").fetchone()
        assert row is not None
        connection.execute("UPDATE lists SET file = %s", (compress(decompress(row[0])[:-100]),))
    with pytest.raises(Exception, match="damaged"):
        await open_worker().newest()


async def test_of_two_gateways_the_later_word_counts(link: PostgresLink, tmp_path: Path) -> None:
    one, other = ListStore(tmp_path / "one"), ListStore(tmp_path / "other")
    hold(one, confirmed_at=NOW - timedelta(minutes=5))
    newest = hold(other, seed=8)
    await SharedLists(link).offer(other)
    await SharedLists(link).offer(one)
    told = await SharedLists(link).in_force()
    assert told is not None
    assert told.sha256 == newest


async def test_old_files_go_unless_a_job_needs_them(link: PostgresLink, store: ListStore, database_url: str) -> None:
    lists = SharedLists(link)
    pinned, old = hold(store), hold(store, seed=8)
    ledger = PostgresLedger(link, PostgresQueue(link).defer)
    await ledger.add_job(replace(NEW_JOB, list_version=pinned))
    with psycopg.connect(database_url, options="-c search_path=compliance_gateway", autocommit=True) as connection:
        for sha256 in (pinned, old):
            connection.execute("INSERT INTO lists VALUES (%s, '', '', now() - interval '2 hours')", (sha256,))
        newest = hold(store, seed=9, confirmed_at=NOW + timedelta(minutes=1))
        await lists.offer(store)
        left = {sha256 for (sha256,) in connection.execute("SELECT sha256 FROM lists").fetchall()}
    assert left == {pinned, newest}
