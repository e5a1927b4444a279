"""Countries on the page: fields that take names and show what is meant, and what the country programs say."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect

import service.assets
from tests.page.conftest import OpenGateway, OpenPage, violations
from tools.countries import COUNTRIES, short_name


@pytest.fixture
def sandbox(open_gateway: OpenGateway) -> str:
    """A gateway whose sources all answer."""
    return open_gateway("--sandbox")


def fill(page: Page, **also: str) -> None:
    """A shipment that nothing speaks against, unless `also` says otherwise."""
    plain = {
        "Description": "Cotton T-shirts",
        "HTS code": "6109.10.00.12",
        "Country of origin": "Mexico",
        "Name": "Quiet Harbor Tools",
        "Country": "MX",
    }
    for label, value in (plain | also).items():
        page.get_by_label(label, exact=label in ("Name", "Country")).first.fill(value)


def test_the_page_knows_the_countries_that_the_gateway_knows() -> None:
    script = (Path(service.assets.__file__).parent / "page/countries.js").read_text()
    table = script.partition("const COUNTRIES = ")[2].partition(";\n")[0]
    assert dict(orjson.loads(table)) == {code: short_name(code) for code in COUNTRIES}


@pytest.mark.parametrize("typed", ["ch", "Switzerland", "switzerland (ch)", "CH"])
def test_a_country_field_shows_name_and_code(sandbox: str, visit: OpenPage, typed: str) -> None:
    page = visit(sandbox).page
    origin = page.get_by_label("Country of origin")
    origin.fill(typed)
    origin.press("Tab")
    expect(origin).to_have_value("Switzerland (CH)")


def test_a_country_is_chosen_from_the_list_by_keyboard(sandbox: str, visit: OpenPage) -> None:
    page = visit(sandbox).page
    origin = page.get_by_label("Country of origin")
    expect(page.get_by_role("combobox", name="Country of origin")).to_be_visible()
    origin.press_sequentially("Switz", delay=20)
    expect(origin).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("option", name="Switzerland (CH)")).to_be_visible()
    assert violations(page) == []
    origin.press("ArrowDown")
    origin.press("Enter")
    expect(origin).to_have_value("Switzerland (CH)")
    expect(origin).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#result")).to_be_hidden()
    origin.fill("Guin")
    origin.press("ArrowUp")
    origin.press("Escape")
    origin.press("Tab")
    expect(origin).to_have_value("Guin")


@pytest.mark.parametrize(("typed", "code"), [("China", "CN"), ("Iraq", "IQ"), ("Iran", "IR"), ("N. Korea", "KP")])
def test_a_name_is_asked_as_the_country_that_it_names(sandbox: str, visit: OpenPage, typed: str, code: str) -> None:
    seen = visit(sandbox)
    fill(seen.page, **{"Country of origin": typed})
    seen.check()
    expect(seen.page.locator("#summary")).to_contain_text(f"origin {code}, to US")


def test_an_iranian_shipment_is_high_and_says_why(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page, **{"Country of origin": "Iran", "Country": "North Korea"})
    seen.check()
    page = seen.page
    expect(page.get_by_role("heading", name="Risk: High")).to_be_visible()
    block: Any = page.get_by_role("region", name="Countries")
    expect(block).to_contain_text("Iran in the lane: comprehensive embargo")
    expect(block).to_contain_text("Stop unless counsel confirms authorization.")
    expect(block).to_contain_text("31 CFR 560.201")
    expect(block).to_contain_text("North Korea (KP)")
    reasons = page.locator("#summary .reasons").first
    expect(reasons.get_by_role("link", name="Countries").first).to_have_attribute("href", "#tile-country_programs")
    assert violations(page) == []
    page.emulate_media(media="print")
    expect(block).to_be_visible()


def test_a_country_that_is_not_understood_is_told_and_the_party_is_screened(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page, Name="Bank Melli Iran", Country="Narnia")
    seen.check()
    expect(seen.page.get_by_role("heading", name="Risk: High")).to_be_visible()
    block = seen.page.get_by_role("region", name="Countries")
    expect(block).to_contain_text(re.compile("“Narnia” was not understood: not assessed"))
    expect(block).to_contain_text("parties.0.country")
