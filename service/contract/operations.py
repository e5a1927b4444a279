"""What the REST API can be asked: one row for each method of each route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.batches.file_faults import INVALID_FILE
from service.batches.report import ReportLine, RowNotScreened, ScreenedRow
from service.batches.telling import JobTold
from service.contract.files import BATCH_PARAMETERS, BATCH_QUERY, FILE_OF_ROWS
from service.contract.jobs import (
    FILE_OF_A_JOB,
    IDEMPOTENCY,
    JOB_ID,
    JOB_PARAMETERS,
    JOB_QUERY,
    RESULTS,
    RESULTS_RANGE,
)
from service.contract.problems import EVERY_CALL
from service.envelope import ToolAnswer
from service.errors import LEDGER_UNAVAILABLE
from service.events import Event
from service.handlers.agencies import HTS_SEARCH, REFUSALS, RULINGS, SANCTIONS
from service.handlers.job_problems import KEY_IN_USE, KEY_REUSED, RANGE_NOT_SATISFIABLE
from service.handlers.lists import ChangesTold, ListsTold
from service.handlers.tools import Catalogue
from service.health import NOT_READY, REQUIRABLE, Health, Readiness
from service.inquiry import SNAPSHOT_INCOMPLETE
from service.shipment import Shipment
from service.snapshot import Snapshot
from tools.agency import AgencyTool
from tools.hts import HTSLineResult, HTSSearchResult, HTSTool
from tools.refusals import RefusalsResult, RefusalsTool
from tools.rulings import RulingResult, RulingsResult, RulingsTool
from tools.sanctions import SanctionsQuery, SanctionsResult, SanctionsTool

__all__ = ["OPERATIONS", "Operation"]

#: The version of the sandbox's list.
SAMPLE_LIST = "0c34e199b79e1374e4f614407c535f59accd2e54dad42492b1cba79bef45b683"

_PLAIN = ("invalid_query", "internal_error")
_BODY = ("unsupported_media_type", "too_large")
_KEY = ("not_configured",)
_JOB = (*_PLAIN, "not_found", LEDGER_UNAVAILABLE)
_OF_A_JOB: Mapping[str, Any] = {
    "tag": "jobs",
    "path_parameter": ("id", "id"),
    "own": {"id": JOB_PARAMETERS["id"]},
    "asked": {"id": JOB_ID},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route.

    `query` are the parameters of the query string, and what `tool` calls them; `path_parameter` likewise; those in
    `required` have to be there; `asked` are those of the example. `body` is the model of a JSON body. `answers` is the
    type of each good answer by its content type, `problems` the codes of the others. `calls_agencies`: how long it may
    take can be said by a header, and whether kept answers will do. `file` is a body that is a file of rows: schema and
    example by content type; `own` are the schemas of parameters that are not the tool's, `headers` of those in headers.
    `status` is that of a good answer, `also` the other good ones, and whether they have its body; `tells` are headers
    that good answers have.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    answers: Mapping[str, Any]
    problems: tuple[str, ...]
    tool: type[AgencyTool] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    path_parameter: tuple[str, str] | None = None
    asked: Mapping[str, str | int] = field(default_factory=dict)
    body: Any = None
    needs_body: bool = True
    file: Mapping[str, Any] | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    also: Mapping[int, bool] = field(default_factory=dict)
    tells: tuple[str, ...] = ()
    calls_agencies: bool = False
    screens: bool = False


def _agency(id: str, path: str, summary: str, tool: type[AgencyTool], result: Any, **more: Any) -> Operation:  # noqa: A002 - OpenAPI's word
    also = more.pop("also", ())
    return Operation(
        id=id,
        method="get",
        path=path,
        tag="agencies",
        summary=summary,
        tool=tool,
        answers={"application/json": ToolAnswer[result]},
        problems=(*EVERY_CALL, *also),
        calls_agencies=True,
        screens=tool.screens,
        **more,
    )


OPERATIONS: tuple[Operation, ...] = (
    _agency(
        "hts_search",
        "/v1/hts",
        "Tariff lines that hold a word, or whose number begins so",
        HTSTool,
        HTSSearchResult,
        query=HTS_SEARCH,
        required=("q",),
        asked={"q": "lithium-ion", "limit": 2},
    ),
    _agency(
        "hts_line",
        "/v1/hts/{code}",
        "One tariff line with its inherited rates, footnotes and linked headings",
        HTSTool,
        HTSLineResult,
        path_parameter=("code", "code"),
        asked={"code": "8507.60.00.20"},
        also=("not_found",),
    ),
    _agency(
        "sanctions",
        "/v1/sanctions",
        "One party against the Consolidated Screening List",
        SanctionsTool,
        SanctionsResult,
        query=SANCTIONS,
        required=("name",),
        asked={"name": "Atlas Sanatgaran", "country": "AM"},
        also=(*_KEY, "not_screened", "script_not_covered"),
    ),
    Operation(
        id="sanctions_by_example",
        method="post",
        path="/v1/sanctions",
        tag="agencies",
        summary="The same, for the party that a JSON object describes",
        tool=SanctionsTool,
        body=SanctionsQuery,
        answers={"application/json": ToolAnswer[SanctionsResult]},
        problems=(*EVERY_CALL, *_BODY, *_KEY, "not_screened", "script_not_covered"),
        calls_agencies=True,
        screens=True,
    ),
    Operation(
        id="sanctions_batch",
        method="post",
        path="/v1/sanctions/batch",
        tag="batches",
        summary="Up to 10,000 rows, each told as soon as it is screened; the last line is the summary",
        tool=SanctionsTool,
        query=BATCH_QUERY,
        own=BATCH_PARAMETERS,
        file=FILE_OF_ROWS,
        answers={"application/x-ndjson": ReportLine, "text/csv": str},
        problems=(*_PLAIN, INVALID_FILE, *_BODY, *_KEY, "not_screened"),
        screens=True,
    ),
    Operation(
        id="job_begin",
        method="post",
        path="/v1/jobs",
        tag="jobs",
        summary="A file of up to 10,000,000 rows, kept and screened; 200: the job that was sent with the same key",
        tool=SanctionsTool,
        query=JOB_QUERY,
        own=JOB_PARAMETERS,
        headers=IDEMPOTENCY,
        file=FILE_OF_A_JOB,
        answers={"application/json": JobTold},
        status=202,
        also={200: True},
        problems=(*_PLAIN, INVALID_FILE, *_BODY, *_KEY, "not_screened", LEDGER_UNAVAILABLE, KEY_IN_USE, KEY_REUSED),
        screens=True,
    ),
    Operation(
        id="job",
        method="get",
        path="/v1/jobs/{id}",
        summary="How a job stands",
        answers={"application/json": JobTold},
        problems=_JOB,
        **_OF_A_JOB,
    ),
    Operation(
        id="job_remove",
        method="delete",
        path="/v1/jobs/{id}",
        summary="End a job: one that has not ended is cancelled; one that has is removed, with all its rows",
        answers={"application/json": JobTold},
        also={204: False},
        problems=_JOB,
        **_OF_A_JOB,
    ),
    Operation(
        id="job_events",
        method="get",
        path="/v1/jobs/{id}/events",
        summary="How a job goes, as server-sent events: progress, then end (or gone); each has the job as it stands",
        answers={"text/event-stream": str},
        problems=_JOB,
        **_OF_A_JOB,
    ),
    Operation(
        id="job_results",
        method="get",
        path="/v1/jobs/{id}/results",
        summary="The rows that have a result, in order; of a job that runs, up to the first that has none",
        query={"status": "status", "format": "format"},
        headers=RESULTS_RANGE,
        answers={"application/x-ndjson": ScreenedRow | RowNotScreened, "text/csv": str},
        also={206: True},
        tells=("Accept-Ranges", "X-Job-Status", "X-Results-Complete"),
        problems=(*_JOB, RANGE_NOT_SATISFIABLE),
        **{**_OF_A_JOB, "own": RESULTS},
    ),
    Operation(
        id="lists",
        method="get",
        path="/v1/lists",
        tag="lists",
        summary="The thirteen lists, the version that is held here, and those before it",
        answers={"application/json": ListsTold},
        problems=(*_PLAIN, "not_screened"),
    ),
    Operation(
        id="list_changes",
        method="get",
        path="/v1/lists/changes",
        tag="lists",
        summary="What was added, removed and changed since a version that was in force",
        query={"since": "since"},
        required=("since",),
        asked={"since": SAMPLE_LIST},
        answers={"application/json": ChangesTold},
        problems=(*_PLAIN, "not_found", "not_screened"),
    ),
    _agency(
        "refusals",
        "/v1/refusals",
        "FDA import refusals, and counts of them",
        RefusalsTool,
        RefusalsResult,
        query=REFUSALS,
        asked={"country": "IN", "since": "2026-01-01", "limit": 2},
        also=_KEY,
    ),
    _agency(
        "rulings",
        "/v1/rulings",
        "CBP rulings by words (q) or by tariff number (hts)",
        RulingsTool,
        RulingsResult,
        query=RULINGS,
        asked={"q": "tuna", "limit": 1},
    ),
    _agency(
        "ruling",
        "/v1/rulings/{number}",
        "One CBP ruling with its text, and what has become of it",
        RulingsTool,
        RulingResult,
        path_parameter=("number", "number"),
        asked={"number": "N305619"},
        also=("not_found",),
    ),
    Operation(
        id="snapshot",
        method="post",
        path="/v1/snapshot",
        tag="snapshot",
        summary="One shipment: four tiles, a risk, reasons; with stream=1 tile by tile",
        query={"stream": "stream"},
        body=Shipment,
        answers={"application/json": Snapshot, "application/x-ndjson": Event},
        problems=(*_PLAIN, *_BODY, SNAPSHOT_INCOMPLETE),
        calls_agencies=True,
        screens=True,
    ),
    Operation(
        id="tools",
        method="get",
        path="/v1/tools",
        tag="tools",
        summary="Every tool, its parameters, and how it runs",
        answers={"application/json": Catalogue},
        problems=_PLAIN,
    ),
    Operation(
        id="tool",
        method="post",
        path="/v1/tools/{name}",
        tag="tools",
        summary="Run a tool with the members of a JSON object as its arguments",
        path_parameter=("name", "name"),
        asked={"name": "hts"},
        body=dict[str, Any],
        needs_body=False,  # a tool without required arguments may be run without one
        answers={"application/json": ToolAnswer[Any]},
        problems=(*EVERY_CALL, *_BODY, *_KEY, "not_found", "no_such_route", "not_screened", "script_not_covered"),
        calls_agencies=True,
    ),
    Operation(
        id="health",
        method="get",
        path="/health",
        tag="operations",
        summary="How the process stands: pools, threads, kept answers, policies. Asks no agency",
        answers={"application/json": Health},
        problems=_PLAIN,
    ),
    Operation(
        id="ready",
        method="get",
        path="/health/ready",
        tag="operations",
        summary="Whether the service takes work, and what each agency lacks",
        query={"require": "require"},
        own={"require": {"type": "string", "description": f"parts that must answer, of: {', '.join(REQUIRABLE)}"}},
        answers={"application/json": Readiness},
        problems=(*_PLAIN, NOT_READY),
    ),
    Operation(
        id="metrics",
        method="get",
        path="/metrics",
        tag="operations",
        summary="What the process counts, in Prometheus's text format",
        answers={"text/plain": str},
        problems=_PLAIN,
    ),
    Operation(
        id="openapi",
        method="get",
        path="/openapi.json",
        tag="operations",
        summary="This document",
        answers={"application/json": dict[str, Any]},
        problems=_PLAIN,
    ),
)
