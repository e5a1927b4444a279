"""What is a hit, how strong it is, and that it says why."""

import gc
import random
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.quality.damage import DAMAGES, damaged
from tests.quality.list_file import read_entries
from tests.screening.lists import entry, matcher_of
from tests.screening.made_list import write_made_list
from tools.sanctions_entries import ListEntry
from tools.sanctions_names import AskedName
from tools.screening.algorithms import DEFAULT_THRESHOLD
from tools.screening.match import Match, Matcher
from tools.screening.names import read_name
from tools.screening.readings import readings_of
from tools.screening.subject import Subject

PUTIN = entry("PUTIN, Vladimir Vladimirovich", dob="07 Oct 1952", nationality="RU", passport="P1234567")
COMPANY = entry("SUNRISE MARINE TRADING CO., LTD.", "Entity", aliases=("SMT GROUP",))
VESSEL = entry("OCEAN BREEZE 3", "Vessel", call_sign="T3XM2", remarks="Vessel Registration Identification IMO 9187629.")
ISN = entry(
    "Northern Rocket Works; and any successor, sub-unit, or subsidiary thereof", None, code="ISN", nationality="KP"
)
SHORT = entry("LI, Na", aliases=("AL HAKIM, Yasir",))
ENTRIES = (PUTIN, COMPANY, VESSEL, ISN, SHORT)


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    return matcher_of(tmp_path, ENTRIES)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Matcher, list[ListEntry]]:
    folder = tmp_path_factory.mktemp("made")
    write_made_list(folder / "list.csv", entries=1500, aliases=1700)
    entries = list(read_entries(folder / "list.csv"))
    return matcher_of(folder, entries), entries


def only(matches: list[Match]) -> Match:
    assert len(matches) == 1
    return matches[0]


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        ("Vladimir Putin", 0),
        ("Vladimir V. Putin", 0),
        ("PUTIN VLADIMIR VLADIMIROVICH", 0),
        ("Владимир Путин", 0),
        ("Wladimir Putin", 0),
        ("VladimirPutin", 0),
        ("Vladmir Vladimirovich Puttin", 0),
        ("Sunrise\u00a0Marine\u00a0Trading", 1),
        ("Sun Rise Marine Trading LLC", 1),
        ("Sunrise Marine Trdaing Limited", 1),
        ("Ocean Breze 3", 2),
        ("Northern Rocket Works", 3),
    ],
)
def test_a_name_written_otherwise_is_a_hit(matcher: Matcher, asked: str, at: int) -> None:
    assert only(matcher.screen(Subject(asked))).at == at


@pytest.mark.parametrize(
    "asked",
    [
        "Vladimir Petrov",
        "Viktor Putin",
        "Moonlight Marine Trading Co., Ltd.",
        "Ocean Breeze 4 Shipping",
        "Lu Na",
        "Trading",
    ],
)
def test_another_name_is_none(matcher: Matcher, asked: str) -> None:
    assert matcher.screen(Subject(asked)) == []


def test_an_equal_name_scores_1_and_any_other_less(matcher: Matcher) -> None:
    assert [(hit.score, hit.equal) for hit in matcher.screen(Subject("Sunrise Marine Trading, Inc."))] == [(1.0, True)]
    near = only(matcher.screen(Subject("Sunrise Marine Trading Intl")))
    assert near.score < 1
    assert not near.equal


def test_a_notices_formula_is_no_part_of_the_name(matcher: Matcher) -> None:
    assert only(matcher.screen(Subject("northern rocket works"), 0.99)).equal


def test_a_hit_names_the_words_that_met_and_what_was_ignored(matcher: Matcher) -> None:
    hit = only(matcher.screen(Subject("SMTT Group LLC")))
    assert (hit.matched_name, hit.matched_on) == ("SMT GROUP", "alias")
    assert [(part.asked, part.listed) for part in hit.parts if part.kind == "word"] == [
        ("group", "group"),
        ("smtt", "smt"),
    ]
    assert hit.ignored == ("llc",)


def test_an_initial_meets_the_name_that_it_begins(matcher: Matcher) -> None:
    hit = only(matcher.screen(Subject("V. Putin"), 0.5))
    assert ("initial", "v", "vladimir") in [(part.kind, part.asked, part.listed) for part in hit.parts]


def test_the_parts_of_every_hit_add_up_to_its_score(made: tuple[Matcher, list[ListEntry]]) -> None:
    matcher, entries = made
    draw = random.Random(5)
    seen = 0
    for each in draw.sample(entries, 150):
        asked = damaged(each.name, draw.sample(list(DAMAGES), 2), draw)
        subject = Subject(asked, country=draw.choice(("RU", "IR", None)), dob=draw.choice(("1970-01-01", None)))
        for algorithm in ("gateway-1", "ofac"):
            for hit in matcher.screen(subject, 0.6, algorithm=algorithm):
                assert round(sum(part.contribution for part in hit.parts), 4) == hit.score
                assert 0.6 <= hit.score <= 1
                seen += 1
    assert seen > 300


def test_every_name_and_alias_finds_its_own_entry(made: tuple[Matcher, list[ListEntry]]) -> None:
    matcher, entries = made
    for at, each in enumerate(entries):
        for name in (each.name, *each.alt_names):
            hits = matcher.screen(Subject(name))
            own = next(hit for hit in hits if hit.at == at)
            assert own.score == hits[0].score


def test_the_index_loses_nothing_that_comparing_with_every_name_would_find(
    made: tuple[Matcher, list[ListEntry]],
) -> None:
    matcher, entries = made
    index, draw = matcher._index, random.Random(8)
    for each in draw.sample(entries, 40):
        subject = Subject(damaged(each.name, draw.sample(list(DAMAGES), 2), draw))
        asked, whole = matcher._lookup.weighed(read_name(subject.name), is_person=False), AskedName(subject.name)
        readings = list(readings_of(asked, matcher._lookup))
        expected = {
            int(index.name_entry[number])
            for number in range(len(index.name_entry))
            if any(
                matcher._align(reading, number, whole, subject, DEFAULT_THRESHOLD, reading is not asked) is not None
                for reading in readings
            )
        }
        assert {hit.at for hit in matcher.screen(subject, limit=10_000)} == expected


def test_recall_under_damage_holds_its_bars(made: tuple[Matcher, list[ListEntry]]) -> None:
    matcher, entries = made
    draw = random.Random(21)

    def share(count: int) -> float:
        found = [
            at in {hit.at for hit in matcher.screen(Subject(damaged(entries[at].name, kinds, draw)))}
            for at, kinds in ((draw.randrange(len(entries)), draw.sample(list(DAMAGES), count)) for _ in range(500))
        ]
        return sum(found) / len(found)

    assert share(1) >= 0.97
    assert share(2) >= 0.9


def test_country_and_date_of_birth_raise_or_lower_a_score(matcher: Matcher) -> None:
    def score(**known: str) -> float:
        return only(matcher.screen(Subject("Vladmir Putin", **known), 0.5)).score  # type: ignore[arg-type]

    plain = score()
    assert score(country="RU") > plain > score(country="FR")
    assert score(dob="1952-10-07") == score(dob="1952") > score(dob="1952-10-08") > plain > score(dob="1990-01-01")


def test_they_never_hide_what_the_name_made_a_hit(matcher: Matcher) -> None:
    plain = only(matcher.screen(Subject("Vladmir Putin"), 0.5)).score
    other = Subject("Vladmir Putin", country="FR", dob="1990-01-01")
    hit = only(matcher.screen(other, plain))
    assert hit.score == plain
    assert [part.kind for part in hit.parts][-3:] == ["country", "dob", "limit"]


def test_a_basis_says_what_agrees_beside_the_name(matcher: Matcher) -> None:
    assert only(matcher.screen(Subject("Vladimir Putin", country="RU"))).basis == "name+country"
    assert only(matcher.screen(Subject("Vladimir Putin", country="RU", dob="1952"))).basis == "name+dob"
    assert only(matcher.screen(Subject("Vladimir Putin", country="FR"))).basis == "name"


@pytest.mark.parametrize("number", ["P-1234567", "p 1234567"])
def test_an_equal_identifier_is_a_hit_of_score_1_whatever_the_name(matcher: Matcher, number: str) -> None:
    hit = matcher.screen(Subject("Somebody Else", ids=(number,)))[0]
    assert (hit.at, hit.score, hit.basis, hit.equal) == (0, 1.0, "id", True)


@pytest.mark.parametrize("number", ["IMO 9187629", "9187629", "T3XM2"])
def test_a_vessel_is_found_by_its_imo_number_and_call_sign(matcher: Matcher, number: str) -> None:
    assert only(matcher.screen(Subject("Renamed Ship", ids=(number,)))).at == 2


@pytest.mark.parametrize("number", ["9187628", "T3XM", "1952", ""])
def test_another_identifier_is_none(matcher: Matcher, number: str) -> None:
    assert matcher.screen(Subject("Renamed Ship", ids=(number,))) == []


def test_entries_of_another_type_are_left_out_and_those_without_one_stay(matcher: Matcher) -> None:
    assert matcher.screen(Subject("Ocean Breeze 3", type="Entity")) == []
    assert only(matcher.screen(Subject("Ocean Breeze 3", type="Vessel"))).at == 2
    assert only(matcher.screen(Subject("Northern Rocket Works", type="Entity"))).at == 3


def test_only_the_asked_lists_are_looked_at(matcher: Matcher) -> None:
    assert matcher.screen(Subject("Northern Rocket Works"), lists={"SDN"}) == []
    assert only(matcher.screen(Subject("Northern Rocket Works"), lists={"ISN"})).at == 3
    assert matcher.screen(Subject("Somebody Else", ids=("P1234567",)), lists={"ISN"}) == []


def test_the_highest_come_first_and_no_more_than_the_limit(made: tuple[Matcher, list[ListEntry]]) -> None:
    hits = made[0].screen(Subject("Ahmad Hassan"), 0.3, limit=7)
    assert len(hits) == 7
    assert [hit.score for hit in hits] == sorted([hit.score for hit in hits], reverse=True)


@pytest.mark.parametrize("asked", ["LLC", "A", "the of and", "1 2 3", "\u200b", "'", "習近平" * 30])
def test_odd_names_are_answered(matcher: Matcher, asked: str) -> None:
    for algorithm in ("gateway-1", "ofac"):
        assert isinstance(matcher.screen(Subject(asked), 0.0, algorithm=algorithm), list)


def test_an_empty_list_has_no_hits(tmp_path: Path) -> None:
    empty = matcher_of(tmp_path, ())
    for algorithm in ("gateway-1", "ofac"):
        assert empty.screen(Subject("Vladimir Putin", ids=("P1234567",)), algorithm=algorithm) == []


def test_an_unknown_algorithm_is_refused(matcher: Matcher) -> None:
    with pytest.raises(ValueError, match="no algorithm 'best'"):
        matcher.screen(Subject("Vladimir Putin"), algorithm="best")


def test_threads_share_a_matcher(made: tuple[Matcher, list[ListEntry]]) -> None:
    matcher, entries = made
    names = [each.name for each in entries[:300]]
    alone = [matcher.screen(Subject(name)) for name in names]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda name: matcher.screen(Subject(name)), names)) == alone


def test_a_matcher_is_let_go_at_once_when_nobody_holds_it(tmp_path: Path) -> None:
    matcher = matcher_of(tmp_path, ENTRIES)
    assert matcher.screen(Subject("Vladimir Putin"))
    gc.disable()
    try:
        seen = weakref.ref(matcher._lookup.word)
        del matcher
        assert seen() is None
    finally:
        gc.enable()
