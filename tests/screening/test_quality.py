"""The quality harness, on a small list; and the bars that our own pairs and clean names must hold."""

import os
from pathlib import Path

import pytest

from tests.quality.__main__ import main
from tests.quality.list_file import read_entries
from tests.quality.measuring import alerts_per_thousand
from tests.quality.pairs import OURS, cross_validated, read_pairs, scored, tally
from tests.screening.lists import matcher_of
from tests.screening.made_list import made_rows, write_made_list
from tools.screening.algorithms import DEFAULT_THRESHOLD

SAMPLES = Path(__file__).parents[2] / "../shared/samples/matching/name_pairs.csv"


def test_our_pairs_are_told_apart() -> None:
    assert tally(scored(OURS), DEFAULT_THRESHOLD).f1 >= 0.9


@pytest.mark.skipif(not SAMPLES.exists(), reason="the labelled pairs of the samples are not at hand")
def test_labelled_pairs_hold_the_bar_at_the_default_threshold_and_under_cross_validation() -> None:
    found = scored(read_pairs(SAMPLES))
    assert tally(found, DEFAULT_THRESHOLD).f1 >= 0.8
    assert cross_validated(found) >= 0.8


def test_clean_names_seldom_alarm(tmp_path: Path) -> None:
    write_made_list(tmp_path / "list.csv", entries=4000, aliases=4500)
    rates = alerts_per_thousand(matcher_of(tmp_path, read_entries(tmp_path / "list.csv")), 400, DEFAULT_THRESHOLD)
    assert max(rates.values()) <= 25


def test_the_report_is_printed_and_written_with_its_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.csv"
    write_made_list(path, entries=120, aliases=140)
    arguments = ["--list", os.fspath(path), "--sample", "60", "--clean", "50", "--into", os.fspath(tmp_path / "report")]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for what in ("F1 at 0.8", "find their own entry", "joined words", "two damages", "name alone", "p95"):
        assert what in printed
    assert (tmp_path / "report" / "report.md").read_text() == printed
    assert (tmp_path / "report" / "recall.svg").read_text().startswith("<svg")


def test_a_made_list_has_every_list_and_the_asked_size() -> None:
    rows = list(made_rows(entries=500, aliases=600))
    assert len({row["source"] for row in rows}) == 13
    assert (len(rows), sum(len([each for each in row["alt_names"].split("; ") if each]) for row in rows)) == (500, 600)
    assert rows == list(made_rows(entries=500, aliases=600))
