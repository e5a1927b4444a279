"""Results as they are written out."""

import csv
import io
from collections.abc import Mapping

import orjson
import pytest

from service.batches.columns import Columns
from service.batches.file_faults import FileFault, file_problem
from service.batches.report import CSV_HEADER, result_in_csv, summary_in_csv, summary_line, summary_of, wanted_format
from service.batches.rows import Counts, RowResult
from tools.errors import InvalidQuery


def result(told: Mapping[str, object]) -> RowResult:
    return RowResult(1, told["status"], told.get("outcome"), orjson.dumps(told))  # type: ignore[arg-type]  # as a test has it


def read(*records: bytes) -> list[dict[str, str]]:
    """The records as a program reads them: by the header's names, with no cell more or less."""
    table = csv.DictReader(io.StringIO(b"".join([CSV_HEADER, *records]).decode(), newline=""), strict=True)
    found = list(table)
    assert all(None not in each and None not in each.values() for each in found)
    return found


HIT = {"name": "Listed Co", "matched_name": "LISTED", "score": 0.93, "list": "SDN", "programs": ["A", "B"], "url": "u"}


def test_a_result_is_one_record_with_its_strongest_hit() -> None:
    told = {"row": 7, "ref": "A-7", "name": "Acme", "status": "screened", "outcome": "potential_match"}
    (found,) = read(result_in_csv(result({**told, "hits": [HIT, {**HIT, "score": 0.8}], "total": 3})))
    assert found == {
        "row": "7",
        "ref": "A-7",
        "name": "Acme",
        "status": "screened",
        "outcome": "potential_match",
        "code": "",
        "detail": "",
        "hits": "3",
        "score": "0.93",
        "matched_name": "LISTED",
        "list": "SDN",
        "listed_name": "Listed Co",
        "programs": "A; B",
        "url": "u",
        "list_version": "",
        "country_level": "",
        "country_programs": "",
        "warnings": "",
    }


def test_who_was_not_screened_has_no_number_of_hits() -> None:
    told = {"row": 8, "ref": None, "name": "", "status": "invalid", "code": "invalid_row", "detail": "a\nb"}
    (found,) = read(result_in_csv(result(told)))
    assert (found["status"], found["hits"], found["detail"]) == ("invalid", "", "a\nb")
    (found,) = read(result_in_csv(result({**told, "status": "screened", "outcome": "clear", "hits": [], "total": 0})))
    assert found["hits"] == "0"


SIGNS = [*"=+-@", *"\uff1d\uff0b\uff0d\uff20", *"\ufe66\ufe62\ufe63\ufe6b", *"\u207c\u207a\u207b", "\u2212"]
SHOW_NOTHING = [
    "",
    "\t",
    "\r",
    "\n",
    "\ufeff",
    "\u200b",
    "\u200d",
    "\u00a0",
    " ",
    "\u3000",
    "\u202e",
    "\x00",
    "\x1b",
    "\u00ad",
]
#: Where a text of a caller or of a list may stand.
COLUMNS = ("ref", "name", "outcome", "code", "detail", "matched_name", "list", "listed_name", "programs", "url")


def in_all_columns(text: str) -> dict[str, str]:
    """Each of `COLUMNS` of a result that has `text` everywhere."""
    hit = {"name": text, "matched_name": text, "score": 0.9, "list": text, "programs": [text], "url": text}
    told = {"row": 1, "ref": text, "name": text, "status": "screened", "outcome": text, "code": text, "detail": text}
    (found,) = read(result_in_csv(result({**told, "hits": [hit], "total": 1})))
    return {column: found[column] for column in COLUMNS}


@pytest.mark.parametrize("before", SHOW_NOTHING, ids=ascii)
@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_no_text_is_a_formula(before: str, sign: str) -> None:
    text = f"{before}{sign}HYPERLINK(1)"
    assert in_all_columns(text) == dict.fromkeys(COLUMNS, f"'{text}")
    text = f"{before}{before}{sign}1"
    assert in_all_columns(text) == dict.fromkeys(COLUMNS, f"'{text}")


@pytest.mark.parametrize("text", ["\t", "\r1", "\nAcme", "\tAcme"])
def test_a_text_that_begins_with_a_control_character_is_guarded(text: str) -> None:
    assert in_all_columns(text) == dict.fromkeys(COLUMNS, f"'{text}")


@pytest.mark.parametrize(
    "text", ["Acme", "A=B", "1+1", "\uff21cme", "Łódź", "\u200f\u05e9\u05dc", " Acme", "(=)", "'=1", "№ 5", "\u2013"]
)
def test_other_texts_are_written_as_they_are(text: str) -> None:
    assert in_all_columns(text) == dict.fromkeys(COLUMNS, text)


def test_the_summary_adds_up_and_says_what_is_missing() -> None:
    counts = Counts(screened=3, invalid=2, not_screened=1, clear=1, potential_match=1, match=1)
    problem = file_problem(FileFault("broken_array", "the array is not closed", row=6), "id-1")
    summary = summary_of(
        counts,
        list_version="v",
        list_as_of=None,
        columns=Columns({"name": "Firma"}, ("id",)),
        request_id="id-1",
        sandbox=True,
        problem=problem,
    )
    told = orjson.loads(summary_line(summary))["summary"]
    assert (told["rows"], told["complete"], told["sandbox"]) == (6, False, True)
    assert (told["problem"]["code"], told["problem"]["fault"], told["problem"]["row"]) == (
        "invalid_file",
        "broken_array",
        6,
    )
    (found,) = read(summary_in_csv(summary))
    assert (found["row"], found["status"], found["code"]) == ("summary", "incomplete", "invalid_file")
    assert orjson.loads(found["detail"]) == told


@pytest.mark.parametrize(
    ("asked", "accept", "wanted"),
    [
        (None, None, "ndjson"),
        (None, "*/*", "ndjson"),
        (None, "text/csv", "csv"),
        (None, "text/csv;q=0.1, application/x-ndjson", "ndjson"),
        (None, "application/x-ndjson;q=0.5,text/csv", "csv"),
        (None, "text/csv;q=0", "ndjson"),
        (None, "text/csv;q=x", "ndjson"),
        ("csv", "application/x-ndjson", "csv"),
        ("ndjson", "text/csv", "ndjson"),
    ],
)
def test_what_is_asked_for_counts_before_what_is_accepted(asked: str | None, accept: str | None, wanted: str) -> None:
    assert wanted_format(asked, accept) == wanted


def test_there_is_no_third_format() -> None:
    with pytest.raises(InvalidQuery):
        wanted_format("xml", None)
