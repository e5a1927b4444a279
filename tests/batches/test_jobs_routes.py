"""Jobs over REST: what is taken in and what is not, what is told while it runs, and what leaves nothing behind."""

import asyncio
import gzip
import random
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from service.batches.ledger import Ledger, NewJob
from service.batches.rows import Row, RowResult, ScreeningOptions
from service.keys import LEDGER
from tests.batches.batch_gateway import Gateway

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
CSV = {"Content-Type": "text/csv"}
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nname\nA co\nB co\n'
OTHER_PART = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n'
Open = Callable[..., Awaitable[Gateway]]


class Gated:
    """Says of everybody that he is clear, when the `gate` is open."""

    processes = 1

    def __init__(self, *, is_open: bool = True, padding: int = 0) -> None:
        self.gate = asyncio.Event()
        self.padding = padding
        if is_open:
            self.gate.set()

    async def screen(self, rows: Sequence[Row], folder: Path, options: ScreeningOptions, **_: Any) -> list[RowResult]:
        await self.gate.wait()
        return [clear(row.number, self.padding) for row in rows]

    async def aclose(self) -> None:
        """Nothing to end."""


def clear(number: int, padding: int = 0) -> RowResult:
    told = {"row": number, "status": "screened", "outcome": "clear", "hits": [], "padding": "x" * padding}
    return RowResult(number, "screened", "clear", orjson.dumps(told))


def ledger_of(gateway: Gateway) -> Ledger:
    assert gateway.app is not None
    return gateway.app[LEDGER]


async def post(gateway: Gateway, body: bytes, headers: dict[str, str] = CSV, query: str = "") -> tuple[int, Any]:
    async with gateway.post(f"/v1/jobs{query}", data=body, headers=headers) as response:
        return response.status, await response.json()


async def get(gateway: Gateway, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    async with gateway.get(url, headers=headers) as response:
        return response.status, dict(response.headers), await response.read()


async def ended(gateway: Gateway, url: str) -> dict[str, Any]:
    """How the job stands once it has ended."""
    async with asyncio.timeout(60):
        while True:
            told: dict[str, Any] = orjson.loads((await get(gateway, url))[2])
            if told["ended_at"] is not None:
                return told
            await asyncio.sleep(0.02)


def numbers(lines: bytes) -> list[int]:
    return [orjson.loads(line)["row"] for line in lines.splitlines()]


def names(rows: int) -> bytes:
    dice = random.Random(1)
    return b"name\n" + b"".join(b"%s trading %d\n" % (dice.randbytes(8).hex().encode(), at) for at in range(rows))


async def test_a_file_becomes_a_job_whose_rows_are_all_told(open_batches: Open) -> None:
    gateway = await open_batches(Gated())
    status, job = await post(gateway, names(1234))
    assert (status, job["rows"], job["columns"], job["sandbox"]) == (202, 1234, {"name": "name"}, True)
    told = await ended(gateway, job["url"])
    assert (told["status"], told["done"], told["clear"], told["eta_s"]) == ("done", 1234, 1234, None)
    status, headers, lines = await get(gateway, job["results_url"])
    assert (status, headers["X-Job-Status"], numbers(lines)) == (200, "done", list(range(1, 1235)))
    status, headers, lines = await get(gateway, job["results_url"], Range="rows=1201-")
    assert (status, headers["Content-Range"], numbers(lines)) == (206, "rows 1201-1234/1234", list(range(1201, 1235)))
    for asked, expected in (("rows=1235-", 416), ("rows=0-5", 400), ("rows=5-4", 400), ("bytes=0-5", 200)):
        assert (await get(gateway, job["results_url"], Range=asked))[0] == expected


async def made(gateway: Gateway, rows: int) -> str:
    """A job of so many rows, of which none has a result."""
    ledger = ledger_of(gateway)
    await ledger.add_job(NewJob("a-1", datetime.now(UTC), ScreeningOptions(), "newest", None, None, None))
    await ledger.add_rows("a-1", 0, [Row(number, name=f"party {number}") for number in range(1, rows + 1)])
    await ledger.rows_are_in("a-1", "")
    return "/v1/jobs/a-1"


async def test_whoever_reads_on_while_a_job_runs_misses_no_row(open_batches: Open) -> None:
    gateway = await open_batches(Gated(is_open=False))
    url, ledger = await made(gateway, 1500), ledger_of(gateway)
    await ledger.complete("a-1", 1, [clear(number) for number in range(501, 1001)], None)
    status, headers, lines = await get(gateway, f"{url}/results")
    assert (status, headers["X-Job-Status"], lines) == (200, "running", b"")
    status, headers, body = await get(gateway, f"{url}/results", Range="rows=1-")
    assert (status, headers["Content-Range"], orjson.loads(body)["retryable"]) == (416, "rows */1500", True)
    await ledger.complete("a-1", 0, [clear(number) for number in range(1, 501)], None)
    assert numbers((await get(gateway, f"{url}/results"))[2]) == list(range(1, 1001))
    assert numbers((await get(gateway, f"{url}/results?status=invalid"))[2]) == []
    status, headers, lines = await get(gateway, f"{url}/results", Range="rows=901-")
    assert (status, headers["Content-Range"], numbers(lines)) == (206, "rows 901-1000/1500", list(range(901, 1001)))


async def test_results_that_are_removed_while_they_are_read_break_off(open_batches: Open) -> None:
    gateway = await open_batches(Gated(padding=2000))
    _, job = await post(gateway, names(20_000))
    await ended(gateway, job["url"])
    async with gateway.get(job["results_url"]) as response:
        await response.content.readexactly(1000)
        async with gateway.delete(job["url"]) as removed:
            assert removed.status == 204
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    assert (await get(gateway, job["url"]))[0] == 404


async def test_a_job_that_is_cancelled_keeps_what_it_has_until_it_is_removed(open_batches: Open) -> None:
    gateway = await open_batches(Gated(is_open=False))
    url, ledger = await made(gateway, 1500), ledger_of(gateway)
    await ledger.complete("a-1", 1, [clear(number) for number in range(501, 1001)], None)
    async with gateway.delete(url) as response:
        told = await response.json()
    assert (response.status, told["status"], told["done"]) == (200, "cancelled", 500)
    _, headers, lines = await get(gateway, f"{url}/results")
    assert (headers["X-Job-Status"], numbers(lines)) == ("cancelled", list(range(501, 1001)))
    assert (headers["Content-Range"], headers["X-Results-Complete"]) == ("rows 501-1000/1500", "false")
    async with gateway.delete(url) as response:
        assert response.status == 204
    assert [(await get(gateway, f"{url}{each}"))[0] for each in ("", "/events", "/results")] == [404, 404, 404]


async def test_the_results_of_a_cancelled_job_say_which_rows_they_hold(open_batches: Open) -> None:
    gateway = await open_batches(Gated(is_open=False))
    url, ledger = await made(gateway, 2200), ledger_of(gateway)
    for number in (0, 2, 4):
        rows = range(500 * number + 1, min(500 * number + 500, 2200) + 1)
        await ledger.complete("a-1", number, [clear(row) for row in rows], None)
    async with gateway.delete(url):
        pass
    there = [*range(1, 501), *range(1001, 1501), *range(2001, 2201)]
    for status in ("", "?status=screened"):
        code, headers, lines = await get(gateway, f"{url}/results{status}")
        assert (code, numbers(lines)) == (200, there)
        assert headers["Content-Range"] == "rows 1-500,1001-1500,2001-2200/2200"
    for asked, part in (
        ("rows=1-", "1-500"),
        ("rows=101-600", "101-500"),
        ("rows=501-", "1001-1500"),
        ("rows=1200-1300", "1200-1300"),
        ("rows=1501-", "2001-2200"),
        ("rows=-300", "2001-2200"),
    ):
        code, headers, lines = await get(gateway, f"{url}/results", Range=asked)
        first, last = map(int, part.split("-"))
        assert (code, headers["Content-Range"]) == (206, f"rows {part}/2200")
        assert numbers(lines) == list(range(first, last + 1))
    code, headers, body = await get(gateway, f"{url}/results", Range="rows=501-1000")
    assert (code, headers["Content-Range"], orjson.loads(body)["retryable"]) == (416, "rows */2200", False)


async def test_a_cancelled_job_without_results_says_so(open_batches: Open) -> None:
    gateway = await open_batches(Gated(is_open=False))
    url = await made(gateway, 10)
    async with gateway.delete(url):
        pass
    code, headers, lines = await get(gateway, f"{url}/results")
    assert (code, headers["Content-Range"], lines) == (200, "rows */10", b"")


@pytest.mark.parametrize(("days", "kept_days"), [({}, 90), ({"jobs_keep_days": 7}, 7), ({"jobs_keep_days": 0}, None)])
async def test_a_job_says_until_when_it_is_kept(
    open_batches: Open, days: dict[str, int], kept_days: int | None
) -> None:
    gateway = await open_batches(Gated(is_open=False), **days)
    url = await made(gateway, 10)
    assert orjson.loads((await get(gateway, url))[2])["kept_until"] is None
    async with gateway.delete(url) as response:
        found = await response.json()
    ended_at = datetime.fromisoformat(found["ended_at"])
    kept = found["kept_until"] and datetime.fromisoformat(found["kept_until"]) - ended_at
    assert kept == (None if kept_days is None else timedelta(days=kept_days))


async def test_an_upload_that_was_given_up_and_goes_on_is_a_bad_request(open_batches: Open) -> None:
    gateway = await open_batches(Gated(is_open=False))
    ledger = ledger_of(gateway)
    for late in (b"C co\n" * 10_000, b""):
        given_up = asyncio.Event()

        async def body(late: bytes = late, given_up: asyncio.Event = given_up) -> AsyncIterator[bytes]:
            yield b"name\nA co\n"
            await given_up.wait()
            yield b"B co\n" + late

        posting = asyncio.create_task(post(gateway, body(), {**CSV, "Idempotency-Key": "k"}))  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            while (job := await ledger.job_by_key("k")) is None:
                await asyncio.sleep(0.005)
        await ledger.forget(job.new.id)
        given_up.set()
        async with asyncio.timeout(10):
            status, found = await posting
        assert (status, found["code"], found["fault"], found["outcome"]) == (
            400,
            "invalid_file",
            "upload_given_up",
            "not_screened",
        )
    status, _ = await post(gateway, b"name\nA co\n", {**CSV, "Idempotency-Key": "k"})
    assert status == 202


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_an_encoded_file_that_breaks_off_is_refused_and_leaves_nothing(open_batches: Open, coding: str) -> None:
    gateway = await open_batches(Gated(is_open=False))
    encoded = (gzip.compress if coding == "gzip" else zlib.compress)(names(20_000))
    headers = {**CSV, "Content-Encoding": coding}
    for cut in (1, 8, 30, len(encoded) // 2):
        status, told = await post(gateway, encoded[:-cut], headers)
        assert (status, told["fault"], told["outcome"]) == (400, "broken_body", "not_screened"), cut
    assert await ledger_of(gateway).waiting_chunks() == 0
    status, job = await post(gateway, encoded, headers)
    assert (status, job["rows"]) == (202, 20_000)


async def test_a_gzip_file_may_have_several_members_but_nothing_else_behind_them(open_batches: Open) -> None:
    gateway = await open_batches(Gated())
    headers = {**CSV, "Content-Encoding": "gzip"}
    status, job = await post(gateway, gzip.compress(b"name\nA co\n") + gzip.compress(b"B co\n"), headers)
    assert (status, job["rows"]) == (202, 2)
    status, told = await post(gateway, gzip.compress(b"name\nA co\n") + b"garbage", headers)
    assert (status, told["fault"]) == (400, "broken_body")
    assert (await post(gateway, b"name\nA co\n", {**CSV, "Content-Encoding": "lzw"}))[0] == 415


async def test_a_stream_that_breaks_off_in_its_encoding_is_not_complete(open_batches: Open) -> None:
    gateway = await open_batches(Gated())
    encoded = gzip.compress(names(9000))
    headers = {**CSV, "Content-Encoding": "gzip"}
    async with gateway.post("/v1/sanctions/batch", data=encoded[: len(encoded) // 2], headers=headers) as response:
        summary = orjson.loads((await response.read()).splitlines()[-1])["summary"]
    assert (summary["complete"], summary["problem"]["fault"]) == (False, "broken_body")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (PART + b"\r\n--b--\r\n", 202),
        (PART, 400),
        (PART + b"\r\n--b", 400),
        (PART + b"\r\n" + OTHER_PART + b"--b--\r\n", 400),
        (OTHER_PART + PART + b"\r\n--b--\r\n", 400),
        (b"--b\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\nname\r\n--b--\r\n", 400),
        (b"--b--\r\n", 400),
        (b"", 400),
    ],
)
async def test_a_form_has_one_whole_part(open_batches: Open, body: bytes, status: int) -> None:
    gateway = await open_batches(Gated(is_open=False))
    assert (await post(gateway, body, FORM))[0] == status
    assert await ledger_of(gateway).waiting_chunks() == (status == 202)


async def test_a_key_is_one_file_with_one_way_to_read_it(open_batches: Open) -> None:
    gateway = await open_batches(Gated())
    keyed = {**CSV, "Idempotency-Key": '"monthly 7"'}
    assert (await post(gateway, b"no such column\n1\n", keyed))[0] == 400
    both = await asyncio.gather(*[post(gateway, b"name,alias\nA co,B co\n", keyed) for _ in range(2)])
    assert sorted(status for status, _ in both) in ([202, 409], [200, 202])
    [made] = [job["id"] for status, job in both if status == 202]
    status, job = await post(gateway, b"name,alias\nA co,B co\n", keyed)
    assert (status, job["id"]) == (200, made)
    for body, query in ((b"name\nC co\n", ""), (b"name,alias\nA co,B co\n", "?threshold=0.9")):
        status, told = await post(gateway, body, keyed, query)
        assert (status, told["code"]) == (422, "idempotency_key_reused")
    assert (await post(gateway, b"name,alias\nA co,B co\n", keyed, "?map=name%3Dalias"))[0] == 422


@pytest.mark.parametrize("job_id", ["%00", "..%2Fjobs", "a" * 3000, "%C3%84", "sandbox-0"])
async def test_an_id_that_is_none_is_not_found(open_batches: Open, job_id: str) -> None:
    gateway = await open_batches(Gated())
    assert (await get(gateway, f"/v1/jobs/{job_id}"))[0] == 404


async def test_events_end_with_the_job_and_a_listener_may_leave(open_batches: Open) -> None:
    matching = Gated(is_open=False)
    gateway = await open_batches(matching)
    _, job = await post(gateway, names(600))
    async with gateway.get(job["events_url"], headers={"Last-Event-ID": "x"}) as leaving:
        assert b"event: progress" in await leaving.content.readuntil(b"\n\n") + await leaving.content.readuntil(b"\n\n")
    async with gateway.get(job["events_url"]) as listening:
        matching.gate.set()
        events = (await listening.read()).decode().strip().split("\n\n")
    assert "event: end" in events[-1]
    data = next(line for line in events[-1].splitlines() if line.startswith("data: "))
    assert orjson.loads(data.removeprefix("data: "))["status"] == "done"


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/sanctions/batch"])
async def test_all_that_is_wrong_with_a_question_is_said_at_once(open_batches: Open, path: str) -> None:
    gateway = await open_batches(Gated())
    query = "?threshold=7&via=both&map=firm=x&map=name=&mistake=1"
    headers = {**CSV, "Idempotency-Key": "a b"}
    async with gateway.post(f"{path}{query}", data=b"name\nA\n", headers=headers) as response:
        found = await response.json()
    assert (response.status, found["code"]) == (400, "invalid_query")
    for said in (
        "threshold: must be at most 1",
        "via: must be list or api",
        "map: 'firm=x' is not one of",
        "map: name must be a column of the file",
        "mistake: there is no such parameter",
    ):
        assert said in found["detail"]
    # A key with a blank in it needs quotes; batches have none.
    assert ("Idempotency-Key: must be" in found["detail"]) == (path == "/v1/jobs")


async def test_all_that_is_wrong_with_what_results_are_asked_by_is_said_at_once(open_batches: Open) -> None:
    gateway = await open_batches(Gated())
    url = await made(gateway, 10)
    status, _, body = await get(gateway, f"{url}/results?status=good&format=xml", Range="rows=5-4")
    detail = orjson.loads(body)["detail"]
    assert (status, detail.count(";")) == (400, 2)
    for said in ("status: must be", "format: must be", "Range: the last row is before the first"):
        assert said in detail


async def test_all_columns_that_are_mapped_and_missing_are_named(open_batches: Open) -> None:
    gateway = await open_batches(Gated())
    status, found = await post(gateway, b"Firma,Nr\nA,1\n", CSV, "?map=name=Company,ref=Key")
    assert (status, found["fault"]) == (400, "no_such_column")
    assert "'Company', which is to hold name; no column is called 'Key'" in found["detail"]
