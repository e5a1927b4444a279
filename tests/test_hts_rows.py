"""What is read from the rows that the tariff's interface sends, and what is refused."""

from typing import Any

import pytest

from tests.hts_oracle import raw_row
from tools.errors import ProviderGarbled
from tools.hts_schedule import UNREAD, Footmark, place, rates_of, read_rows


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


@pytest.mark.parametrize("key", ["htsno", "indent"])
def test_a_row_that_lacks_its_place_is_garbled_and_named(key: str) -> None:
    rows = [raw_row("8507", 0, "x"), raw_row("8507.60", 1, "y")]
    del rows[1][key]
    with pytest.raises(ProviderGarbled, match=f"row 2 has no '{key}'"):
        read_rows(rows)


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
    ],
)
def test_a_place_that_cannot_be_read_is_garbled_and_named_with_its_row(key: str, value: Any) -> None:
    with pytest.raises(ProviderGarbled, match=r"row 1"):
        read_rows([raw_row("8507", 0, "x") | {key: value}])


MARK = Footmark(UNREAD, (), None)


@pytest.mark.parametrize(
    ("key", "value", "member", "read"),
    [
        ("description", {}, "description", UNREAD),
        ("description", None, "description", ""),
        ("description", 7, "description", "7"),
        ("units", "kg", "units", ("kg",)),
        ("units", [1, None, "kg", {}], "units", ("1", "kg", UNREAD)),
        ("units", {}, "units", (UNREAD,)),
        ("general", 3.4, "general", UNREAD),
        ("general", 3, "general", UNREAD),
        ("special", {}, "special", UNREAD),
        ("other", False, "other", UNREAD),
        ("footnotes", "See 9903.88.15", "footmarks", (Footmark("See 9903.88.15", (), None),)),
        ("footnotes", ["See 9903.88.15", 1.5], "footmarks", (Footmark("See 9903.88.15", (), None), MARK)),
        ("footnotes", {"value": "x"}, "footmarks", (Footmark("x", (), None),)),
        ("footnotes", [{"columns": []}], "footmarks", (MARK,)),
        ("footnotes", [{"value": {}}, {"value": None}], "footmarks", (MARK,)),
        ("footnotes", [{"value": "x", "columns": "general"}], "footmarks", (Footmark("x", ("general",), None),)),
        ("footnotes", [{"value": "x", "marker": 1}], "footmarks", (Footmark("x", (), "1"),)),
        ("footnotes", True, "footmarks", (MARK,)),
        ("additionalDuties", 5, "additional_duties", UNREAD),
        ("addiitionalDuties", [], "additional_duties", UNREAD),
    ],
)
def test_another_value_that_cannot_be_read_costs_its_field_and_says_so(
    key: str, value: Any, member: str, read: object
) -> None:
    rows = read_rows([raw_row("8507", 0, "x") | {key: value}, raw_row("8508", 0, "y")])
    assert getattr(rows[0], member) == read
    assert rows[1] == read_rows([raw_row("8508", 0, "y")])[0]


@pytest.mark.parametrize("key", ["description", "general", "special", "other"])
def test_a_missing_text_is_not_taken_for_a_blank_one(key: str) -> None:
    raw = raw_row("8507", 0, "x")
    del raw[key]
    assert getattr(read_rows([raw])[0], key) == UNREAD


def test_missing_lists_and_additional_duties_are_not_taken_for_none() -> None:
    raw = raw_row("8507", 0, "x")
    del raw["additionalDuties"], raw["addiitionalDuties"], raw["footnotes"], raw["units"]
    [row] = read_rows([raw])
    assert (row.additional_duties, row.footmarks, row.units) == (UNREAD, (MARK,), (UNREAD,))


def test_a_spelling_of_additional_duties_that_can_be_read_counts() -> None:
    [row] = read_rows([raw_row("8507", 0, "x", additionalDuties={}, addiitionalDuties="5%")])
    assert row.additional_duties == "5%"


def test_a_key_that_no_row_has_any_more_is_a_change_of_the_interface() -> None:
    rows = [raw_row("8507", 0, "x") for _ in range(2)]
    for row in rows:
        del row["special"]
    with pytest.raises(ProviderGarbled, match="no row has 'special'"):
        read_rows(rows)


def test_a_rate_that_cannot_be_read_is_none_and_nothing_is_inherited_past_it() -> None:
    rows = [
        raw_row("8507", 0, "x", general="3.4%", special="Free (A)", other="40%"),
        raw_row("8507.60.00", 1, "y", other="40%") | {"general": {}},
        raw_row("8507.60.00.20", 2, "z"),
    ]
    for placed in place(read_rows(rows))[1:]:
        rates = rates_of(placed)
        assert rates.general.text is None
        assert rates.general.reason == "8507.60.00 states a rate that cannot be read; that does not mean free"
        assert rates.other.text == "40%"
        assert rates.special.text is None


@pytest.mark.parametrize("body", [{"results": []}, "unavailable", None, 7, True, [None], [["8507"]], ["8507"]])
def test_anything_but_a_list_of_objects_is_garbled(body: object) -> None:
    with pytest.raises(ProviderGarbled):
        read_rows(body)
