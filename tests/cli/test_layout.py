"""Text of others on a terminal: shown, whole, and obeyed by nobody."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from service.cli.tables.layout import as_text, bullets, facts, heading, paragraph, printable, table

HOSTILE = "\x1b[31mred\x1b[0m\x07\x9b2J[bold]bold[/bold] :skull: \u202egnp.exe\u2066 one\u2028two \ud800"


def acting(text: str) -> set[str]:
    """Characters that do something, the ends of lines apart."""
    return {each for each in text if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") and each != "\n"}


def everywhere(said: str, width: int = 80, *, colours: bool = False) -> str:
    """`said` in each place that text may come to stand in."""
    page = [
        heading(said),
        paragraph(said),
        facts(("Name", said), (said, "value")),
        bullets([said]),
        table(("A", said), [(said, "b")], whole=("A",)),
    ]
    return as_text(page, width=width, colours=colours)


@given(st.text(st.characters(exclude_characters="\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"), max_size=60))
def test_no_text_holds_a_character_that_a_terminal_would_act_upon(said: str) -> None:
    assert acting(printable(said)) == set()
    assert acting(everywhere(said)) == set()


def test_controls_are_spelled_out_and_markup_is_only_text() -> None:
    shown = everywhere(HOSTILE, 200)
    assert acting(shown) == set()
    for each in ("\\x1b[31mred", "\\x07", "\\x9b2J", "[bold]bold[/bold]", ":skull:", "\\u202egnp.exe", "\\ud800"):
        assert shown.count(each) >= 5


def test_with_colours_the_only_controls_are_our_own() -> None:
    assert "\x1b[31mred" not in everywhere(HOSTILE, 200, colours=True)
    assert "\x1b[1m" in everywhere("plain", 200, colours=True)


def test_letters_of_scripts_that_need_joiners_stay_as_they_are() -> None:
    said = "می\u200cرود Füße 株式会社"
    assert printable(said) == said


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
def test_nothing_is_cut_however_narrow_it_is(said: str) -> None:
    shown = as_text([facts(("Name", said)), table(("Column",), [(said,)], whole=("Column",))], width=40)
    assert "".join(shown.split()).count(said) >= 2
    assert all(len(line) <= 40 for line in shown.splitlines())
