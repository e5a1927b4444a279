"""What is wrong with a question, as a caller is told."""

from pydantic import BaseModel, ValidationError

from tools.errors import InvalidQuery

__all__ = ["invalid_query"]


def invalid_query(exc: ValidationError, model: type[BaseModel]) -> InvalidQuery:
    """The first thing that is wrong, by the name of the parameter."""
    first = exc.errors(include_url=False)[0]
    # A rule about several parameters says itself which of them to look at.
    whole = first.get("ctx", {}).get("parameter") or next(iter(model.model_fields))
    parameter = str(first["loc"][0] if first["loc"] else whole)
    return InvalidQuery(f"{parameter}: {first['msg']}", parameter=parameter)
