"""What the schedule prints for a country of origin."""

import re

import pytest

from tests.hts_oracle import CHAPTERS
from tools.hts_origins import COLUMN_2_ORIGINS, PrintedProgramme, origin_named_in, programmes_for

BATTERY = "Free (A,AU,B,BH,C,CL,CO,D,E,IL,JO,KR,MA,OM,P,PA,PE,S,SG)"


def symbols(origin: str, special: str | None) -> dict[str, bool | None]:
    return {each.symbol: each.lists_origin for each in programmes_for(origin, special)}


def test_a_programme_is_named_if_it_lists_the_origin_or_may() -> None:
    either_way = {"A": None, "B": True, "C": True}
    assert symbols("CN", BATTERY) == either_way
    assert symbols("MX", BATTERY) == either_way | {"S": True}
    assert symbols("KR", BATTERY) == either_way | {"KR": True}
    assert symbols("HT", BATTERY) == either_way | {"E": True}
    assert symbols("GT", BATTERY) == either_way | {"P": True}
    assert symbols("GH", BATTERY) == either_way | {"D": None}  # its list of Africa is of one year


@pytest.mark.parametrize("origin", sorted(COLUMN_2_ORIGINS))
def test_an_origin_of_column_2_has_no_programme(origin: str) -> None:
    assert symbols(origin, BATTERY) == {}


def test_a_programme_says_its_rate_its_state_and_that_eligibility_is_not_determined() -> None:
    (japan,) = programmes_for("JP", "Free (AU,S) 2.5% (JP)")
    assert japan == PrintedProgramme(
        symbol="JP",
        name="U.S.-Japan Trade Agreement",
        printed="2.5%",
        lists_origin=True,
        state="In force.",
        confidence="sure",
        eligibility="not determined",
    )
    lapsed = programmes_for("IN", "Free (A*)")[0]
    assert (lapsed.lists_origin, "Lapsed since 2021-01-01" in lapsed.state) == (None, True)


def test_a_symbol_that_we_do_not_know_is_shown_as_such() -> None:
    (unknown,) = programmes_for("CN", "Free (XQ)")
    assert (unknown.symbol, unknown.lists_origin, unknown.confidence) == ("XQ", None, "unsure")


@pytest.mark.parametrize("special", [None, "", "Free", "No change", "See U.S. note 3 (b)"])
def test_what_prints_no_symbols_has_no_programmes(special: str | None) -> None:
    assert programmes_for("MX", special) == ()


@pytest.mark.skipif("chapter_99" not in CHAPTERS, reason="the sample chapters are not beside this checkout")
def test_every_symbol_of_the_sample_chapters_is_in_the_table() -> None:
    printed = {
        symbol.strip()
        for rows in CHAPTERS.values()
        for row in rows
        for group in re.findall(r"\(([A-Z][^)]*)\)", row["special"] or "")
        for symbol in group.split(",")
    }
    known = {symbol for symbol in printed if re.fullmatch(r"[A-Z]{1,2}[*+]?", symbol)}
    unknown = {each for each in known if programmes_for("MH", f"Free ({each})") and _name(each) == "not known to us"}
    assert len(known) > 20
    assert unknown <= {"CA", "MX", "J"}  # legacy symbols: shown, as unknown


def _name(symbol: str) -> str:
    return programmes_for("MH", f"Free ({symbol})")[0].name


@pytest.mark.parametrize(
    ("texts", "origin"),
    [
        (["Articles the product of China:", "As provided for in U.S. note 20(r)"], "CN"),
        (["Effective ..., articles the product of China, as provided for in U.S. note 31"], "CN"),
        (["Articles the product of China, articles the product of Japan,"], None),
        (["articles the product of China or Japan,"], None),
        (["Aluminum articles that are the product of Russia, provided for in"], None),
        (["Aluminum articles that are the product of Russia, as provided for in"], "RU"),
        (["Articles the product of Austria, Belgium, Bulgaria, Croatia,"], None),
        (["Articles the product of France, of Germany, of Spain or of the United Kingdom:"], None),
        (["Articles the product of Russia, as provided for in note 19, or where any amount is smelted there"], None),
        (["Articles the product of Canada, or originating goods of Canada"], None),
        (["Articles the product of China, other than articles the product of Japan,"], None),
        (["except articles the product of China,"], None),
        (["Except products of Argentina, iron or steel products of Brazil"], None),
        (["Articles the product of Atlantis:"], None),
        (["Iron or steel"], None),
        ([], None),
    ],
)
def test_a_heading_names_an_origin_only_in_plain_words(texts: list[str], origin: str | None) -> None:
    assert origin_named_in(texts) == origin


@pytest.mark.skipif("chapter_99" not in CHAPTERS, reason="the sample chapters are not beside this checkout")
def test_no_heading_of_the_sample_chapters_that_is_about_several_origins_names_one() -> None:
    several = re.compile(
        r"\bor\b.*\b(?:of|in) (?!this|the|chapter|heading|U\.S)[A-Z]"
        r"|,\s+(?:of )?(?!U\.S)[A-Z][a-z]+[,.]|any amount|originating"
    )
    named = 0
    for row in CHAPTERS["chapter_99"]:
        origin = origin_named_in([row["description"]])
        named += origin is not None
        assert origin is None or not several.search(row["description"].partition("product of")[2]), row["description"]
    assert named > 40
