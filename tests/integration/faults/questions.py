"""Random questions to the gateway, each with the check that its result is exactly the right one."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.integration.faults.good_day import LISTED, REFUSED, rate_of, replaced_by

__all__ = ["Question", "ask", "questions_of"]

#: The `result` of an answer.
Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A path of the gateway, the agency behind it, and whether a `result` is right. A KeyError says no."""

    agency: str
    path: str
    is_right: Callable[[Result], bool]


def ask(dice: random.Random, different: int) -> Question:
    """Any question, of `different` ones of each kind."""
    return dice.choice(_KINDS)(dice.randrange(different))


def questions_of(agency: str, first: int = 0) -> Iterator[Question]:
    """Questions to `agency`, no two the same, each of which is one request before anything goes wrong."""
    kind = {"hts": _hts_search, "csl": _sanctions, "fda": _refusals, "cross": _rulings}[agency]
    number = first
    while True:
        yield kind(number)
        number += 1


def _hts_line(number: int) -> Question:
    heading = "8507" if number == 0 else f"{101 + number % 9600:04d}"
    code = f"{heading}.60.00.20"

    def is_right(result: Result) -> bool:
        line = result["line"]
        general = line["rates"]["general"]
        return (
            (line["code"], line["description"]) == (code, "Other")
            and line["path"] == [f"Goods of {heading}", "Lithium-ion"]
            and (general["text"], general["inherited_from"]) == (rate_of(heading), f"{heading}.60.00")
        )

    return Question("hts", f"/v1/hts/{code}", is_right)


def _hts_search(number: int) -> Question:
    words = f"battery {number}"

    def is_right(result: Result) -> bool:
        lines = [(each["code"], each["description"], each["rates"]["general"]["text"]) for each in result["lines"]]
        due = [(f"{heading}.60.00", words, rate_of(heading)) for heading in ("8507", "8508")]
        return lines == due and (result["total"], result["truncated"]) == (2, False)

    return Question("hts", f"/v1/hts?q={quote(words)}", is_right)


def _sanctions(number: int) -> Question:
    """Every second name is on the list."""
    is_listed = number % 2 == 0
    name = f"{LISTED if is_listed else 'Harmless '}Trader {number}"

    def is_right(result: Result) -> bool:
        hits = [(each["name"], each["outcome"]) for each in result["hits"]]
        due = ("match", [(name, "match")], 2) if is_listed else ("clear", [], 0)
        return (result["outcome"], hits, result["total"]) == due and result["truncated"] is False

    return Question("csl", f"/v1/sanctions?name={quote(name)}", is_right)


def _refusals(number: int) -> Question:
    firm, country = f"Firm {number}", ("CN", "IN", "MX", "DE")[number % 4]

    def is_right(result: Result) -> bool:
        firms = [(each["firm"], each["country"]) for each in result["refusals"]]
        shipments = {each["shipment_id"] for each in result["refusals"]}
        is_whole = (result["total"], result["counted"], result["truncated"]) == (REFUSED, REFUSED, False)
        return firms == [(firm, country)] * REFUSED and len(shipments) == REFUSED and is_whole

    return Question("fda", f"/v1/refusals?country={country}&firm={quote(firm)}", is_right)


def _rulings(number: int) -> Question:
    words = f"battery {number:06d}"
    due = [(f"N{number:06d}", "revoked", [f"H{number:06d}"]), (f"H{number:06d}", "no_revocation_recorded", [])]

    def is_right(result: Result) -> bool:
        told = [(each["number"], each["status"], each["replaced_by"]) for each in result["rulings"]]
        return told == due and (result["total"], result["truncated"]) == (2, False)

    return Question("cross", f"/v1/rulings?q={quote(words)}", is_right)


def _ruling(number: int) -> Question:
    asked = f"N{number:06d}"

    def is_right(result: Result) -> bool:
        ruling = result["ruling"]
        told = (ruling["number"], ruling["status"], ruling["replaced_by"])
        return told == (asked, "revoked", [replaced_by(asked)]) and asked in ruling["text"]

    return Question("cross", f"/v1/rulings/{asked}", is_right)


_KINDS = (_hts_line, _hts_search, _sanctions, _refusals, _rulings, _ruling)
