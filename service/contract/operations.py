"""What the REST API can be asked: one row for each method of each route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from service.contract.problems import EVERY_CALL, NOT_READY
from service.envelope import ToolAnswer
from service.events import Event
from service.handlers.agencies import HTS_SEARCH, REFUSALS, RULINGS, SANCTIONS
from service.handlers.tools import Catalogue
from service.health import Health, Readiness
from service.shipment import Shipment
from service.snapshot import Snapshot
from tools.hts import HTSLineResult, HTSQuery, HTSSearchResult
from tools.refusals import RefusalsQuery, RefusalsResult
from tools.rulings import RulingResult, RulingsQuery, RulingsResult
from tools.sanctions import SanctionsResult
from tools.sanctions_query import SanctionsQuery

__all__ = ["OPERATIONS", "Operation"]

_PLAIN = ("invalid_query", "internal_error")
_BODY = ("unsupported_media_type", "too_large")
_KEY = ("not_configured",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route.

    `query` are the parameters of the query string, and what `model` calls them; `path_parameter` likewise; those in
    `required` have to be there. `body` is the model of a JSON body. `answers` is the type of each good answer by its
    content type. `calls_agencies`: how long it may take can be said by a header.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    answers: Mapping[str, Any]
    problems: tuple[str, ...]
    model: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    path_parameter: tuple[str, str] | None = None
    body: Any = None
    calls_agencies: bool = False
    screens: bool = False


def _tool(id: str, path: str, summary: str, model: type[BaseModel], result: Any, **more: Any) -> Operation:  # noqa: A002 - OpenAPI's word
    also = more.pop("also", ())
    return Operation(
        id=id,
        method="get",
        path=path,
        tag="agencies",
        summary=summary,
        model=model,
        answers={"application/json": ToolAnswer[result]},
        problems=(*EVERY_CALL, *also),
        calls_agencies=True,
        **more,
    )


OPERATIONS: tuple[Operation, ...] = (
    _tool(
        "hts_search",
        "/v1/hts",
        "Tariff lines that hold a word, or whose number begins so",
        HTSQuery,
        HTSSearchResult,
        query=HTS_SEARCH,
        required=("q",),
    ),
    _tool(
        "hts_line",
        "/v1/hts/{code}",
        "One tariff line with its inherited rates, footnotes and linked headings",
        HTSQuery,
        HTSLineResult,
        path_parameter=("code", "code"),
        also=("not_found",),
    ),
    _tool(
        "sanctions",
        "/v1/sanctions",
        "One party against the Consolidated Screening List",
        SanctionsQuery,
        SanctionsResult,
        query=SANCTIONS,
        required=("name",),
        also=("not_configured", "not_screened"),
        screens=True,
    ),
    _tool(
        "refusals",
        "/v1/refusals",
        "FDA import refusals, and counts of them",
        RefusalsQuery,
        RefusalsResult,
        query=REFUSALS,
        also=_KEY,
    ),
    _tool(
        "rulings",
        "/v1/rulings",
        "CBP rulings by words (q) or by tariff number (hts)",
        RulingsQuery,
        RulingsResult,
        query=RULINGS,
    ),
    _tool(
        "ruling",
        "/v1/rulings/{number}",
        "One CBP ruling with its text, and what has become of it",
        RulingsQuery,
        RulingResult,
        path_parameter=("number", "number"),
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
        problems=(*_PLAIN, *_BODY, "snapshot_incomplete"),
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
        body=dict[str, Any],
        answers={"application/json": ToolAnswer[Any]},
        problems=(*EVERY_CALL, *_BODY, *_KEY, "not_found", "no_such_route", "not_screened"),
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
