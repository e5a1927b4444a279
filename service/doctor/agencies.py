"""Asks each agency what the service would ask it, once and live."""

import asyncio
import os
import time
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import structlog
from pydantic import BaseModel

from service.config import PREFIX, Config
from service.doctor.checkup import Checkup, Key, host_of, not_examined, shape_seen, status_of, without_path
from service.doctor.findings import (
    Finding,
    Place,
    no_rows,
    of_answer,
    of_error,
    of_tries,
    proxy_is_ignored,
    sample_data,
    slow,
    unset_keys,
    was_reached,
)
from service.doctor.list_file import examine_list
from service.sandbox import Sandbox
from tools.agency import AgencyTool
from tools.base import ComplianceTool
from tools.call import Usage, recording
from tools.errors import ProviderFailed, ProviderGarbled, ProviderRejected, ToolError
from tools.exchange import Answer, Request, Response
from tools.hts import HTSQuery
from tools.http_client import AsyncClient
from tools.refusals import RefusalsQuery
from tools.rulings import RulingsQuery
from tools.sanctions import SanctionsQuery

__all__ = ["QUESTIONS", "examine"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: One small question for each kind of answer that the service reads. Each has had an answer for years, so that an
#: empty one is news.
QUESTIONS: Mapping[str, Sequence[BaseModel]] = {
    "hts": (HTSQuery(code="8517130000"), HTSQuery(keyword="8507.60.00")),
    "csl": (SanctionsQuery(name="Bank Melli", via="api"),),
    "fda": (RefusalsQuery(country="IN", since=date(2024, 1, 1), until=date(2024, 1, 31)),),
    "cross": (RulingsQuery(number="968227"),),
}
#: Where the rows stand in an answer; of other answers, one is one.
_ROWS = ("results", "result", "rulings")
_ORDER = ("hts", "csl", "list", "fda", "cross")


async def examine(
    config: Config, tools: Iterable[ComplianceTool], sandbox: Sandbox | None, client: AsyncClient, list_within_s: float
) -> tuple[Checkup, ...]:
    """Ask each of the agencies' `tools`, and read the list file within `list_within_s`, all at the same time.

    What becomes of one of them keeps none of the others from being examined.
    """
    agencies = {str(tool.upstream): tool for tool in tools if isinstance(tool, AgencyTool)}
    checks: dict[str, Awaitable[Checkup]] = {
        upstream: _examine_agency(config, agencies[upstream]) for upstream in QUESTIONS if upstream in agencies
    }
    checks["list"] = examine_list(config, sandbox, client, list_within_s)
    came = await asyncio.gather(*checks.values(), return_exceptions=True)
    checkups = [
        each if isinstance(each, Checkup) else _of_fault(subject, each)
        for subject, each in zip(checks, came, strict=True)
    ]
    return tuple(sorted(checkups, key=lambda each: _ORDER.index(each.subject)))


def _of_fault(subject: str, exc: BaseException) -> Checkup:
    if not isinstance(exc, Exception):
        raise exc
    log.error("examining failed", subject=subject, exc_info=exc)
    return not_examined(subject, exc)


async def _examine_agency(config: Config, tool: AgencyTool) -> Checkup:
    upstream = str(tool.upstream)
    place = _place(config, tool)
    if tool.unset_keys:
        unset = _settings(upstream, tool.unset_keys)
        return _checkup(
            tool, findings=(unset_keys(unset, can_do_without=not tool.missing),), reachable=None, key="not_set"
        )
    seen: list[tuple[str, Response]] = []

    def watch(request: Request, response: Response) -> None:
        seen.append((request.url.removeprefix(tool.base_url), response))

    version: str | None = None
    error: ToolError | None = None
    took_s: list[float] = []
    with recording() as usage:
        for question in QUESTIONS[upstream]:
            began = time.monotonic()
            try:
                answer: Answer[object] = await tool.run_query_async(question, watch=watch)
                version = version or answer.source.version
            except ToolError as exc:
                error = exc
                break
            finally:
                took_s.append(time.monotonic() - began)
    findings = _findings_of(seen, error, usage, max(took_s), config.deadline_s, place)
    if tool.sandbox and not config.sandbox:
        findings.append(sample_data())
    return _checkup(
        tool,
        findings=tuple(dict.fromkeys(replace(each, detail=_masked(each.detail, tool)) for each in findings)),
        reachable=bool(seen) or was_reached(error),
        key=_key(tool, error, findings, seen),
        requests=usage.attempts,
        elapsed_ms=sum(took_s) * 1000,
        rows=_rows(seen),
        version=None if version is None else _masked(version, tool),
    )


def _findings_of(
    seen: Sequence[tuple[str, Response]],
    error: ToolError | None,
    usage: Usage,
    slowest_s: float,
    deadline_s: float,
    place: Place,
) -> list[Finding]:
    findings = [] if error is None else [of_error(error, seen[-1][1] if seen else None, place)]
    # FDA refuses in a body with 200, which the error has named already.
    answers = seen[:-1] if isinstance(error, ProviderRejected | ProviderFailed) else seen
    findings += [each for path, response in answers for each in of_answer(response, path)]
    if error is None:
        findings += of_tries([each.outcome for each in usage.tries])
        findings += slow(slowest_s, deadline_s)
        if not _rows(seen):
            findings.append(no_rows())
    return findings


def _rows(seen: Iterable[tuple[str, Response]]) -> int:
    return sum(_rows_in(response) for _, response in seen if response.status == 200)


def _rows_in(response: Response) -> int:
    try:
        body = response.json()
    except ToolError:
        return 0
    if isinstance(body, dict):
        return next((len(rows) for key in _ROWS if isinstance(rows := body.get(key), list)), 0)
    return len(body) if isinstance(body, list) else 0


def _key(
    tool: AgencyTool, error: ToolError | None, findings: Iterable[Finding], seen: Sequence[tuple[str, Response]]
) -> Key:
    if not tool.keys:
        return "not_needed"
    if any(each.code == "key_refused" for each in findings):
        return "refused"
    # Data came, though not such as can be read.
    is_data = isinstance(error, ProviderGarbled) and bool(seen) and _is_json(seen[-1][1])
    return "accepted" if error is None or is_data else "not_known"


def _is_json(response: Response) -> bool:
    try:
        response.json()
    except ProviderGarbled:
        return False
    return response.status == 200


def _place(config: Config, tool: AgencyTool) -> Place:
    upstream = str(tool.upstream)
    return Place(
        upstream,
        url_setting=f"{PREFIX}{upstream.upper()}_URL",
        settings_of_keys=_settings(upstream, tool.keys),
        proxy_is_ignored=proxy_is_ignored(os.environ, trust_env=config.trust_env),
    )


def _settings(upstream: str, keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{PREFIX}{upstream}_{key}".upper() for key in keys)


def _masked(said: str, tool: AgencyTool) -> str:
    """`said` without our keys, and without the path of an address of our own."""
    return without_path(tool.without_secrets(said), tool.base_url, tool.default_base_url)


def _checkup(
    tool: AgencyTool,
    *,
    findings: tuple[Finding, ...],
    reachable: bool | None,
    key: Key,
    requests: int = 0,
    elapsed_ms: float = 0.0,
    rows: int = 0,
    version: str | None = None,
) -> Checkup:
    return Checkup(
        subject=str(tool.upstream),
        name=tool.source_name,
        status=status_of(findings),
        host=host_of(tool.base_url),
        sandbox=tool.sandbox,
        reachable=reachable,
        key=key,
        shape=shape_seen(findings, rows),
        requests=requests,
        elapsed_ms=round(elapsed_ms, 1),
        rows=rows,
        version=version,
        findings=findings,
    )
