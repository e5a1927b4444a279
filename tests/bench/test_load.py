"""Callers, agencies and gateways together, for a moment: what is counted is what was."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from itertools import count, islice, repeat
from pathlib import Path

import pytest
import uvloop

from tests.bench.accounting import with_children
from tests.bench.bench import MARKER
from tests.bench.contenders import Contender, bare, nginx_proxy, service
from tests.bench.grounds import Grounds, open_grounds
from tests.bench.load import get, load, post, send
from tests.bench.measuring import BadAnswers, measure
from tests.bench.nginx import nginx_program
from tests.bench.paced import pace
from tests.bench.upstream import Agency, Counts


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with open_grounds() as opened:
        yield opened


@asynccontextmanager
async def agency(counts: Counts) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(lambda: Agency(counts), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_each_request_is_answered_and_counted_once() -> None:
    counts = Counts()
    async with agency(counts) as port:
        tally = await send(port, islice(repeat(get("/csl/search")), 100), callers=4, marker=MARKER)
    assert tally.is_good
    assert tally.answered == 100
    assert (counts.requests, counts.connections) == (100, 4)


async def test_a_body_that_comes_in_pieces_is_read_to_its_end() -> None:
    async with agency(Counts()) as port:
        tally = await send(port, iter([post("/fda/import_refusals", b"x" * 300_000)]), callers=1, marker=b"totalrecord")
    assert tally.is_good


async def test_an_answer_without_what_it_has_to_hold_is_no_good_one() -> None:
    async with agency(Counts()) as port:
        tally = await send(port, iter([get("/csl/search")]), callers=1, marker=b"somebody else")
    assert (tally.answered, tally.good, tally.is_good) == (1, 0, False)


async def test_a_connection_that_ends_without_an_answer_is_told() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        tally = await send(server.sockets[0].getsockname()[1], iter([get("/")]), callers=1)
    assert (tally.broken, tally.is_good) == (1, False)


async def test_an_open_loop_sends_no_more_than_its_rate() -> None:
    async with agency(Counts()) as port:
        tally = await pace(port, repeat("/x"), per_second=200, seconds=0.3, connections=2, marker=MARKER)
    assert tally.is_good
    assert 0 < tally.answered <= 60


@pytest.mark.parametrize("gateway", [bare, service])
def test_a_round_counts_what_the_agency_saw(gateway: object, grounds: Grounds) -> None:
    assert callable(gateway)
    started: AbstractContextManager[Contender] = gateway(grounds)
    numbers = (f"/v1/sanctions?name=Party+Number+{number}" for number in count())
    with started as contender:
        found = measure(
            grounds, contender, lambda: load(contender.port, numbers, callers=2, seconds=0.2, marker=MARKER)
        )
        assert contender.pid in with_children(contender.pid)
    assert found.upstream_requests is not None
    # The service asks for the tariff's release besides, once.
    assert found.answered <= found.upstream_requests <= found.answered + 1
    assert found.per_second > 0
    assert found.cpu_us > 0
    assert found.resident_mib > 1


@pytest.mark.skipif(nginx_program() is None, reason="there is no nginx here")
def test_the_limit_of_c_answers_as_the_others_do(grounds: Grounds) -> None:
    with nginx_proxy(grounds) as contender:
        tally = uvloop.run(send(contender.port, iter([get("/v1/sanctions?name=x")]), callers=1, marker=MARKER))
    assert tally.is_good


def test_a_contender_that_answers_nothing_well_has_no_throughput(grounds: Grounds) -> None:
    with bare(grounds) as contender, pytest.raises(BadAnswers, match="404"):
        measure(grounds, contender, lambda: load(contender.port, repeat("/nothing"), callers=1, seconds=0.05))


def test_agencies_and_files_are_gone_with_the_grounds() -> None:
    with open_grounds() as opened:
        assert opened.counts("plain").requests == 0
    assert not Path(f"/proc/{opened.agencies_pid}").exists()
    assert not opened.folder.exists()
