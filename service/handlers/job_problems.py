"""What is said of jobs alone, told as a problem."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

from aiohttp import web

from service.batches.file_faults import FileFault, file_problem
from service.batches.idempotency import KeyReused
from service.batches.ledger import KeyInUse
from service.batches.result_pages import ResultsGone
from service.batches.row_ranges import RangeNotSatisfiable
from service.errors import Problem, problem, problem_response
from service.handlers.job_asked import NoSuchJob, no_such_job
from service.keys import REQUEST_ID

__all__ = ["KEY_IN_USE", "KEY_REUSED", "RANGE_NOT_SATISFIABLE", "job_problem", "with_problems"]

KEY_IN_USE, KEY_REUSED = "idempotency_key_in_use", "idempotency_key_reused"
RANGE_NOT_SATISFIABLE = "range_not_satisfiable"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_AGAIN: Mapping[str, Any] = {"retryable": True, "retry_after_s": 1.0}


def with_problems(handler: Handler) -> Handler:
    """`handler`, with what `job_problem` knows told as one."""

    @wraps(handler)
    async def told(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (NoSuchJob, ResultsGone, FileFault, KeyInUse, KeyReused, RangeNotSatisfiable) as exc:
            headers = {"Content-Range": f"rows */{exc.rows}"} if isinstance(exc, RangeNotSatisfiable) else {}
            response = problem_response(job_problem(exc, request[REQUEST_ID]), headers)
            if isinstance(exc, FileFault) and exc.code in ("broken_body", "upload_given_up"):
                response.force_close()  # nobody knows where the next request would begin
            return response

    return told


def job_problem(exc: Exception, request_id: str) -> Problem:
    """The body for one of the errors that only jobs end in."""
    if isinstance(exc, FileFault):
        return file_problem(exc, request_id, screening=True)
    if isinstance(exc, KeyInUse):
        words = "the rows of a job with this key are still coming in"
        return problem(409, KEY_IN_USE, "The first request with this key has not ended", words, request_id, **_AGAIN)
    if isinstance(exc, KeyReused):
        return problem(422, KEY_REUSED, "The key is another request's", str(exc), request_id)
    if isinstance(exc, RangeNotSatisfiable):
        more = _AGAIN if exc.later else {}
        return problem(416, RANGE_NOT_SATISFIABLE, "There are no such rows", str(exc), request_id, **more)
    return no_such_job(request_id)
