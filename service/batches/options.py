"""How all rows of a file are to be screened, checked as one party's question is. Pure."""

from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError

from service.batches.rows import ScreeningOptions
from tools.errors import InvalidQuery
from tools.query_faults import FaultCollector, invalid_query
from tools.sanctions_query import SanctionsQuery
from tools.screening.algorithms import ALGORITHMS

__all__ = ["screening_options"]


def screening_options(asked: Mapping[str, str], source: Literal["list", "api"]) -> ScreeningOptions:
    """The options that `asked` says in the words of `GET /v1/sanctions`; `source` is how it is without `via`.

    Raises InvalidQuery with all that is wrong.
    """
    faults = FaultCollector()
    # Neither hides what is wrong with the other.
    via = asked.get("via", source).strip().lower()
    algorithm = asked.get("algorithm", ALGORITHMS[0]).strip().lower()
    if via == "both":
        faults.add("via", "must be list or api; both ways are compared for one party at a time")
    if via == "api" and algorithm in ALGORITHMS[1:]:
        faults.add("algorithm", "is the list's; the agency's search has its own")
    try:
        query = SanctionsQuery.model_validate({"name": "anybody", **asked})
    except ValidationError as exc:
        raise InvalidQuery.of([*invalid_query(exc, SanctionsQuery).faults, *faults.faults]) from exc
    faults.raise_if_any()
    return ScreeningOptions(query.threshold, query.sources, query.algorithm, "api" if via == "api" else "list")
