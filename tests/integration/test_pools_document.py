"""docs/pools.md says what is so: its examples run, what it names is there, and its commands are ours."""

import asyncio
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.http_client.peer import Peer, answer
from tools.http_client import shutdown_http_clients

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/pools.md").read_text()
SYNC_EXAMPLE, ASYNC_EXAMPLE = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


async def test_the_example_of_the_sync_client_runs(capsys: pytest.CaptureFixture[str]) -> None:
    async with Peer(answer(body=b"[]")).serving() as peer:
        example = SYNC_EXAMPLE.replace("https://hts.usitc.gov", peer.url("").rstrip("/"))
        await asyncio.to_thread(exec, example, {"__name__": "example"})
    assert capsys.readouterr().out == "200 1\n"


async def test_the_example_of_a_mocked_agency_runs() -> None:
    names: dict[str, Any] = {"__name__": "example"}
    exec(ASYNC_EXAMPLE, names)
    try:
        assert await names["ask"]() == []
    finally:
        await shutdown_http_clients()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", DOCUMENT))))
def test_a_test_that_is_named_is_there(name: str) -> None:
    assert (ROOT / f"tests/http_client/{name}.py").is_file()


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`python -m ([\w.]+)", DOCUMENT))))
def test_a_command_is_a_module_of_ours(module: str) -> None:
    assert find_spec(module) is not None


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)`", DOCUMENT))))
def test_a_target_is_in_the_makefile(target: str) -> None:
    assert re.search(rf"^{target}: setup$", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_modules_that_are_drawn_are_those_of_the_package() -> None:
    drawing = DOCUMENT.split("## How it is built")[1].split("A **slot**")[0]
    modules = {path.stem for path in (ROOT / "tools/http_client").glob("*.py")} - {"__init__"}
    assert {module for module in modules if not re.search(rf"\b{module}\b", drawing)} == set()
