"""The shape of OFAC's own search."""

from pathlib import Path

import pytest

from tests.screening.lists import entry, matcher_of
from tools.screening.ofac import ofac_score
from tools.screening.subject import Subject


@pytest.mark.parametrize(
    ("asked", "listed", "score"),
    [
        ("VLADIMIR PUTIN", "PUTIN, Vladimir", 1.0),
        ("PUTIN", "PUTIN, Vladimir", 1.0),
        ("PUTIN", "PUTINA, Maria", 0.97),
        ("BIN LADEN", "BIN LADIN, Osama", 0.96),
        ("J.P. MORGAN", "MORGAN HUERTA, Jose Arnoldo", 1.0),
        ("XI JINPING", "YANG, Jianping", 0.97),
        ("PABLO", "ESCOBAR, Roberto", 0.0),
    ],
)
def test_scores_are_near_those_recorded_there(asked: str, listed: str, score: float) -> None:
    assert (
        ofac_score(asked, listed)[0] == pytest.approx(score, abs=0.025) if score else ofac_score(asked, listed)[0] < 0.6
    )


def test_a_word_meets_only_words_that_begin_with_its_letter() -> None:
    assert ofac_score("Katherine", "Smith Catherine")[0] < ofac_score("Catherine", "Smith Katherine Catherina")[0]


def test_it_is_searched_by_name_alone(tmp_path: Path) -> None:
    matcher = matcher_of(tmp_path, (entry("PUTIN, Vladimir", nationality="RU"), entry("SMITH, John")))
    hits = matcher.screen(Subject("Putin", country="FR"), 0.9, algorithm="ofac")
    assert [(hit.at, hit.score, hit.basis) for hit in hits] == [(0, 1.0, "name")]
