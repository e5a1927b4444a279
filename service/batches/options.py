"""How all rows of a file are to be screened, checked as one party's question is. Pure."""

from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError

from service.batches.rows import ScreeningOptions
from tools.errors import InvalidQuery
from tools.query_faults import invalid_query
from tools.sanctions_query import SanctionsQuery

__all__ = ["screening_options"]


def screening_options(asked: Mapping[str, str], source: Literal["list", "api"]) -> ScreeningOptions:
    """The options that `asked` says in the words of `GET /v1/sanctions`; `source` is how it is without `via`.

    Raises InvalidQuery.
    """
    try:
        query = SanctionsQuery.model_validate({"name": "anybody", **asked})
    except ValidationError as exc:
        raise invalid_query(exc, SanctionsQuery) from exc
    via = query.via or source
    if via == "both":
        raise InvalidQuery("via: must be list or api; both ways are compared for one party at a time", parameter="via")
    if via == "api" and query.algorithm != "gateway-1":
        raise InvalidQuery("algorithm: is the list's; the agency's search has its own", parameter="algorithm")
    return ScreeningOptions(query.threshold, query.sources, query.algorithm, via)
