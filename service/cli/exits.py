"""Exit codes. Pure: an answer or an error in, a number out."""

from collections.abc import Iterable

from service.concerns import concerns, found_something
from service.doctor.checkup import Status
from service.snapshot import Risk
from tools.errors import InvalidQuery, NotFound
from tools.exchange import Answer
from tools.sanctions import SanctionsResult

__all__ = [
    "BAD_USAGE",
    "NOTHING_ADVERSE",
    "NOT_ANSWERED",
    "TO_LOOK_AT",
    "exit_of",
    "exit_of_risk",
    "exit_of_statuses",
]

NOTHING_ADVERSE, TO_LOOK_AT, BAD_USAGE, NOT_ANSWERED = 0, 1, 2, 3

_RISKS: dict[Risk, int] = {"low": NOTHING_ADVERSE, "review": TO_LOOK_AT, "high": TO_LOOK_AT, "unknown": NOT_ANSWERED}

#: A key that is not set is a choice, and something to look at; an agency that was asked in vain is not answered.
_CHECKUPS: dict[Status, int] = {
    "ok": NOTHING_ADVERSE,
    "not_used": NOTHING_ADVERSE,
    "differs": TO_LOOK_AT,
    "not_configured": TO_LOOK_AT,
    "unusable": NOT_ANSWERED,
}


def exit_of(outcome: Answer[object] | Exception) -> int:
    """Return what a tool came to. A look-up is done when it found what was asked; a screening, when nothing is to be
    looked at. That the agency has no such record is its answer, and no success."""
    if isinstance(outcome, Answer):
        result = outcome.result
        is_done = not concerns(result) if isinstance(result, SanctionsResult) else found_something(result)
        return NOTHING_ADVERSE if is_done else TO_LOOK_AT
    if isinstance(outcome, InvalidQuery):
        return BAD_USAGE
    return TO_LOOK_AT if isinstance(outcome, NotFound) else NOT_ANSWERED


def exit_of_risk(risk: Risk) -> int:
    """What a snapshot came to. An incomplete one is `unknown`, or `high` whatever the missing source has."""
    return _RISKS[risk]


def exit_of_statuses(statuses: Iterable[Status]) -> int:
    """What the doctor found of all agencies: the worst of it."""
    return max((_CHECKUPS[each] for each in statuses), default=NOT_ANSWERED)
