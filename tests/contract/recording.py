"""Asks a gateway what the contract shows: `python -m tests.contract.recording` writes the examples anew."""

import asyncio
import io
import string
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from aiohttp.test_utils import TestClient, TestServer

from service.app import create_app
from service.config import Config
from service.contract.jobs import JOB_ID
from service.contract.operations import OPERATIONS, Operation
from service.keys import LISTS

EXAMPLES = Path(__file__).parents[2] / "service/contract/examples"
BY_ID = {operation.id: operation for operation in OPERATIONS}

#: Written by hand: what is asked with a body, and what stands for the contract in itself.
BY_HAND = frozenset(
    {
        *("snapshot.request.json", "sanctions_by_example.request.json", "tool.request.json", "openapi.json"),
        # Of jobs that have not ended, which here they have too soon.
        *("job_remove.json", "job_events.txt"),
    }
)

#: The gateways that are asked, by their settings.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "sample data": {"sandbox": True, "sanctions_source": "list"},
    "no keys": {"sanctions_source": "api"},
    "no screening": {"sandbox": True, "sanctions_source": "api", "sandbox_faults": "csl=status:403"},
}
Gateway = TestClient[Any, Any]
_KEYED = {"Idempotency-Key": "partners-2026-11"}
#: The job that each gateway has, which stands for that of the examples.
_JOBS: dict[Gateway, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An operation's own example, asked of one of the gateways; or another one: what `asked` and `body` change."""

    operation: str
    gateway: str = "sample data"
    asked: Mapping[str, str | int] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    async def put(self, gateway: Gateway) -> tuple[int, bytes]:
        """The status, and the body of the answer."""
        operation = BY_ID[self.operation]
        asked = {**operation.asked, **self.asked}
        if asked.get("id") == JOB_ID:
            asked["id"] = _JOBS[gateway]
        names = [name for _, name, *_ in string.Formatter().parse(operation.path) if name]
        path = operation.path.format(**{name: quote(str(asked.pop(name))) for name in names})
        body = self.body if self.body is not None else _body_of(operation)
        kind = {"Content-Type": self.content_type or _content_type(operation)} if body is not None else {}
        async with gateway.request(
            operation.method,
            f"{path}?{urlencode(asked)}",
            data=io.BytesIO(body) if body is not None else None,
            headers={**kind, **self.headers},
        ) as response:
            return response.status, await response.read()


def _content_type(operation: Operation) -> str:
    return "application/json" if operation.file is None else "text/csv"


def _body_of(operation: Operation) -> bytes | None:
    if operation.file is not None:
        return str(operation.file["text/csv"]["example"]).encode()
    return (EXAMPLES / f"{operation.id}.request.json").read_bytes() if operation.body is not None else None


def _shipment(**changes: Any) -> bytes:
    return orjson.dumps({**orjson.loads((EXAMPLES / "snapshot.request.json").read_bytes()), **changes})


#: The answer in each file of `examples`.
ANSWERS: Mapping[str, Question] = {
    **{
        f"{each}.json": Question(operation=each)
        for each in BY_ID
        if each not in ("metrics", "openapi", "sanctions_batch", "job_remove", "job_events", "job_results")
    },
    "job_results.ndjson": Question(operation="job_results"),
    "job_results.csv": Question(operation="job_results", asked={"format": "csv"}),
    "metrics.txt": Question(operation="metrics"),
    "sanctions_batch.ndjson": Question(operation="sanctions_batch"),
    "sanctions_batch.csv": Question(operation="sanctions_batch", asked={"format": "csv"}),
    "snapshot.ndjson": Question(operation="snapshot", asked={"stream": "1"}),
}
#: The problems in `examples/problems.json`, by code.
PROBLEMS: tuple[tuple[str, Question], ...] = (
    ("invalid_query", Question(operation="hts_search", asked={"limit": 5000})),
    ("invalid_query", Question(operation="hts_line", asked={"code": "85"})),
    ("invalid_query", Question(operation="sanctions", asked={"threshold": 80})),
    ("invalid_query", Question(operation="refusals", asked={"since": "2025"})),
    ("invalid_query", Question(operation="rulings", asked={"hts": "1604.14"})),
    ("invalid_query", Question(operation="ruling", asked={"number": "tuna"})),
    ("invalid_query", Question(operation="snapshot", body=_shipment(parties=[]))),
    ("invalid_query", Question(operation="tools", asked={"limit": 1})),
    ("invalid_query", Question(operation="tool", body=b'{"keyword": "asses", "max": 1}')),
    ("invalid_query", Question(operation="health", asked={"verbose": 1})),
    ("invalid_query", Question(operation="ready", asked={"verbose": 1})),
    ("invalid_query", Question(operation="metrics", asked={"format": "json"})),
    ("invalid_query", Question(operation="openapi", asked={"format": "yaml"})),
    ("not_found", Question(operation="hts_line", asked={"code": "8507.60.00.99"})),
    ("not_found", Question(operation="ruling", asked={"number": "N999999"})),
    ("not_found", Question(operation="tool", body=b'{"code": "8507.60.00.99"}')),
    ("no_such_route", Question(operation="tool", asked={"name": "tariff"})),
    ("too_large", Question(operation="snapshot", body=b" " * 1_100_000)),
    ("too_large", Question(operation="tool", body=b" " * 1_100_000)),
    ("unsupported_media_type", Question(operation="snapshot", body=b"<shipment/>", content_type="application/xml")),
    ("unsupported_media_type", Question(operation="tool", body=b"keyword=asses", content_type="text/plain")),
    ("not_configured", Question(operation="sanctions", gateway="no keys")),
    ("not_configured", Question(operation="sanctions_by_example", gateway="no keys")),
    ("invalid_query", Question(operation="sanctions_by_example", body=b'{"name": "Atlas", "threshold": 7}')),
    ("too_large", Question(operation="sanctions_by_example", body=b" " * 1_100_000)),
    (
        "unsupported_media_type",
        Question(operation="sanctions_by_example", body=b"name=Atlas", content_type="text/plain"),
    ),
    ("script_not_covered", Question(operation="sanctions", asked={"name": "الشركة التجارية", "country": "IR"})),
    (
        "script_not_covered",
        Question(operation="sanctions_by_example", body=orjson.dumps({"name": "الشركة التجارية", "country": "IR"})),
    ),
    (
        "script_not_covered",
        Question(operation="tool", asked={"name": "sanctions"}, body=orjson.dumps({"name": "الشركة التجارية"})),
    ),
    ("invalid_query", Question(operation="sanctions_batch", asked={"map": "firm=Company"})),
    ("invalid_file", Question(operation="sanctions_batch", body=b"Kd-Nr;Land\nA-1;DE\n")),
    ("unsupported_media_type", Question(operation="sanctions_batch", body=b"<rows/>", content_type="application/xml")),
    ("not_configured", Question(operation="sanctions_batch", gateway="no keys")),
    ("not_screened", Question(operation="sanctions_batch", gateway="no keys", asked={"via": "list"})),
    ("invalid_query", Question(operation="job_begin", asked={"list": "oldest"})),
    ("invalid_file", Question(operation="job_begin", body=b"Kd-Nr;Land\nA-1;DE\n")),
    ("unsupported_media_type", Question(operation="job_begin", body=b"<rows/>", content_type="application/xml")),
    ("not_configured", Question(operation="job_begin", gateway="no keys")),
    ("not_screened", Question(operation="job_begin", gateway="no keys", asked={"via": "list"})),
    ("idempotency_key_reused", Question(operation="job_begin", body=b"name\nAtlas\n", headers=_KEYED)),
    ("invalid_query", Question(operation="job", asked={"verbose": 1})),
    ("not_found", Question(operation="job", asked={"id": "0"})),
    ("invalid_query", Question(operation="job_remove", asked={"verbose": 1})),
    ("not_found", Question(operation="job_remove", asked={"id": "0"})),
    ("invalid_query", Question(operation="job_events", asked={"verbose": 1})),
    ("not_found", Question(operation="job_events", asked={"id": "0"})),
    ("invalid_query", Question(operation="job_results", asked={"status": "clear"})),
    ("not_found", Question(operation="job_results", asked={"id": "0"})),
    ("range_not_satisfiable", Question(operation="job_results", headers={"Range": "rows=9-"})),
    ("invalid_query", Question(operation="lists", asked={"verbose": 1})),
    ("not_screened", Question(operation="lists", gateway="no keys")),
    ("not_screened", Question(operation="list_changes", gateway="no keys")),
    ("not_found", Question(operation="list_changes", asked={"since": "0" * 64})),
    ("invalid_query", Question(operation="list_changes", asked={"since": "yesterday"})),
    ("not_configured", Question(operation="refusals", gateway="no keys")),
    (
        "not_configured",
        Question(operation="tool", gateway="no keys", asked={"name": "refusals"}, body=b'{"country": "TH"}'),
    ),
    (
        "snapshot_incomplete",
        Question(operation="snapshot", gateway="no screening", body=_shipment(require=["sanctions"])),
    ),
)


@asynccontextmanager
async def _gateways() -> AsyncIterator[Mapping[str, Gateway]]:
    async with AsyncExitStack() as stack:
        yield {name: await _ready(stack, settings) for name, settings in SETTINGS.items()}


async def _ready(stack: AsyncExitStack, settings: Mapping[str, Any]) -> Gateway:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    app = create_app(Config(**{"data_dir": Path(folder), **settings}))
    gateway: Gateway = await stack.enter_async_context(TestClient(TestServer(app)))
    lists = app[LISTS]
    if lists is not None:
        await lists.settled()
        _JOBS[gateway] = await _ended_job(gateway)
        stack.callback(_JOBS.pop, gateway)
    return gateway


async def _ended_job(gateway: Gateway) -> str:
    """One with the file of the example."""
    begun = Question(operation="job_begin", headers=_KEYED)
    _, body = await begun.put(gateway)
    job_id = str(orjson.loads(body)["id"])
    async with gateway.get(f"/v1/jobs/{job_id}/events") as events:
        await events.read()
    return job_id


async def answers() -> dict[str, bytes]:
    """What each file of `examples` is to hold, but for those written by hand."""
    found: dict[str, bytes] = {}
    problems: dict[str, dict[str, Any]] = {}
    async with _gateways() as gateways:
        for name, question in ANSWERS.items():
            status, found[name] = await question.put(gateways[question.gateway])
            assert status in (200, 202), found[name]
        for code, question in PROBLEMS:
            _, body = await question.put(gateways[question.gateway])
            problem = orjson.loads(body)
            assert problem["code"] == code, problem
            problems.setdefault(question.operation, {})[code] = problem
    return {**found, "problems.json": orjson.dumps(problems)}


def shown(name: str, content: bytes) -> bytes:
    """What is shown of an answer in the file `name`: of a stream its first line, of the metrics one of them; of a batch
    in CSV all but the summary, which is another each time."""
    if name.endswith(".ndjson"):
        return content.splitlines()[0] + b"\n"
    if name.endswith(".txt"):
        return b"".join(line for line in content.splitlines(keepends=True) if b"http_client_circuit_state" in line)
    if name == "sanctions_batch.csv":
        return b"".join(content.splitlines(keepends=True)[:-1])
    if name.endswith(".csv"):
        return content
    return orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2) + b"\n"


def main() -> None:
    """Write every example but those written by hand."""
    written = asyncio.run(answers())
    for name, content in written.items():
        (EXAMPLES / name).write_bytes(shown(name, content))
    sys.stdout.write(f"{len(written)} examples written\n")


if __name__ == "__main__":
    main()
