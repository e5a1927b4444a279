"""What a person sees and can do on the page, in a real browser before a real gateway."""

import re
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from playwright.sync_api import Page, expect

from service.contract.operations import OPERATIONS
from tests.page.conftest import OpenGateway, OpenPage, Picture, violations

CLEAR: dict[str, str] = {
    "Description": "Cotton T-shirts",
    "HTS code": "6109.10.00.12",
    "Country of origin": "MX",
    "Name": "Quiet Harbor Tools",
    "Country": "MX",
}


@pytest.fixture
def sandbox(open_gateway: OpenGateway) -> str:
    """A gateway whose sources all answer."""
    return open_gateway("--sandbox")


def fill(page: Page, **also: str) -> None:
    """A shipment that nothing speaks against, unless `also` says otherwise."""
    for label, value in (CLEAR | also).items():
        page.get_by_label(label, exact=label in ("Name", "Country")).first.fill(value)


def tile(page: Page, title: str) -> Any:
    return page.get_by_role("article", name=title)


def test_a_clear_shipment_is_clear_in_words_with_what_was_not_assessed(
    sandbox: str, visit: OpenPage, picture: Picture
) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.check()
    expect(seen.page.get_by_role("heading", name="Risk: Low")).to_be_visible()
    expect(tile(seen.page, "Tariff line")).to_contain_text("Nothing adverse")
    expect(tile(seen.page, "Denied parties")).to_contain_text("No listed name at or above 0.80; 13 lists")
    expect(tile(seen.page, "Import refusals")).to_contain_text("Does not apply")
    expect(tile(seen.page, "Customs rulings")).to_contain_text("Nothing adverse")
    for title in ("Tariff line", "Denied parties", "Customs rulings"):
        expect(tile(seen.page, title)).to_contain_text(re.compile(r"retrieved 20\d\d-.* UTC, .*(just now|old), "))
    expect(seen.page.get_by_text("antidumping and countervailing duties")).to_be_visible()
    told = seen.page.locator("#summary")
    expect(told).to_contain_text("Asked: import of Cotton T-shirts (HTS 6109100012), origin MX, to US, 1 party.")
    expect(told).to_contain_text(re.compile("request [0-9a-f]{32}"))
    expect(told).to_contain_text("Nothing adverse in what was asked; 11 subjects not assessed.")
    expect(tile(seen.page, "Denied parties")).to_contain_text("Check ownership and end use.")
    assert not re.search(r"\b(?:clear|safe|passed|not listed)\b", seen.page.locator("body").inner_text(), re.IGNORECASE)
    picture(seen.page, "clear")


def test_a_listed_party_is_told_with_its_list_and_the_official_link(
    sandbox: str, visit: OpenPage, picture: Picture
) -> None:
    seen = visit(sandbox)
    fill(seen.page, Name="Bank Melli Iran", Country="IR")
    seen.check()
    expect(seen.page.get_by_role("heading", name="Risk: High")).to_be_visible()
    parties = tile(seen.page, "Denied parties")
    expect(parties).to_contain_text("Stop")
    parties.locator("summary").click()
    official = parties.get_by_role("link", name="The official list").first
    assert str(official.get_attribute("href")).startswith("https://")
    assert official.get_attribute("rel") == "noopener noreferrer"
    expect(parties).to_contain_text("Specially Designated Nationals")
    picture(seen.page, "listed-party")


def test_a_source_that_is_down_looks_unlike_a_clear_in_word_shape_and_border(
    open_gateway: OpenGateway, visit: OpenPage, picture: Picture
) -> None:
    seen = visit(open_gateway("--sandbox", "--fault", "csl=status:503"))
    fill(seen.page)
    seen.check()
    expect(seen.page.get_by_role("heading", name="Risk: Unknown")).to_be_visible()
    down, clear = tile(seen.page, "Denied parties"), tile(seen.page, "Tariff line")
    expect(down).to_contain_text("Not answered")
    expect(down).to_contain_text("Not screened")
    expect(down).to_contain_text("provider_failed")
    assert "Nothing adverse" not in down.inner_text()

    def looks(of: Any) -> tuple[str, str]:
        border = of.evaluate("each => getComputedStyle(each).borderLeftStyle")
        return border, of.locator(".badge path").get_attribute("d")

    assert looks(down)[0] == "dashed"
    assert all(one != other for one, other in zip(looks(down), looks(clear), strict=True))
    picture(seen.page, "one-source-down")


def test_tiles_fill_in_as_each_source_answers(open_gateway: OpenGateway, visit: OpenPage) -> None:
    seen = visit(open_gateway("--sandbox", "--fault", "csl=latency:1500ms"))
    fill(seen.page)
    seen.page.get_by_role("button", name="Check", exact=True).click()
    expect(tile(seen.page, "Tariff line")).to_contain_text("general rate")
    expect(tile(seen.page, "Denied parties")).to_contain_text("Waiting for the agency")
    expect(tile(seen.page, "Denied parties")).to_contain_text("No listed name at or above 0.80; 13 lists")


def test_a_question_that_is_stopped_leaves_what_had_not_come_as_not_answered(
    open_gateway: OpenGateway, visit: OpenPage
) -> None:
    seen = visit(open_gateway("--sandbox", "--fault", "csl=hang"))
    fill(seen.page)
    seen.page.get_by_role("button", name="Check", exact=True).click()
    expect(tile(seen.page, "Tariff line")).to_contain_text("general rate")
    seen.page.get_by_role("button", name="Stop").click()
    expect(tile(seen.page, "Denied parties")).to_contain_text("Not answered")
    expect(seen.page.get_by_role("button", name="Check", exact=True)).to_be_focused()


def test_a_gateway_that_falls_silent_is_not_waited_for_without_end(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.page.clock.install()
    seen.page.route("**/v1/snapshot?stream=1", lambda _: None)
    with seen.page.expect_request("**/v1/snapshot?stream=1"):
        seen.page.get_by_role("button", name="Check", exact=True).click()
    seen.page.clock.fast_forward(91_000)
    expect(seen.page.get_by_role("alert")).to_contain_text("The gateway fell silent")
    expect(seen.page.locator("#result")).to_be_hidden()
    seen.page.unroute_all()


def test_an_answer_grows_older_on_an_open_page(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.check()
    expect(tile(seen.page, "Denied parties")).not_to_contain_text("hours old")
    seen.page.clock.set_fixed_time(time.time() + 3 * 3600)
    expect(tile(seen.page, "Denied parties")).to_contain_text("3 hours old")


def test_a_stream_that_is_cut_leaves_what_had_not_come_as_not_answered(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    lines = [
        {"event": "asked", "id": "x", "asked_at": "x", "sandbox": True},
        {"event": "tile", "name": "cbp_rulings", "tile": {"status": "clear", "headline": "None", "reasons": []}},
    ]
    body = b"".join(orjson.dumps(each) + b"\n" for each in lines)
    seen.page.route(
        "**/v1/snapshot?stream=1",
        lambda route: route.fulfill(status=200, headers={"X-Request-ID": "r-7"}, body=body + b'{"event": "ti'),
    )
    fill(seen.page)
    seen.page.get_by_role("button", name="Check", exact=True).click()
    problem = seen.page.get_by_role("alert")
    for words in ("cut short", "stream_cut", "r-7"):
        expect(problem).to_contain_text(words)
    for title in ("Tariff line", "Denied parties", "Import refusals"):
        expect(tile(seen.page, title)).to_contain_text("Not answered")
    expect(tile(seen.page, "Customs rulings")).to_contain_text("Nothing adverse")
    expect(seen.page.get_by_role("heading", name=re.compile("Risk:"))).to_have_count(0)


def test_a_refused_question_shows_its_title_code_request_id_and_field(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page, **{"HTS code": "85"})
    seen.page.get_by_role("button", name="Check", exact=True).click()
    problem = seen.page.get_by_role("alert")
    for words in ("The question cannot be asked", "invalid_query", "product.hts_code", "request "):
        expect(problem).to_contain_text(words)
    expect(seen.page.get_by_label("HTS code")).to_be_focused()
    expect(seen.page.locator("#result")).to_be_hidden()
    seen.errors = [each for each in seen.errors if "400" not in each]  # Chromium's own line about the answer


def test_what_is_no_answer_of_ours_is_told_as_such(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    seen.page.route("**/v1/snapshot?stream=1", lambda route: route.fulfill(status=502, body="<html>proxy</html>"))
    fill(seen.page)
    seen.page.get_by_role("button", name="Check", exact=True).click()
    expect(seen.page.get_by_role("alert")).to_contain_text("HTTP 502")
    seen.page.unroute_all()
    seen.page.route("**/v1/snapshot?stream=1", lambda route: route.abort())
    seen.page.get_by_role("button", name="Check", exact=True).click()
    expect(seen.page.get_by_role("alert")).to_contain_text("The gateway cannot be reached")
    seen.errors = [each for each in seen.errors if "Failed to load resource" not in each]


def test_the_sandbox_cannot_be_missed_and_is_not_said_of_live_agencies(
    open_gateway: OpenGateway, sandbox: str, visit: OpenPage
) -> None:
    seen = visit(sandbox)
    banner = seen.page.get_by_text("Sample data.", exact=False).first
    expect(banner).to_be_visible()
    seen.page.mouse.wheel(0, 5000)
    expect(banner).to_be_in_viewport()
    live = visit(open_gateway())
    expect(live.page.get_by_text("closed: asked as usual").first).to_be_visible()
    expect(live.page.get_by_text("Sample data.", exact=False).first).to_be_hidden()


def test_sample_data_is_called_so_even_when_the_health_of_the_process_is_not_told(
    sandbox: str, visit: OpenPage
) -> None:
    seen = visit(sandbox)
    seen.page.route("**/health", lambda route: route.abort())
    seen.page.reload()
    fill(seen.page)
    seen.check()
    expect(seen.page.get_by_text("Sample data.", exact=False).first).to_be_visible()
    seen.errors = [each for each in seen.errors if "Failed to load resource" not in each]


def test_everything_can_be_done_without_a_mouse(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    keys = seen.page.keyboard

    def focused() -> str:
        named: str = seen.page.evaluate(
            "(document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText).trim()"
        )
        return named

    def tab_to(name: str) -> None:
        for _ in range(60):
            if focused().startswith(name):
                return
            keys.press("Tab")
        raise AssertionError(f"{name} cannot be reached, only {focused()}")

    keys.press("Tab")
    assert focused() == "Skip to the form"
    for label, value in CLEAR.items():
        tab_to(label)
        if label == "Country" and focused() != "Country":
            raise AssertionError(focused())
        keys.type(value)
    tab_to("Add a party")
    keys.press("Enter")
    assert focused() == "Name"
    keys.type("Plain Grocers")
    keys.press("Tab")
    keys.type("US")
    keys.press("Tab")
    keys.press("Tab")
    assert focused() == "Remove"
    keys.press("Enter")
    assert focused() == "Name"
    keys.press("Enter")
    seen.page.locator("#risk-title").wait_for()
    expect(seen.page.locator("#result")).to_be_focused()
    tab_to("Rates on this line")
    keys.press("Enter")
    expect(tile(seen.page, "Tariff line")).to_contain_text("Programs printed on this line")


def test_a_list_is_pasted_and_a_link_opens_the_same_question_without_asking(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.page.get_by_text("Paste a list").click()
    seen.page.get_by_label("One party a line").fill(
        "Acme Trading; CN; seller\nPlain Grocers\tus\tend user\n\nOnly A Name"
    )
    seen.page.get_by_role("button", name="Use this list").click()
    seen.page.get_by_role("button", name="Copy a link").click()
    expect(seen.page.get_by_text(re.compile("Copied|address bar"))).to_be_visible()
    link = seen.page.url
    assert "#ask=" in link
    again = visit(sandbox, link.removeprefix(sandbox))
    names = again.page.get_by_label("Name", exact=True)
    expect(names).to_have_count(3)
    expect(names.nth(1)).to_have_value("Plain Grocers")
    expect(again.page.get_by_label("Country", exact=True).nth(1)).to_have_value("United States (US)")
    expect(again.page.get_by_label("Role").nth(1)).to_have_value("end_user")
    expect(again.page.get_by_label("HTS code")).to_have_value("6109.10.00.12")
    expect(again.page.get_by_text("Press Check to ask it anew")).to_be_visible()
    expect(again.page.locator("#result")).to_be_hidden()


@pytest.mark.parametrize(
    "held", ["{half", "5", "null", '{"parties": [null]}', '{"product": {}, "lane": {}, "parties": [1]}']
)
def test_a_link_that_holds_no_question_is_said_to_and_breaks_nothing(sandbox: str, visit: OpenPage, held: str) -> None:
    seen = visit(sandbox, f"/#ask={quote(held)}")
    expect(seen.page.get_by_text("The link holds no question that can be read")).to_be_visible()
    expect(seen.page.get_by_text("Sample data.", exact=False).first).to_be_visible()
    expect(seen.page.get_by_label("Name", exact=True)).to_have_count(1)


def test_a_link_that_is_opened_on_the_open_page_fills_the_form(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    question = '{"product": {"description": "Pumps"}, "lane": {"origin": "DE"}, "parties": [{"name": "Acme"}]}'
    seen.page.goto(f"{sandbox}/#ask={quote(question)}")
    expect(seen.page.get_by_label("Description")).to_have_value("Pumps")
    expect(seen.page.get_by_label("Name", exact=True)).to_have_value("Acme")


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("Acme; CN; seller; Hidden Partner; IR", "Line 1 holds more"),
        ("Acme; CN\nOther; CN; agent", 'Line 2: "agent" is no role'),
        ("\n".join(f"Party {number}; CN" for number in range(51)), "51 parties are more"),
        (" ", "no party"),
    ],
)
def test_a_list_that_would_lose_a_party_is_not_taken(sandbox: str, visit: OpenPage, pasted: str, said: str) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.page.get_by_text("Paste a list").click()
    seen.page.get_by_label("One party a line").fill(pasted)
    seen.page.get_by_role("button", name="Use this list").click()
    expect(seen.page.locator("#said")).to_contain_text(said)
    expect(seen.page.get_by_label("Name", exact=True)).to_have_count(1)
    expect(seen.page.get_by_label("Name", exact=True)).to_have_value("Quiet Harbor Tools")


def test_an_answer_is_marked_when_the_form_has_another_question(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.check()
    note = seen.page.get_by_text("The form was changed since")
    expect(note).to_have_count(0)
    seen.page.get_by_label("Name", exact=True).fill("Somebody Else")
    expect(note).to_be_visible()
    seen.check()
    expect(note).to_have_count(0)


def test_what_somebody_opened_stays_open_when_the_last_source_answers(
    open_gateway: OpenGateway, visit: OpenPage
) -> None:
    seen = visit(open_gateway("--sandbox", "--fault", "csl=latency:1500ms"))
    fill(seen.page)
    seen.page.get_by_role("button", name="Check", exact=True).click()
    rates = tile(seen.page, "Tariff line").locator("summary")
    rates.click()
    seen.page.locator("#risk-title").wait_for()
    assert tile(seen.page, "Tariff line").locator("details").evaluate("each => each.open")


def test_a_table_keeps_its_focus_while_its_figures_are_renewed(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    region = seen.page.get_by_role("region", name=re.compile("Agencies"))
    region.focus()
    with seen.page.expect_response("**/health"):
        pass
    with seen.page.expect_response("**/health"):
        pass
    expect(region).to_be_focused()


def test_the_answer_can_be_kept_as_json(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.check()
    with seen.page.expect_download() as download:
        seen.page.get_by_role("button", name="Download as JSON").click()
    kept = orjson.loads(Path(download.value.path()).read_bytes())
    assert download.value.suggested_filename == f"{kept['id']}.json"
    assert (kept["risk"], len(kept["tiles"])) == ("low", 4)


def test_on_paper_there_is_the_answer_and_no_form(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    fill(seen.page)
    seen.check()
    seen.page.emulate_media(media="print")
    expect(seen.page.locator("form")).to_be_hidden()
    expect(tile(seen.page, "Denied parties")).to_be_visible()
    expect(seen.page.get_by_text("Asked: import of Cotton T-shirts")).to_be_visible()
    expect(seen.page.get_by_text("Sample data.", exact=False).first).to_be_visible()
    light = seen.page.locator(".badge").first.evaluate("each => getComputedStyle(each).color")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.page.locator(".badge").first.evaluate("each => getComputedStyle(each).color") == light


def test_text_of_an_agency_stays_text(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    hostile = '<img src=x onerror="document.title=1">'
    told = {"status": "attention", "headline": hostile, "reasons": [{"code": "x", "text": hostile}], "error": None}
    refusals = {
        **told,
        "source": None,
        "result": {"total": 1, "truncated": False, "refusals": [
            {"refused_on": "2026-01-01", "firm": hostile, "product": hostile, "product_code": "x", "charges": []}
        ]},
    }  # fmt: skip
    body = orjson.dumps({"event": "tile", "name": "refusal_history", "tile": refusals}) + b"\n"
    seen.page.route("**/v1/snapshot?stream=1", lambda route: route.fulfill(status=200, body=body))
    fill(seen.page)
    seen.page.get_by_role("button", name="Check", exact=True).click()
    expect(tile(seen.page, "Import refusals")).to_contain_text(hostile)
    assert seen.page.locator("#tiles img").count() == 0
    assert seen.page.title() == "Compliance Gateway"


def test_the_pool_chart_moves_under_load(open_gateway: OpenGateway, visit: OpenPage, picture: Picture) -> None:
    url = open_gateway("--sandbox", "--fault", "hts=latency:300ms")
    seen = visit(url)
    seen.page.locator("#connections").scroll_into_view_if_needed()
    figures = seen.page.locator("#pool-async .figures")
    expect(figures).to_contain_text("0 in use, 0 idle")
    canvas = seen.page.locator("#pool-async canvas")
    before = canvas.evaluate("each => each.toDataURL()")
    done = threading.Event()

    def load(number: int) -> None:
        while not done.is_set():
            path = f"/v1/hts?q=word{number}&limit=1"
            asked = urllib.request.Request(url + path, headers={"Cache-Control": "no-cache"})
            urllib.request.urlopen(asked).read()

    threads = [threading.Thread(target=load, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    try:
        expect(figures).to_contain_text(re.compile(r"^[1-9]\d* in use"))
        expect(seen.page.get_by_role("region", name="By host").first).to_contain_text("127.0.0.1")
        assert canvas.evaluate("each => each.toDataURL()") != before
        agencies = seen.page.get_by_role("region", name=re.compile("Agencies"))
        expect(agencies.get_by_role("row", name=re.compile("^hts"))).to_contain_text(re.compile(r"\d{3}(\.\d+)? ms"))
        picture(seen.page, "connections", of="#connections", seconds=12)
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("looks", "drawn"),
    [
        ("[0, 7], [1, 7]", [1, 2]),
        ("[0, 7], [60, 7]", [1, None, 2]),
        ("[0, 7], [1, 8]", [1, None, 2]),
        ("[0, 7], [181, 7]", [2]),
    ],
    ids=["seen all along", "not looked at", "another process", "too long ago"],
)
def test_what_nobody_looked_at_is_a_gap_in_the_chart(
    sandbox: str, visit: OpenPage, looks: str, drawn: list[int | None]
) -> None:
    seen = visit(sandbox)
    kept = seen.page.evaluate(
        f"""async () => {{
          const {{ emptyHistory, keep }} = await import("/assets/page/history.js");
          const history = emptyHistory();
          [{looks}].forEach(([at, pid], before) =>
            keep(history, 1000 + at, {{ in_use: before + 1, idle: 0, waiting: 0 }}, pid));
          return history;
        }}"""
    )
    within = kept["in_use"][-len(drawn) :]
    assert within == drawn
    assert len(kept["times"]) == len(kept["in_use"]) == len(kept["idle"]) == len(kept["waiting"])


def test_a_process_that_hangs_is_said_to_be_silent(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    seen.page.locator("#connections").scroll_into_view_if_needed()
    expect(seen.page.locator("#pool-async .figures")).to_contain_text("in use")
    seen.page.route("**/health", lambda _: None)
    expect(seen.page.get_by_text("The process does not tell (no answer in 5 s)")).to_be_visible()
    seen.page.unroute_all()


def test_a_process_that_does_not_tell_is_said_to_be_silent(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox)
    seen.page.locator("#connections").scroll_into_view_if_needed()
    expect(seen.page.locator("#pool-async .figures")).to_contain_text("in use")
    seen.page.route("**/health", lambda route: route.fulfill(status=500, body="x"))
    expect(seen.page.get_by_text("The process does not tell (HTTP 500)")).to_be_visible()
    seen.errors = [each for each in seen.errors if "Failed to load resource" not in each]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_serious(
    open_gateway: OpenGateway, visit: OpenPage, picture: Picture, scheme: str, width: int
) -> None:
    url = open_gateway("--sandbox", "--fault", "csl=status:503")
    seen = visit(url, color_scheme=scheme, viewport={"width": width, "height": 800})
    assert violations(seen.page) == []
    seen.page.get_by_role("button", name="Fill in an example").click()
    seen.check()
    for each in seen.page.locator("#result summary").all():
        if each.evaluate("each => !each.parentElement.open"):
            each.click()
    assert violations(seen.page) == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    if (scheme, width) == ("dark", 360):
        picture(seen.page, "phone-dark")


def test_the_contract_is_shown_from_our_own_files(sandbox: str, visit: OpenPage) -> None:
    seen = visit(sandbox, "/docs")
    seen.page.locator(".opblock").first.wait_for()
    assert seen.page.locator(".opblock").count() == len(OPERATIONS)
    expect(seen.page.get_by_text("/v1/snapshot").first).to_be_visible()
    seen.page.locator("#operations-snapshot-snapshot").click()
    expect(seen.page.get_by_text("Request body").first).to_be_visible()
