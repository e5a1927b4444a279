"""A real gateway of sample data, and a real Chromium that looks at its page."""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]

IMAGES = Path(__file__).parents[2] / "docs/images"

OpenGateway = Callable[..., str]
Picture = Callable[..., None]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window. Playwright's loop runs as long, so it is not to outlast these tests."""
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium at /usr/bin/chromium")
    expect.set_options(timeout=15_000)  # of a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def open_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenGateway]:
    """Starts a service with options of its own; its address. One with the same options is started once.

    Unless it is to hold the list, it asks the agency's search, which can be made slow, and to fail.
    """
    started: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], threading.Thread, str]] = {}

    def open_one(*options: str, source: str = "api") -> str:
        key = (*options, source)
        if key not in started:
            clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
            settings = {"GATEWAY_PORT": "0", "GATEWAY_LOG_FORMAT": "json", "GATEWAY_SANCTIONS_SOURCE": source}
            settings["GATEWAY_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
            process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve", *options],
                env=clean | settings,
                stderr=subprocess.PIPE,
            )
            assert process.stderr is not None
            line = next(each for each in process.stderr if b'"listening"' in each)
            # A pipe that nobody reads fills up, and then the service waits for it.
            reader = threading.Thread(target=deque, args=(process.stderr, 0), daemon=True)
            reader.start()
            started[key] = process, reader, f"http://127.0.0.1:{orjson.loads(line)['port']}"
        return started[key][2]

    yield open_one
    for process, reader, _ in started.values():
        with process:
            process.terminate()
            reader.join(30)


OpenPage = Callable[..., "Visit"]


class Visit:
    """A page that was opened, and what a person would not see: errors, and requests to elsewhere."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(url)

    def check(self) -> None:
        """Press the button and wait for the answer."""
        self.page.get_by_role("button", name="Check", exact=True).click()
        self.page.locator("#risk-title").wait_for()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens the page at an address; at the end nothing may have gone wrong unseen."""
    opened: list[Visit] = []

    def open_page(url: str, path: str = "/", **options: object) -> Visit:
        page = browser.new_page(**{"viewport": {"width": 1120, "height": 760}, **options})  # type: ignore[arg-type]  # Playwright's own
        visited = Visit(page, url)
        opened.append(visited)
        page.goto(url + path)
        return visited

    yield open_page
    for each in opened:
        each.page.context.close()
    assert [each.errors for each in opened] == [[] for _ in opened]
    assert [each.elsewhere for each in opened] == [[] for _ in opened]


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """Keeps a screenshot for the documentation, when the run is asked to."""

    def keep(page: Page, name: str, *, of: str = "#result", seconds: float = 0.3) -> None:
        if request.config.getoption("--pictures"):
            page.wait_for_timeout(seconds * 1000)
            page.evaluate("of => document.querySelector(of).scrollIntoView({ behavior: 'instant' })", of)
            page.screenshot(path=IMAGES / f"{name}.png")

    return keep


def violations(page: Page) -> list[str]:
    """What axe finds that is serious or worse."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
