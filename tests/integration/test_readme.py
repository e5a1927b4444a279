"""What the README and the description of the API show is what the service does."""

import asyncio
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import PREFIX, Config
from service.contract.operations import OPERATIONS
from service.keys import LISTS
from service.sandbox import Sandbox
from tests.http_client.peer import Peer, answer
from tools.errors import ProviderFailed, ProviderRejected
from tools.hts import HTSTool
from tools.http_client import shutdown_http_clients

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SHOWN = README + (ROOT / "docs/rest.md").read_text()

#: `$ curl ...` and the JSON under it.
EXAMPLES = re.findall(r"```console\n\$ (curl -s [^\n]*)\n(\{.*?)\n```", SHOWN, re.DOTALL)

#: What differs from call to call, or from machine to machine.
VOLATILE = {"request_id", "retrieved_at", "age_s", "elapsed_ms", "url", "pid", "uptime_s", "acquire_wait_seconds"}
VOLATILE |= {"event_loop", "published_at", "fetched_at", "confirmed_at", "since"}
#: What depends on what was asked before.
FIGURES = {"in_use", "idle", "waiting", "created", "reused", "oldest_hold_seconds", "per_host"}
FIGURES |= {"entries", "bytes", "hits", "misses", "calls", "requests", "granted", "samples", "p50_ms", "p95_ms"}


#: The programs for jq in the examples, and what they pick.
PICKED: dict[str, Callable[[Any], Any]] = {
    "{risk, complete, reasons, tiles: (.tiles | map_values({status, headline}))}": lambda whole: {
        **{name: whole[name] for name in ("risk", "complete", "reasons")},
        "tiles": {
            name: {"status": tile["status"], "headline": tile["headline"]} for name, tile in whole["tiles"].items()
        },
    },
}


def same(shown: Any, got: Any, where: str = "") -> None:
    """Fail unless `got` is what the README shows, but for what differs each time."""
    assert type(shown) is type(got), where
    if isinstance(shown, dict):
        assert shown.keys() == got.keys(), where
        for name in shown.keys() - VOLATILE - FIGURES:
            same(shown[name], got[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert len(shown) == len(got), where
        for at, (one, other) in enumerate(zip(shown, got, strict=True)):
            same(one, other, f"{where}[{at}]")
    else:
        assert shown == got, where


@pytest.fixture
async def sandboxed(aiohttp_client: AiohttpClient, tmp_path: Path) -> TestClient[Any, Any]:
    app = create_app(Config(sandbox=True, sanctions_source="list", data_dir=tmp_path))
    client = await aiohttp_client(app)
    lists = app[LISTS]
    assert lists is not None
    await lists.settled()
    return client


def test_every_route_is_shown() -> None:
    shown = "\n".join(re.findall(r"^\$ (curl -s .*)$", SHOWN, re.MULTILINE))
    for operation in OPERATIONS:
        pattern = re.sub(r"\\?\{\w+\\?\}", r"[^ ?/'\"]+", operation.path)
        assert re.search(rf"localhost:8080{pattern}(?=[ ?'\"\n]|$)", shown), operation.path


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
async def test_an_example_is_answered_as_shown(sandboxed: TestClient[Any, Any], command: str, shown: str) -> None:
    words = shlex.split(command)
    path = next(word for word in words if word.startswith("localhost:8080")).removeprefix("localhost:8080")
    body = words[words.index("--json") + 1] if "--json" in words else None
    headers = {"Content-Type": "application/json"} if body else {}
    async with sandboxed.request("POST" if body else "GET", path, data=body, headers=headers) as response:
        got = await response.json()
    same(orjson.loads(shown), PICKED[words[words.index("|") + 2]](got) if "|" in words else got)


def runs_on_the_command_line() -> list[Any]:
    """`$ compliance-gateway ...` before sample data, and what it prints."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    runs = [run for block in blocks for run in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]
    return [
        pytest.param(*run, id=run[0])
        for run in runs
        if run[0].startswith("compliance-gateway") and "--sandbox" in run[0]
    ]


@pytest.mark.parametrize(("command", "shown"), runs_on_the_command_line())
async def test_a_command_prints_what_is_shown(command: str, shown: str, tmp_path: Path) -> None:
    beside = str(Path(sys.executable).parent)
    process = await asyncio.create_subprocess_shell(
        command,
        env={"PATH": f"{beside}:{os.environ['PATH']}", "GATEWAY_DATA_DIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert lasting(printed.decode()) == lasting(shown)


def lasting(printed: str) -> str:
    """`printed` without seconds that something took, times of day, and ports that the system chose."""
    printed = re.sub(r"\b[0-9]+\.[0-9] s\b", "0.0 s", printed)
    printed = re.sub(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC", "2026-12-01 00:00 UTC", printed)
    return re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:0", printed)


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?HTSTool\(\).*?)\n```", README, re.DOTALL))
async def test_the_library_answers_as_the_readme_says(
    example: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox = Sandbox()
    await sandbox.start()
    try:
        monkeypatch.setattr(HTSTool, "default_base_url", sandbox.url("hts"))
        await asyncio.to_thread(exec, example, {"__name__": "example"})
    finally:
        await shutdown_http_clients()
        await sandbox.close()
    assert capsys.readouterr().out.endswith("3.4% 2025HTSSandbox\n")


def test_the_settings_table_has_every_setting_with_its_default() -> None:
    rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| (.*?) \|", README, re.MULTILINE))
    assert rows == {name.upper(): _shown(field.default) for name, field in Config.model_fields.items()}


def _shown(default: object) -> str:
    return "-" if default is None else "`" + orjson.dumps(default, default=str).decode().replace('"', "") + "`"


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("mode", ["async", "sync"])
async def test_the_tool_of_the_readme_lets_no_error_pass_as_a_result(status: int, mode: str) -> None:
    blocks = re.findall(r"```python\n(.*?)\n```", README, re.DOTALL)
    (example,) = (block for block in blocks if "class ExchangeRate" in block)
    async with Peer(answer(status, b'{"rate": 1.1}', Content_Type="application/json")).serving() as peer:
        names: dict[str, Any] = {"__name__": "example"}
        with patch("aiohttp.web.run_app") as run_app:
            exec(example.replace("https://api.example.com", peer.url("").rstrip("/")), names)
        assert run_app.call_args.kwargs["host"] == "127.0.0.1"
        tool = names["ExchangeRate"]()

        async def ask() -> Any:
            if mode == "async":
                return await tool.run_async(currency="EUR")
            return await asyncio.to_thread(tool.run, currency="EUR")

        try:
            if status == 200:
                assert await ask() == {"rate": 1.1}
            else:
                with pytest.raises({404: ProviderRejected, 500: ProviderFailed}[status]):
                    await ask()
        finally:
            await shutdown_http_clients()
