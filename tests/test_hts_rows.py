"""What is read from the rows that the tariff's interface sends, and what is refused."""

from typing import Any

import pytest

from tests.hts_oracle import raw_row
from tools.errors import ProviderGarbled
from tools.hts_schedule import read_rows


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("  Other\xa0 \n batteries:\u200b ", "Other batteries:"),
        ("Chickens (<i>Gallus domesticus</i>)", "Chickens (Gallus domesticus)"),
        ("<div>Inner tubes<br>of a kind &amp; size</div>", "Inner tubes of a kind & size"),
        ("<il>lithium</il>-ion", "lithium-ion"),
        ("10<sup>6</sup> per m<sup>2</sup>, CO<sub>2</sub>", "10⁶ per m², CO₂"),
        ("Free<sup>1/</sup>", "Free 1/"),
        ("Free<sup><i>1/</i></sup> (A)", "Free 1/ (A)"),
        ("weighing < 5 kg and > 2 kg", "weighing < 5 kg and > 2 kg"),
        ("&lt; 5 kg&nbsp;net", "< 5 kg net"),
        ("β-Naphthol “x” 14.27¢", "β-Naphthol “x” 14.27¢"),
    ],
)
def test_texts_lose_their_markup_and_odd_blanks_and_keep_their_words(sent: str, read: str) -> None:
    [row] = read_rows([raw_row("8507", 0, sent)])
    assert row.description == read


def test_a_row_keeps_units_and_additional_duties_in_either_spelling() -> None:
    rows = [
        raw_row("9904.02.01", 0, "a", additionalDuties="66.6¢/kg", units=["X", "", " kg "]),
        raw_row("9904.02.02", 0, "b", addiitionalDuties="5%"),
        raw_row("9904.02.03", 0, "c", additionalDuties=" "),
    ]
    del rows[0]["addiitionalDuties"], rows[1]["additionalDuties"]
    read = read_rows(rows)
    assert [row.additional_duties for row in read] == ["66.6¢/kg", "5%", None]
    assert read[0].units == ("X", "kg")


def test_nulls_where_texts_or_lists_belong_are_blank() -> None:
    raw = raw_row("", 0, "Parts:") | dict.fromkeys(["units", "general", "special", "other", "footnotes"])
    [row] = read_rows([raw])
    assert (row.code, row.units, row.is_rated, row.footmarks) == ("", (), False, ())


def test_a_number_that_is_null_is_garbled_for_its_line_would_be_lost() -> None:
    with pytest.raises(ProviderGarbled, match="row 1: 'htsno' is null"):
        read_rows([raw_row("", 0, "Parts:") | {"htsno": None}])


@pytest.mark.parametrize(("sent", "read"), [("03", 3), (" 4 ", 4), (11, 11)])
def test_an_indent_may_be_padded_or_a_number(sent: object, read: int) -> None:
    assert read_rows([raw_row("9802.00", 0, "x") | {"indent": sent}])[0].indent == read


@pytest.mark.parametrize("number", ["8507600020", "8507.60.0020", " 8507.60.00.20 "])
def test_a_number_is_read_however_it_is_dotted(number: str) -> None:
    assert read_rows([raw_row(number, 0, "x")])[0].code == "8507.60.00.20"


def test_a_status_is_shown_where_there_is_one() -> None:
    rows = [raw_row("8507", 0, "x", status="current"), raw_row("8507", 0, "x"), raw_row("8507", 0, "x", status=3)]
    assert [row.status for row in read_rows(rows)] == ["current", None, None]


_KEYS = ["htsno", "indent", "description", "units", "general", "special", "other", "footnotes"]


@pytest.mark.parametrize("key", _KEYS)
def test_a_missing_key_is_garbled_and_named_with_its_row(key: str) -> None:
    rows = [raw_row("8507", 0, "x"), raw_row("8507.60", 1, "y")]
    del rows[1][key]
    with pytest.raises(ProviderGarbled, match=f"row 2 has no '{key}'"):
        read_rows(rows)


def test_a_row_without_either_spelling_of_additional_duties_is_garbled() -> None:
    raw = raw_row("8507", 0, "x")
    del raw["additionalDuties"], raw["addiitionalDuties"]
    with pytest.raises(ProviderGarbled, match="row 1 has no 'additionalDuties'"):
        read_rows([raw])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("htsno", 8507),
        ("htsno", "abc"),
        ("htsno", "8507.6"),
        ("htsno", "٨٥٠٧"),
        ("indent", None),
        ("indent", ""),
        ("indent", "one"),
        ("indent", -1),
        ("indent", True),
        ("indent", "²"),
        ("description", None),
        ("description", ["x"]),
        ("units", "kg"),
        ("units", [1]),
        ("general", 3.4),
        ("special", {}),
        ("other", False),
        ("footnotes", "See 9903.88.15"),
        ("footnotes", ["See 9903.88.15"]),
        ("footnotes", [{"columns": []}]),
        ("footnotes", [{"value": 1}]),
        ("footnotes", [{"value": "x", "columns": "general"}]),
        ("footnotes", [{"value": "x", "marker": 1}]),
        ("additionalDuties", 5),
        ("addiitionalDuties", []),
    ],
)
def test_a_value_of_another_type_is_garbled_and_named_with_its_row(key: str, value: Any) -> None:
    with pytest.raises(ProviderGarbled, match=r"row 1"):
        read_rows([raw_row("8507", 0, "x") | {key: value}])


@pytest.mark.parametrize("body", [{"results": []}, "unavailable", None, 7, True, [None], [["8507"]], ["8507"]])
def test_anything_but_a_list_of_objects_is_garbled(body: object) -> None:
    with pytest.raises(ProviderGarbled):
        read_rows(body)
