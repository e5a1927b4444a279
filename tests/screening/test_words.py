"""Words: what they weigh, how like they are, and that none that is like is passed over."""

import random

import pytest

from tests.quality.damage import DAMAGES
from tools.screening.births import agreement_of_births, births_of
from tools.screening.likeness import likeness
from tools.screening.names import read_name
from tools.screening.spelling import Spelling, spelling_of
from tools.screening.words import weight_of


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("putin", "putin", 1, 1),
        ("putin", "puttin", 0.9, 0.99),
        ("putin", "putni", 0.8, 0.9),
        ("wei", "wai", 0.6, 0.75),
        ("li", "lu", 0, 0),
        ("2004", "2005", 0, 0),
        ("mohammed", "muhammad", 0.9, 0.99),
        ("qaddafi", "gadhafi", 0.8, 0.99),
        ("smith", "jones", 0, 0),
    ],
)
def test_likeness_of_words(one: str, other: str, least: float, most: float) -> None:
    assert least <= likeness(one, other) <= most
    assert likeness(one, other) == likeness(other, one)


def test_every_listed_word_that_is_like_is_found() -> None:
    draw = random.Random(3)
    words = list({"".join(draw.choices("abdeiklmnorst", k=draw.randint(2, 11))) for _ in range(1500)})
    spelling = Spelling(words, *spelling_of(words))
    for word in draw.sample(words, 150):
        asked = DAMAGES[draw.choice(("swapped neighbours", "dropped letter", "changed vowel"))](word, draw)
        expected = {at for at, each in enumerate(words) if each != asked and likeness(asked, each)}
        assert {at for at, _ in spelling.similar(asked)} == expected


@pytest.mark.parametrize("word", ["ltd", "gmbh", "ooo", "llc", "corp"])
def test_legal_forms_weigh_nothing(word: str) -> None:
    assert weight_of(word) == 0


def test_words_that_all_firms_use_weigh_little() -> None:
    assert (
        max(map(weight_of, ("trading", "international", "bin", "sheikh")))
        <= 0.2
        < weight_of("bank")
        < weight_of("siemens")
    )


@pytest.mark.parametrize(
    ("name", "words", "ignored"),
    [
        ("OOO Severnaya Liniya", ("severnaya", "liniya"), ("ooo",)),
        ("Open Joint Stock Company Gasprom", ("gasprom",), ("open joint stock company",)),
        ("FABERLIC EUROPE Sp. z o.o.", ("faberlic", "europe"), ("sp z oo",)),
        ("Brigade Forty-Four", ("brigade", "44"), ()),
        ("X; and any successor thereof", ("x",), ()),
        ("Limited", ("limited",), ()),
        ("", (), ()),
    ],
)
def test_a_name_is_read_without_its_legal_form(name: str, words: tuple[str, ...], ignored: tuple[str, ...]) -> None:
    read = read_name(name)
    assert (read.words, read.ignored) == (words, ignored)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("1951", (19510000,)),
        ("21 Jan 1971", (19710121,)),
        ("Jan 1971", (19710100,)),
        ("1971-01-21", (19710121,)),
        ("circa 1951", (19500000, 19510000, 19520000)),
        ("1951 to 1953", (19510000, 19520000, 19530000)),
        ("unknown", ()),
    ],
)
def test_dates_of_birth_are_read(text: str, dates: tuple[int, ...]) -> None:
    assert births_of(text) == dates


@pytest.mark.parametrize(
    ("asked", "listed", "agreement"),
    [
        ("1971-01-21", "21 Jan 1971", "same"),
        ("1971", "21 Jan 1971", "same"),
        ("1971-02-21", "21 Jan 1971", "near"),
        ("1972", "21 Jan 1971", "near"),
        ("1961-01-21", "21 Jan 1971", "near"),
        ("1960", "21 Jan 1971", "different"),
        ("1960", "", "unknown"),
    ],
)
def test_dates_of_birth_agree_as_far_as_they_are_known(asked: str, listed: str, agreement: str) -> None:
    assert agreement_of_births(births_of(asked), births_of(listed)) == agreement
