"""`POST /v1/jobs`, and what becomes of one: how it stands, and its end."""

from aiohttp import web

from service.batches.idempotency import Fingerprint, key_in, refuse_another
from service.batches.intake import RowReader
from service.batches.ledger import Job
from service.batches.telling import ENDED
from service.batches.upload import MAX_JOB_ROWS, Upload
from service.envelope import json_response
from service.handlers.file_body import file_body
from service.handlers.job_asked import JobQuestion, NoSuchJob, job_of, job_question, new_job, told_now
from service.handlers.job_problems import with_problems
from service.keys import LEDGER
from service.query import parameters
from tools.query_faults import FaultCollector

__all__ = ["begin", "job", "remove"]


@with_problems
async def begin(request: web.Request) -> web.StreamResponse:
    """`POST /v1/jobs`: a file of rows, kept until they have been screened."""
    question, key = _question_and_key(request)
    ledger = request.app[LEDGER]
    # The list in force may be another by now: a file that is sent again is still that job.
    before = None if key is None else await ledger.job_by_key(key)
    if before is not None and before.status == "receiving":
        # Whether its upload lives is for the ledger to say, when this one begins.
        before = None
    if before is not None:
        refuse_another(before, question.options, question.list_choice)
    new = None if before is not None else await new_job(request, question, key)
    body = await file_body(request)
    reader = RowReader(body.format, question.mapping, MAX_JOB_ROWS, charset=body.charset)
    upload = Upload(body.pieces, reader, Fingerprint(question.mapping, body.format, body.charset))
    if before is not None:
        refuse_another(before, question.options, question.list_choice, await upload.body_sha256())
        return json_response(told_now(request.app, before))
    assert new is not None  # noqa: S101 - for the type checker
    return _accepted(request, await upload.take_in(ledger, new), upload)


def _question_and_key(request: web.Request) -> tuple[JobQuestion, str | None]:
    """What is asked. Raises InvalidQuery with all that is wrong, in the query string and in the header."""
    faults = FaultCollector()
    question = key = None
    with faults.reading():
        question = job_question(request)
    with faults.reading():
        key = key_in(request.headers)
    faults.raise_if_any()
    assert question is not None  # noqa: S101 - for the type checker
    return question, key


def _accepted(request: web.Request, job: Job, upload: Upload) -> web.Response:
    body = told_now(request.app, job, upload.reader.columns)
    response = json_response(body, status=202)
    response.headers["Location"] = body["url"]
    return response


@with_problems
async def job(request: web.Request) -> web.StreamResponse:
    """`GET /v1/jobs/{id}`: how it stands."""
    parameters(request)
    return json_response(told_now(request.app, await job_of(request)))


@with_problems
async def remove(request: web.Request) -> web.StreamResponse:
    """`DELETE /v1/jobs/{id}`: one that has not ended is cancelled, and told; one that has is removed, with all rows."""
    parameters(request)
    there, ledger = await job_of(request), request.app[LEDGER]
    if there.status in ENDED:
        await ledger.forget(there.new.id)
        return web.Response(status=204)
    cancelled = await ledger.cancel(there.new.id)
    if cancelled is None:
        raise NoSuchJob
    return json_response(told_now(request.app, cancelled))
