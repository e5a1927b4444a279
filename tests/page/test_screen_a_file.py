"""The panel "Screen a file", in a real browser before a real gateway that holds the sandbox's list."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect

import service.assets
from service.batches.columns import KNOWN_AS
from tests.page.conftest import OpenGateway, OpenPage, Picture, violations

#: As a spreadsheet of the continent writes it: Windows-1252, semicolons, a cell of two lines, and one without a name.
PARTNERS = (
    'Kd-Nr;Firma;Land;Ort\r\nK-1;Bank Melli Iran;IR;Tehran\r\nK-2;"Müller\nSöhne";DE;Köln\r\nK-3;;FR;Lyon\r\n'
    "K-4;Quiet Harbor Tools;US;Boston\r\n"
).encode("cp1252")


@pytest.fixture
def gateway(open_gateway: OpenGateway) -> str:
    """One that holds the list."""
    return open_gateway("--sandbox", source="list")


def partners(name: str = "partners.csv", content: bytes = PARTNERS) -> Any:
    """A file as a browser hands it over."""
    return {"name": name, "mimeType": "text/csv", "buffer": content}


def map_columns(page: Page) -> None:
    """Say which column is what."""
    for ours, theirs in {"name": "Firma", "ref": "Kd-Nr", "country": "Land"}.items():
        page.locator(f"#column-{ours}").select_option(theirs)


def screen(page: Page, content: bytes = PARTNERS) -> None:
    """Choose the file, say which column is what, and wait for the end."""
    page.get_by_label("A CSV, NDJSON or JSON file").set_input_files(partners(content=content))
    map_columns(page)
    page.get_by_role("button", name="Screen this file").click()
    page.get_by_role("heading", name="The file is done").wait_for()


def test_the_page_knows_the_headings_that_the_gateway_knows() -> None:
    script = (Path(service.assets.__file__).parent / "page/columns.js").read_text()
    table = script.partition("const KNOWN = ")[2].partition(";\n")[0]
    assert orjson.loads(table) == {ours: list(names) for ours, names in KNOWN_AS.items()}


def test_a_file_is_mapped_screened_filtered_and_downloaded(gateway: str, visit: OpenPage, picture: Picture) -> None:
    seen = visit(gateway)
    page = seen.page
    page.get_by_label("A CSV, NDJSON or JSON file").set_input_files(partners())
    mapping = page.get_by_role("table", name="which of its columns is what")
    expect(mapping).to_contain_text("partners.csv")
    map_columns(page)
    expect(mapping).to_contain_text("Bank Melli Iran")
    expect(page.get_by_text("Not read: Ort.")).to_be_visible()
    page.get_by_role("button", name="Screen this file").click()
    job = page.get_by_role("region", name="The screening of the file")
    expect(job.get_by_role("heading", name="The file is done")).to_be_visible()
    expect(job).to_contain_text("4 of 4 rows")
    expect(job.locator(".counts")).to_have_text(re.compile(r"1 match\b.*1 invalid row.*2 rows without a listed name"))
    expect(job).to_contain_text(re.compile(r"list [0-9a-f]{12}, confirmed as the current one at 20\d\d-"))
    expect(job).to_contain_text("sample data")
    rows = job.get_by_role("table", name="Rows of the file").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("K-1")
    expect(rows.first).to_contain_text("Match")
    picture(page, "screen-a-file", of="#columns")
    job.get_by_label("Show").select_option("Invalid rows")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Invalid: not screened")
    job.get_by_label("Show").select_option("All rows")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("Müller Söhne")
    with page.expect_download() as waited:
        job.get_by_role("link", name="Download as NDJSON").click()
    lines = [orjson.loads(line) for line in Path(waited.value.path()).read_bytes().splitlines()]
    assert [line["row"] for line in lines if "row" in line] == [1, 2, 3, 4]
    assert violations(page) == []


def test_a_file_without_a_column_of_names_is_not_sent(gateway: str, visit: OpenPage) -> None:
    seen = visit(gateway)
    seen.page.get_by_label("A CSV, NDJSON or JSON file").set_input_files(partners(content=b"a;b\n1;2\n"))
    seen.page.get_by_role("button", name="Screen this file").click()
    expect(seen.page.get_by_text("Choose the column that holds the names.")).to_be_visible()
    expect(seen.page.locator("#column-name")).to_be_focused()
    expect(seen.page.locator("#job")).to_be_hidden()


def test_an_empty_file_is_told_as_such(gateway: str, visit: OpenPage) -> None:
    seen = visit(gateway)
    seen.page.get_by_label("A CSV, NDJSON or JSON file").set_input_files(partners(content=b""))
    expect(seen.page.get_by_text("partners.csv: The file is empty.")).to_be_visible()
    expect(seen.page.get_by_role("button", name="Screen this file")).to_be_hidden()


def test_a_job_is_found_again_by_the_address(gateway: str, visit: OpenPage) -> None:
    seen = visit(gateway)
    screen(seen.page)
    again = visit(gateway, "/#" + seen.page.url.partition("#")[2])
    expect(again.page.get_by_role("heading", name="The file is done")).to_be_visible()
    expect(again.page.get_by_role("region", name="The screening of the file")).to_contain_text("4 of 4 rows")


def test_a_dropped_file_is_taken(gateway: str, visit: OpenPage) -> None:
    seen = visit(gateway)
    dropped = seen.page.evaluate_handle(
        """() => {
            const dropped = new DataTransfer();
            dropped.items.add(new File(["name,country\\nBank Melli Iran,IR\\n"], "dropped.csv", { type: "text/csv" }));
            return dropped;
        }"""
    )
    seen.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    expect(seen.page.locator("#column-name")).to_have_value("0")
    expect(seen.page.locator("#column-country")).to_have_value("1")
    seen.page.get_by_role("button", name="Screen this file").press("Enter")
    expect(seen.page.get_by_role("region", name="The screening of the file")).to_contain_text("1 of 1 row")


def test_a_heading_with_commas_in_it_is_one_column(gateway: str, visit: OpenPage) -> None:
    page = visit(gateway).page
    content = b"Name, legal, trading, or any;Land;Nr\r\nBank Melli Iran;IR;K-1\r\n"
    page.get_by_label("A CSV, NDJSON or JSON file").set_input_files(partners(content=content))
    page.locator("#column-name").select_option("Name, legal, trading, or any")
    page.locator("#column-ref").select_option("Nr")
    page.get_by_role("button", name="Screen this file").click()
    page.get_by_role("heading", name="The file is done").wait_for()
    expect(page.locator("body")).to_contain_text("1 match")
