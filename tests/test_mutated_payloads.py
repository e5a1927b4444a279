"""Payloads with a key dropped, a type changed or the end cut off: the same answer, one that says what was not read, or
an error that says so.

Agencies' own payloads are used where they stand beside the checkout, ours of the same shapes otherwise.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import cross_answers, csl_answers, fda_answers
from tests.driving import drive_by
from tests.hts_oracle import BATTERIES, CHINA, CHINA_2024
from tools.errors import ProviderGarbled
from tools.exchange import Plan, Request
from tools.hts import HTSQuery
from tools.hts import plan as hts_plan
from tools.refusals import RefusalsQuery
from tools.refusals import plan as refusals_plan
from tools.rulings import RulingsQuery
from tools.rulings import plan as rulings_plan
from tools.sanctions import SanctionsQuery, SanctionsResult
from tools.sanctions import plan as sanctions_plan

SAMPLES = Path(__file__).parents[1] / "../shared/samples"
BASE = "https://agency.test"
RELEASE = {"name": "2026HTSRev17", "title": "Revision 17 (2026)", "description": "2026 HTS Revision 17"}


@dataclass(frozen=True)
class Payload:
    """An agency's answers to one question; the one at `mutated` is spoilt. `ask` starts the question.

    Dropping one of `may_lack` changes no more than what is told of that key: the agency leaves them out itself.
    """

    name: str
    ask: Callable[[], Plan[Any]]
    answers: tuple[Any, ...]
    mutated: int = 0
    may_lack: frozenset[str] = frozenset()

    def result(self, spoilt: object) -> Any:
        answers = list(self.answers)
        answers[self.mutated] = spoilt

        def reply(request: Request) -> object:
            assert answers, f"one request more: {request}"
            return answers.pop(0)

        return drive_by(self.ask(), reply)[0].result

    @property
    def whole(self) -> Any:
        return self.answers[self.mutated]


def sample(name: str) -> Any:
    """The agency's own payload; None when it is not at hand."""
    file = SAMPLES / name
    return orjson.loads(file.read_bytes()) if file.is_file() else None


def csl_page() -> Any:
    recorded = sample("csl/bulk_json_objects_2026-09.json")
    if recorded is not None:
        return recorded
    full = csl_answers.sdn("HAVIN BANK LIMITED", 906, alt_names=["HAVANA INTERNATIONAL BANK, LTD"], score=100)
    untyped = {"source": csl_answers.EL, "name": "Abdul Satar Ghoura", "alt_names": None, "score": 80, "id": "b6"}
    return csl_answers.page(full, untyped)


def payloads() -> Iterator[Payload]:
    # Which of these an entry has depends on its list.
    csl_optional = frozenset(csl_answers.sdn("x")) | {"score", "address", "city", "state", "number", "type", "country"}
    csl_optional |= {"postal_code", "issue_date", "expiration_date"}
    yield Payload(
        "csl",
        lambda: sanctions_plan(SanctionsQuery(name="Havin Bank", threshold=0), BASE, "k"),
        (csl_page(),),
        may_lack=csl_optional - {"name", "source"},
    )
    refused = sample("fda/import_refusals_published_example_all_columns.json")
    yield Payload(
        "fda",
        lambda: refusals_plan(RefusalsQuery(country="CA"), BASE, "u", "k"),
        (refused or fda_answers.success(fda_answers.refused(), total=1),),
    )
    found = sample("cross/search_battery_2026-09.json")
    found = found and {**found, "totalHits": len(found["rulings"])}
    yield Payload(
        "cross-search",
        lambda: rulings_plan(RulingsQuery(keyword="battery"), BASE),
        (found or cross_answers.found(cross_answers.ruling("968227", modifies=["G87863"])),),
    )
    letter, listed = cross_answers.letter("N305619"), cross_answers.ruling("N305619", tariffs="8507.60.0020")
    yield Payload(
        "cross-letter",
        lambda: rulings_plan(RulingsQuery(number="N305619"), BASE),
        (letter, cross_answers.found(listed)),
        may_lack=frozenset({"url"}),
    )
    yield Payload(
        "hts-rows",
        lambda: hts_plan(HTSQuery(code="8507.60.00.20"), BASE),
        (RELEASE, BATTERIES, CHINA, CHINA_2024),
        mutated=1,
        may_lack=frozenset({"columns", "marker"}),
    )


PAYLOADS = {payload.name: payload for payload in payloads()}


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside `body`."""
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def spoilt(body: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    """A copy of `body` after `change(parent, key)` at `path`."""
    copied = copy.deepcopy(body)
    parent = copied
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return copied


def cases(keep: Callable[[Payload, tuple[Any, ...]], bool]) -> list[Any]:
    return [
        pytest.param(payload, path, id=f"{payload.name}-{'.'.join(map(str, path))}")
        for payload in PAYLOADS.values()
        for path in places(payload.whole)
        if keep(payload, path)
    ]


@pytest.mark.parametrize(("payload", "path"), cases(lambda payload, path: isinstance(path[-1], str)))
def test_a_key_that_is_dropped(payload: Payload, path: tuple[Any, ...]) -> None:
    body = spoilt(payload.whole, path, lambda parent, key: parent.pop(key))
    try:
        result = payload.result(body)
    except ProviderGarbled:
        return
    whole = payload.result(payload.whole)
    if says_what_was_not_read(result, path):
        assert not is_clear(result)
    elif path[-1] in payload.may_lack:
        assert not is_smaller(result, whole)
    else:
        assert result == whole


def is_clear(result: Any) -> bool:
    return isinstance(result, SanctionsResult) and result.outcome == "clear"


def says_what_was_not_read(result: Any, path: tuple[Any, ...]) -> bool:
    """Whether a result names the key, or the row, that was spoilt; of a line of the tariff, marks the place."""
    if b"cannot be read" in orjson.dumps(result):
        return True
    limits = result.coverage.limits if isinstance(result, SanctionsResult) else getattr(result, "limits", ())
    keys = [key for key in path if isinstance(key, str)]
    # A row that cannot be named stands there without its name.
    said = [limit for limit in limits if limit.startswith("not read: ")]
    return any(keys[-1] in limit or "has no number" in limit for limit in said) or bool(
        path and isinstance(path[-1], int) and any("not an object" in limit or keys[-1] in limit for limit in limits)
    )


def is_smaller(result: Any, whole: Any) -> bool:
    """Whether a screening lost a hit, or another answer any of its parts."""
    if isinstance(result, SanctionsResult):
        told, due = ({(hit.name, hit.list) for hit in each.hits} for each in (result, whole))
        return result.outcome == "clear" or told != due
    return len(orjson.dumps(result)) < 0.7 * len(orjson.dumps(whole))


@pytest.mark.parametrize("other", [{}, True, [[]]], ids=["object", "truth", "list"])
@pytest.mark.parametrize(("payload", "path"), cases(lambda payload, path: True))
def test_a_value_of_another_type(payload: Payload, path: tuple[Any, ...], other: object) -> None:
    value = payload.whole
    for key in path:
        value = value[key]
    if type(value) is type(other):
        return

    def change(parent: Any, key: Any) -> None:
        parent[key] = other

    try:
        result = payload.result(spoilt(payload.whole, path, change))
    except ProviderGarbled:
        return
    whole = payload.result(payload.whole)
    if says_what_was_not_read(result, path):
        assert not is_clear(result)
    else:
        assert result == whole


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_an_element_that_is_left_out_of_a_list_is_never_a_smaller_answer_in_silence(payload: Payload) -> None:
    results = ("results", "result", "rulings")
    for path in places(payload.whole):
        if len(path) == 2 and path[0] in results:
            body = spoilt(payload.whole, path, lambda parent, key: parent.pop(key))
            try:
                result = payload.result(body)
            except (ProviderGarbled, AssertionError):  # or it asks for the rest
                continue
            assert result.truncated


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_payload_that_ends_early_is_garbled(payload: Payload, cut: float) -> None:
    body = orjson.dumps(payload.whole)
    with pytest.raises(ProviderGarbled):
        payload.result(body[: int(len(body) * cut)])
