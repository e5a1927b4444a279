"""What tiles add up to: whatever the sources say, and whatever they do not say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sentences import HEADLINE_CHARACTERS
from service.snapshot import (
    KINDS,
    NOT_ASSESSED,
    AnyTile,
    Risk,
    Tiles,
    assess_countries,
    is_complete,
    missing_sources,
    reasons_of,
    risk_of,
)
from service.tiles.sanctions_screening import ScreeningTile
from service.tiles.tile import Outcome, Status, TileName
from tests import csl_answers
from tests.cross_answers import ruling
from tests.csl_answers import sdn
from tests.fda_answers import refused as refused_row
from tests.hts_oracle import raw_row
from tests.service.snapshot.outcomes import (
    FAILURES,
    NO_SUCH_LINE,
    evaluation,
    line,
    refused,
    ruled,
    screened,
    shipment,
)

GRAVITY: tuple[Risk, ...] = ("low", "review", "unknown", "high")
PARTIES = ("Acme Trading", "Quiet Harbor Tools")
#: Of food, so that all four sources are asked.
FOOD = shipment(names=PARTIES, hts_code="1604143099")

#: Of which none stops, or is to be looked at.
COUNTRIES, _ = assess_countries(FOOD)

PLAIN_LINE = line(
    "1604143099", [raw_row("1604", 0, "Fish:"), raw_row("1604.14.30.99", 1, "Other", "12.5%"), raw_row("1605", 0, "x")]
)
#: By the tool: what may come, the least grave first.
ANSWERS: Mapping[str, Sequence[Outcome]] = {
    "hts": (PLAIN_LINE, line(), NO_SUCH_LINE),
    "refusals": (refused(), refused(refused_row()), refused(refused_row(1), refused_row(2))),
    "rulings": (ruled(), ruled(ruling("N1", tariffs="8507.60.0020", revokedBy=["H2"]))),
}
HITS = {
    "none": (),
    "weak": (sdn("Acme Holding", score=85.0),),
    "export only": (sdn("Acme Trading", source=csl_answers.EL, score=100.0),),
    "match": (sdn("Acme Trading", score=100.0),),
}


def _conclude(tool: str, outcomes: Sequence[Outcome]) -> AnyTile:
    kind = next(kind for kind in KINDS if kind.tool == tool)
    return kind.conclude(FOOD, outcomes, evaluation())


def tiles(given: Mapping[str, Sequence[Outcome]]) -> Tiles:
    """The tiles of `FOOD`, by what each tool came to."""
    concluded: dict[str, Any] = {kind.name: _conclude(kind.tool, given[kind.tool]) for kind in KINDS}
    return Tiles(**concluded)


def rank(risk: Risk) -> int:
    return GRAVITY.index(risk)


screenings = st.sampled_from([*(screened("Acme Trading", *hits) for hits in HITS.values()), *FAILURES])
outcomes = st.fixed_dictionaries(
    {tool: st.tuples(st.sampled_from([*answers, *FAILURES])) for tool, answers in ANSWERS.items()}
    | {"sanctions": st.tuples(screenings, screenings)}
)
tools = st.sampled_from(["hts", "sanctions", "refusals", "rulings"])


def test_each_source_is_asked_about_food() -> None:
    assert [len(kind.questions(FOOD, evaluation())) for kind in KINDS] == [1, 2, 1, 1]


@pytest.mark.parametrize(
    ("changed", "asked_otherwise"),
    [
        ({"names": ("Acme Trading", "Other Tools")}, {"sanctions"}),
        ({"fda_product_code": "16AGT64"}, {"refusals"}),
        ({"origin": "TH"}, {"refusals"}),
        ({"hts_code": "1604141010"}, {"hts", "rulings"}),
        ({"ref": "PO-2", "entry_date": "2026-11-25", "require": ["hts"]}, set()),
    ],
    ids=lambda case: "-".join(sorted(case)) or "none",
)
def test_a_part_of_the_question_goes_to_the_sources_that_it_is_about(
    changed: dict[str, Any], asked_otherwise: set[str]
) -> None:
    plain: dict[str, Any] = {"names": PARTIES, "hts_code": "1604143099"}
    before, after = shipment(**plain), shipment(**plain | changed)
    differs = {
        kind.tool for kind in KINDS if kind.questions(before, evaluation()) != kind.questions(after, evaluation())
    }
    assert differs == asked_otherwise


@given(outcomes, outcomes, tools)
def test_another_answer_of_one_source_changes_its_tile_and_no_other(
    before: dict[str, Any], after: dict[str, Any], tool: str
) -> None:
    changed = {**before, tool: after[tool]}
    for (name, one), (_, other) in zip(tiles(before).named(), tiles(changed).named(), strict=True):
        kind = next(kind for kind in KINDS if kind.name == name)
        assert (one == other) or kind.tool == tool


@given(outcomes, tools, st.sampled_from(FAILURES))
def test_a_source_that_does_not_answer_makes_the_risk_unknown_or_leaves_a_higher_one_standing(
    given: dict[str, Any], tool: str, failure: Exception
) -> None:
    silent = tiles({**given, tool: tuple(failure for _ in given[tool])})
    others = tiles({**given, tool: _mildest(tool)})
    assert rank(risk_of(silent, COUNTRIES)) == max(rank(risk_of(others, COUNTRIES)), rank("unknown"))
    assert not is_complete(silent)
    assert tool in missing_sources(silent)


def _mildest(tool: str) -> Sequence[Outcome]:
    if tool == "sanctions":
        return (screened("Acme Trading"), screened("Quiet Harbor Tools"))
    return (ANSWERS[tool][0],)


@given(outcomes, st.sampled_from(list(HITS)), st.integers(0, 1))
def test_one_more_hit_never_lowers_the_risk(given: dict[str, Any], kind: str, party: int) -> None:
    before = given["sanctions"]
    if isinstance(before[party], Exception):
        return
    some = [sdn("Acme Holding", 3, score=85.0)] if before[party].result.hits else []
    more = screened("Acme Trading", *some, *HITS[kind])
    fewer = screened("Acme Trading", *some)
    with_fewer = tiles({**given, "sanctions": tuple(fewer if at == party else each for at, each in enumerate(before))})
    with_more = tiles({**given, "sanctions": tuple(more if at == party else each for at, each in enumerate(before))})
    assert rank(risk_of(with_more, COUNTRIES)) >= rank(risk_of(with_fewer, COUNTRIES))


@given(outcomes, tools)
def test_a_graver_answer_never_lowers_the_risk(given: dict[str, Any], tool: str) -> None:
    if tool == "sanctions":
        return
    ranks = [rank(risk_of(tiles({**given, tool: (answer,)}), COUNTRIES)) for answer in ANSWERS[tool]]
    assert ranks == sorted(ranks)


@given(outcomes)
def test_the_risk_is_low_only_if_everything_asked_was_answered_and_is_clear(given: dict[str, Any]) -> None:
    found = tiles(given)
    statuses = {tile.status for _, tile in found.named()}
    assert (risk_of(found, COUNTRIES) == "low") == (statuses <= {"clear", "not_applicable"})
    assert risk_of(found, COUNTRIES) != "low" or (is_complete(found) and reasons_of(found, COUNTRIES) == ())
    assert risk_of(found, COUNTRIES) == "low" or reasons_of(found, COUNTRIES)


@given(outcomes)
def test_a_party_that_was_not_screened_is_never_clear_and_never_hidden_by_another(given: dict[str, Any]) -> None:
    tile = tiles(given).sanctions_screening
    failed = [isinstance(each, Exception) for each in given["sanctions"]]
    assert [party.outcome == "not_screened" for party in tile.parties] == failed
    assert [party.result is None and party.error is not None for party in tile.parties] == failed
    if any(failed):
        assert tile.status in ("unavailable", "action")
        assert "not screened" in tile.headline


@given(outcomes)
def test_every_tile_speaks_in_a_headline_of_eighty_characters_and_says_why(given: dict[str, Any]) -> None:
    for _, tile in tiles(given).named():
        heads = [tile.headline, *(party.headline for party in getattr(tile, "parties", ()))]
        assert all(0 < len(each) <= HEADLINE_CHARACTERS for each in heads)
        assert tile.reasons or tile.status == "clear"
        assert "a secret" not in str(tile)


def test_every_status_of_a_tile_has_its_risk() -> None:
    low = tiles({tool: _mildest(tool) for tool in ("hts", "sanctions", "refusals", "rulings")})
    assert risk_of(low, COUNTRIES) == "low"
    expected = dict(zip(get_args(Status), ("low", "review", "high", "unknown", "low"), strict=True))
    for status, risk in expected.items():
        for name in get_args(TileName):
            tile = replace(getattr(low, name), status=status)
            assert risk_of(replace(low, **{name: tile}), COUNTRIES) == risk


@pytest.mark.parametrize("direction", ["import", "export"])
def test_a_match_is_high_and_one_on_a_list_about_other_trade_is_for_review(direction: str) -> None:
    asked = shipment(direction=direction)
    kind = next(kind for kind in KINDS if kind.tool == "sanctions")

    def status(source: str) -> str:
        found = screened("Acme Trading", sdn("Acme Trading", source=source, score=100.0))
        tile = kind.conclude(asked, [found], evaluation())
        assert isinstance(tile, ScreeningTile)
        assert tile.parties[0].outcome == "match"
        return tile.status

    assert status(csl_answers.SDN) == "action"
    assert status(csl_answers.EL) == ("attention" if direction == "import" else "action")
    assert status("A list of tomorrow") == "action"


def test_what_no_tile_speaks_of_is_always_named() -> None:
    named = " ".join(each.what for each in NOT_ASSESSED)
    for word in ("antidumping", "UFLPA", "withhold-release", "ownership", "section 232", "quota", "fees", "partner",
                 "export classification"):  # fmt: skip
        assert word in named
    assert all(each.url.startswith("https://") for each in NOT_ASSESSED)
