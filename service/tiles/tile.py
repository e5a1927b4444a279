"""What a tile is: one source's word on one shipment, with where it has it from, or why it has none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from service.concerns import Reason
from service.envelope import SourceBlock
from service.errors import Fault, fault_of
from service.shipment import Shipment, ToolName
from tools.exchange import Answer

__all__ = [
    "Evaluation",
    "Outcome",
    "Status",
    "Tile",
    "TileKind",
    "TileName",
    "is_sample_data",
    "not_answered",
    "unanswered",
    "worst",
]

R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)

TileName = Literal["hts_classification", "sanctions_screening", "refusal_history", "cbp_rulings"]
#: `clear`: the source answered, and has nothing adverse to what was asked. `attention`: somebody is to look. `action`:
#: something is to be done before the goods move. `unavailable`: the source did not answer. `not_applicable`: it was not
#: asked, since what it tells is not about such a shipment.
Status = Literal["clear", "attention", "action", "unavailable", "not_applicable"]

#: What a tool came to. An error is never taken for an answer.
Outcome: TypeAlias = Answer[Any] | Exception

_BY_GRAVITY: tuple[Status, ...] = ("not_applicable", "clear", "attention", "unavailable", "action")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Generic[R]):
    """One source's word. `headline` and `next_step` are for people. `result` and `source` are what it answered,
    `error` why it did not, or has no such record."""

    status: Status
    headline: str
    reasons: tuple[Reason, ...]
    next_step: str | None = None
    result: R | None = None
    source: SourceBlock | None = None
    error: Fault | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a conclusion depends on beside the answers: when it is drawn, and where ids of its records come from.

    An id tells whether its record is of sample data.
    """

    at: datetime
    new_id: Callable[[bool], str]


@dataclass(frozen=True, slots=True)
class TileKind(Generic[T_co]):
    """How a tile comes about: which questions its tool is asked, and what is made of what they come to. Both pure.

    No questions: the source is not asked. `conclude` is handed the outcomes in the order of the questions.
    """

    name: TileName
    tool: ToolName
    questions: Callable[[Shipment, Evaluation], Sequence[Mapping[str, Any]]]
    conclude: Callable[[Shipment, Sequence[Outcome], Evaluation], T_co]


def is_sample_data(outcome: Outcome) -> bool:
    """Whether an agency that was asked has sample data, by its answer or by its error."""
    return outcome.source.sandbox if isinstance(outcome, Answer) else bool(getattr(outcome, "sandbox", False))


def not_answered(error: Exception) -> tuple[Fault, Reason]:
    """What a tile whose source did not answer says of it."""
    fault = fault_of(error)
    return fault, Reason(fault.code, f"Not answered: {fault.detail}")


def unanswered(error: Exception, what: str) -> Tile[Any]:
    """The tile of a source that did not answer about `what`."""
    fault, reason = not_answered(error)
    step = "Retry." if fault.retryable else "Read why."
    return Tile(status="unavailable", headline=f"{what}: not answered", reasons=(reason,), next_step=step, error=fault)


def worst(statuses: Iterable[Status]) -> Status:
    """The gravest of `statuses`."""
    return max(statuses, key=_BY_GRAVITY.index)
