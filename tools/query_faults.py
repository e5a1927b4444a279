"""What is wrong with a question, in our own words: the one translator of what pydantic finds.

It finds everything at once and says it as a library does ("Tuple should have at least 1 item after validation, not 0").
Callers read all of it, in the words of what they asked ("parties: add at least one party"). Nothing that was given is
repeated: it may be a secret, or a party's name. What our own validators say passes as it is.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from tools.errors import InvalidQuery, ParameterFault

__all__ = ["FaultCollector", "faults_of", "invalid_query", "reason_of"]

_A_DATE = "must be a date as in 2026-01-31"
_A_NUMBER = "must be a number"
_A_WHOLE_NUMBER = "must be a whole number"
_TEXT = "must be text"
_AN_OBJECT = "must be an object"
_A_LIST = "must be a list"

#: The library's kinds of faults that a question can have, in our words; `{...}` is what the library says beside.
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "there is no such parameter",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "finite_number": _A_NUMBER,
    "float_type": _A_NUMBER,
    "float_parsing": _A_NUMBER,
    "decimal_type": _A_NUMBER,
    "decimal_parsing": _A_NUMBER,
    "int_type": _A_WHOLE_NUMBER,
    "int_parsing": _A_WHOLE_NUMBER,
    "int_parsing_size": "has too many digits",
    "int_from_float": _A_WHOLE_NUMBER,
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": _TEXT,
    "string_sub_type": _TEXT,
    "string_unicode": "is not UTF-8",
    "string_too_short": "must be at least {min_length} characters long",
    "string_too_long": "must be at most {max_length} characters long",
    "string_pattern_mismatch": "is not of the right form",
    "date_type": _A_DATE,
    "date_parsing": _A_DATE,
    "date_from_datetime_parsing": _A_DATE,
    "date_from_datetime_inexact": _A_DATE,
    "datetime_type": _A_DATE,
    "datetime_parsing": _A_DATE,
    "list_type": _A_LIST,
    "tuple_type": _A_LIST,
    "set_type": _A_LIST,
    "frozen_set_type": _A_LIST,
    "iterable_type": _A_LIST,
    "dict_type": _AN_OBJECT,
    "mapping_type": _AN_OBJECT,
    "model_type": _AN_OBJECT,
    "model_attributes_type": _AN_OBJECT,
    "dataclass_type": _AN_OBJECT,
    "none_required": "must be null",
    "recursion_loop": "holds itself",
}
_OTHERWISE = "cannot be read"
#: What a list is of, one and several; by the name that the list has.
_ITEMS: Mapping[str, tuple[str, str]] = {
    "parties": ("party", "parties"),
    "ids": ("identifier", "identifiers"),
    "sources": ("list", "lists"),
    "require": ("source", "sources"),
}
_BUILT_IN = frozenset(get_args(ErrorType))
_PLACE = re.compile(r"line \d+ column \d+")
#: Of the name of a parameter that there is none of; a caller may have put anything there.
_NAME_CHARACTERS = 100


class FaultCollector:
    """Gathers what several readers find wrong with one question, so that the caller reads all of it at once."""

    def __init__(self) -> None:
        self.faults: list[ParameterFault] = []

    def add(self, parameter: str, detail: str) -> None:
        """Keep one more."""
        self.faults.append(ParameterFault(parameter, detail))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the faults of an InvalidQuery that the body raises, and go on after it."""
        try:
            yield
        except InvalidQuery as exc:
            self.faults += exc.faults

    def raise_if_any(self) -> None:
        """Raise InvalidQuery with everything that was gathered."""
        if self.faults:
            raise InvalidQuery.of(self.faults)


def invalid_query(exc: ValidationError, model: type[BaseModel] | None = None) -> InvalidQuery:
    """Return everything that is wrong with a question to `model`, by the names of its parameters."""
    return InvalidQuery.of(faults_of(exc, () if model is None else tuple(model.model_fields)))


def faults_of(exc: ValidationError, known: tuple[str, ...] = ()) -> tuple[ParameterFault, ...]:
    """Return each fault that `exc` holds, in the order of the fields; `known` are the parameters that there are.

    A parameter that there is none of comes first: another may only be missing because it was misspelled.
    What is wrong with the whole of it, and with none of its parameters, is a fault of `body`.
    """
    unknown: list[ParameterFault] = []
    found: list[ParameterFault] = []
    errors = exc.errors(include_url=False, include_input=False)
    for each in errors:
        # Items that have faults of their own are there, and are not too few.
        if each["type"] == "too_short" and any(_is_inside(other["loc"], each["loc"]) for other in errors):
            continue
        parameter, detail = _parameter(each, known), reason_of(each)
        if each["type"] == "extra_forbidden" and len(each["loc"]) == 1:
            there_are = f"; there are: {', '.join(known)}" if known else ""
            unknown.append(ParameterFault(parameter, detail + there_are))
        else:
            found.append(ParameterFault(parameter, detail))
    return tuple(dict.fromkeys([*unknown, *found]))


def _is_inside(place: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(place) > len(outer) and place[: len(outer)] == outer


def reason_of(error: ErrorDetails) -> str:
    """Return why one value was refused, in our words."""
    kind, beside = error["type"], error.get("ctx", {})
    if kind not in _BUILT_IN:
        return error["msg"]  # our own validator's
    if kind in ("value_error", "assertion_error"):
        return str(beside.get("error") or _OTHERWISE)
    if kind in ("literal_error", "enum"):
        return f"must be {str(beside['expected']).replace(chr(39), '')}"
    if kind in ("too_short", "too_long"):
        return _wrong_number(error["loc"], kind, beside)
    if kind in ("json_invalid", "json_type"):
        place = _PLACE.search(str(beside.get("error", "")))
        return f"is not JSON: see {place[0].replace(' column', ', column')}" if place else "is not JSON"
    numbers = {name: f"{value:g}" if isinstance(value, float) else value for name, value in beside.items()}
    return _WORDS.get(kind, _OTHERWISE).format_map(numbers)


def _parameter(error: ErrorDetails, known: tuple[str, ...]) -> str:
    # A rule about several parameters says itself which of them to look at, or means the first.
    named: object = error.get("ctx", {}).get("parameter")
    if named or error["loc"]:
        return str(named or ".".join(str(each)[:_NAME_CHARACTERS] for each in error["loc"]))
    return known[0] if known and error["type"] not in _BUILT_IN else "body"


def _wrong_number(place: tuple[int | str, ...], kind: str, beside: Mapping[str, Any]) -> str:
    one, several = _ITEMS.get(str(place[-1]) if place else "", ("value", "values"))
    if kind == "too_short":
        least = beside["min_length"]
        return f"add at least one {one}" if least == 1 else f"give at least {least} {several}"
    most = beside["max_length"]
    return f"give at most {most} {one if most == 1 else several}"
