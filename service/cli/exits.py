"""Exit codes. Pure: an answer or an error in, a number out."""

from service.concerns import concerns
from service.snapshot import Risk
from tools.errors import InvalidQuery, NotFound
from tools.exchange import Answer

__all__ = [
    "BAD_USAGE",
    "NOTHING_ADVERSE",
    "NOT_ANSWERED",
    "TO_LOOK_AT",
    "exit_of",
    "exit_of_risk",
]

NOTHING_ADVERSE, TO_LOOK_AT, BAD_USAGE, NOT_ANSWERED = 0, 1, 2, 3

_RISKS: dict[Risk, int] = {"low": NOTHING_ADVERSE, "review": TO_LOOK_AT, "high": TO_LOOK_AT, "unknown": NOT_ANSWERED}


def exit_of(outcome: Answer[object] | Exception) -> int:
    """What a tool came to. That the agency has no such record is its answer, and somebody is to look at it."""
    if isinstance(outcome, Answer):
        return TO_LOOK_AT if concerns(outcome.result) else NOTHING_ADVERSE
    if isinstance(outcome, InvalidQuery):
        return BAD_USAGE
    return TO_LOOK_AT if isinstance(outcome, NotFound) else NOT_ANSWERED


def exit_of_risk(risk: Risk) -> int:
    """What a snapshot came to. An incomplete one is `unknown`, or `high` whatever the missing source has."""
    return _RISKS[risk]
