"""What jobs are asked for by: their ids, and the options of a new one."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from service.batches.columns import Columns, parse_mapping
from service.batches.ledger import Job, ListChoice, NewJob
from service.batches.pace import Pace, Seen, pace
from service.batches.rows import ScreeningOptions
from service.batches.telling import ENDED, JobTold, told
from service.batches.versions import HeldVersions
from service.errors import Problem, problem
from service.handlers.batch_question import OPTIONS, options_of
from service.keys import CONFIG, LEDGER, LISTS, PACES, REGISTRY
from service.query import parameters_and_faults, word_of
from service.record_ids import new_record_id
from tools.errors import InvalidQuery
from tools.query_faults import FaultCollector

__all__ = ["JOB_OPTIONS", "JobQuestion", "NoSuchJob", "job_of", "job_question", "new_job", "no_such_job", "told_now"]

#: What `POST /v1/jobs` takes in its query string, beside `map`.
JOB_OPTIONS: Mapping[str, str] = {**OPTIONS, "list": "list"}
_LIST_CHOICES: tuple[ListChoice, ...] = ("pinned", "newest")
#: What ours look like; nothing else is looked for.
_ID = re.compile(r"[0-9a-z-]{1,64}")


class NoSuchJob(Exception):
    """There is none under this id, or no more."""


@dataclass(frozen=True, slots=True)
class JobQuestion:
    """How a file is to be read, `mapping` ours -> theirs, and how its rows are to be screened."""

    options: ScreeningOptions
    list_choice: ListChoice
    mapping: Mapping[str, str]


def job_question(request: web.Request) -> JobQuestion:
    """What the query string says. Raises InvalidQuery; NotConfigured when the search wants a key that is not set."""
    faults = FaultCollector()
    asked = parameters_and_faults(request, faults, JOB_OPTIONS, repeatable=("map",))
    choice = word_of(asked, "list", _LIST_CHOICES, None, faults)
    asked.pop("list", None)
    with faults.reading():
        mapping = parse_mapping(request.query.getall("map", []))
    with faults.reading():
        options = options_of(request, asked)
        if options.via == "api" and choice is not None:
            raise InvalidQuery("list: cannot be asked together with via=api, which asks the agency", parameter="list")
    faults.raise_if_any()
    if options.via == "api":
        request.app[REGISTRY].sanctions.require_key()
    return JobQuestion(options, choice or "pinned", mapping)


async def new_job(request: web.Request, question: JobQuestion, key: str | None) -> NewJob:
    """A job that begins now. Raises NotScreened when it is to be pinned to the list in force, and none that may clear
    anybody is; one that follows the newest waits for it, where a list is to be held at all."""
    version = as_of = None
    lists = request.app[LISTS]
    if question.options.via == "list" and (question.list_choice == "pinned" or lists is None):
        in_force = await HeldVersions(lists).newest()
        version, as_of = in_force.sha256, in_force.as_of
    return NewJob(
        id=new_record_id(sandbox=request.app[CONFIG].sandbox),
        created_at=datetime.now(UTC),
        options=question.options,
        list_choice=question.list_choice,
        list_version=version,
        list_as_of=as_of,
        idempotency_key=key,
    )


async def job_of(request: web.Request) -> Job:
    """The job in the path. Raises NoSuchJob, also of one whose rows are still coming in, and LedgerUnavailable."""
    job_id = request.match_info["id"]
    job = await request.app[LEDGER].job(job_id) if _ID.fullmatch(job_id) else None
    if job is None or job.status == "receiving":
        raise NoSuchJob
    return job


def told_now(app: web.Application, job: Job, columns: Columns | None = None) -> JobTold:
    """`job` as it stands, with how fast it goes, as far as this process has seen."""
    config = app[CONFIG]
    return told(job, _pace(app, job), sandbox=config.sandbox, keep=config.jobs_kept_for, columns=columns)


def no_such_job(request_id: str) -> Problem:
    """The body of the problem."""
    return problem(404, "not_found", "There is no such job", "there is no job under this id", request_id)


def _pace(app: web.Application, job: Job) -> Pace:
    if job.started_at is None:
        return Pace(None, None)
    if job.status in ENDED:
        app[PACES].forget(job.new.id)
        took_s = 0.0 if job.ended_at is None else (job.ended_at - job.started_at).total_seconds()
        return Pace(pace((Seen(0, job.counts.rows),), job.rows, took_s).rate, None)
    seen = app[PACES].note(job.new.id, Seen(time.monotonic(), job.counts.rows))
    return pace(seen, job.rows, (datetime.now(UTC) - job.started_at).total_seconds())
