"""The tools over REST: the catalogue, users' own tools, and those that have only a sync half."""

import gzip
import io
import threading
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from service.app import create_app
from service.config import Config
from service.keys import CLIENTS, REGISTRY
from service.lifecycle import Lifecycle
from tests.service.conftest import Gateway, OpenGateway
from tests.service.hts_upstream import HTSUpstream
from tools.base import ComplianceTool
from tools.errors import NotFound
from tools.http_client import HTTPClientManager, get_async_client, get_sync_client


class SyncOnly(ComplianceTool):
    """Asks with the requests.Session, as the seed's own example does."""

    name = "sync_only"
    description = "What the agency says, asked in a thread."
    url: ClassVar[str] = ""

    def _run_impl(self, path: str, **_: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        assert self.client is get_sync_client()
        return self.client.get(f"{self.url}/{path}").json()


class BothHalves(ComplianceTool):
    """Runs on the loop when it can."""

    name = "both"

    class Question(BaseModel):
        words: list[str]

    query_model = Question

    def _run_impl(self, **kwargs: Any) -> Any:
        raise AssertionError("not asked")

    async def _run_impl_async(self, **kwargs: Any) -> Any:
        assert self.async_client is get_async_client()
        if not kwargs["words"]:
            raise NotFound("no words, no answer")
        return {"said": " ".join(kwargs["words"]), "in": threading.current_thread() is threading.main_thread()}


class Broken(ComplianceTool):
    """Fails in a way that nobody foresaw, with a secret in the message."""

    name = "broken"

    async def _run_impl_async(self) -> Any:
        raise KeyError("subscription-key=xyzzy")


class Argumentless(ComplianceTool):
    """Takes nothing."""

    name = "argumentless"

    async def _run_impl_async(self) -> Any:
        return "said"


async def run(gateway: Gateway, name: str, body: object) -> tuple[int, dict[str, Any]]:
    async with gateway.post(f"/v1/tools/{name}", json=body) as response:
        return response.status, await response.json()


async def test_the_catalogue_says_what_each_tool_takes_and_how_it_runs(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(SyncOnly, BothHalves)
    async with gateway.get("/v1/tools") as response:
        tools = {tool["name"]: tool for tool in (await response.json())["tools"]}
    assert tools.keys() == {"hts", "sanctions", "refusals", "rulings", "sync_only", "both"}
    assert {name: tool["configured"] for name, tool in tools.items() if not tool["configured"]} == {
        "sanctions": False,
        "refusals": False,
    }
    hts = tools["hts"]
    assert (hts["upstream"], hts["configured"], hts["modes"], hts["runs_on"]) == (
        "hts",
        True,
        ["async", "sync"],
        "event_loop",
    )
    assert hts["parameters"]["properties"].keys() == {"code", "keyword", "limit"}
    assert (tools["sync_only"]["modes"], tools["sync_only"]["runs_on"]) == (["sync"], "thread")
    assert tools["sync_only"]["parameters"] is None
    assert tools["both"]["parameters"]["required"] == ["words"]


async def test_a_sync_only_tool_runs_in_a_thread_over_the_sync_pool(
    open_gateway: OpenGateway, upstream: HTSUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SyncOnly, "url", upstream.url)
    gateway = await open_gateway(SyncOnly)
    for _ in range(3):
        status, body = await run(gateway, "sync_only", {"path": "currentRelease"})
        assert (status, body["tool"], body["source"]) == (200, "sync_only", None)
        assert body["result"]["name"] == "2026HTSRev17"
    async with gateway.get("/health") as response:
        health = await response.json()
    assert (health["pools"]["sync"]["created"], health["pools"]["sync"]["reused"]) == (1, 2)
    assert health["pools"]["async"]["created"] == 0
    assert health["threads"] == {"limit": 32, "in_use": 0, "waiting": 0, "overdue": 0}


async def test_a_tool_with_both_halves_runs_on_the_event_loop(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(BothHalves)
    status, body = await run(gateway, "both", {"words": ["a", "b"]})
    assert (status, body["query"]) == (200, {"words": ["a", "b"]})
    assert body["result"] == {"said": "a b", "in": True}


@pytest.mark.parametrize(
    ("tool", "body", "status", "code", "parameter"),
    [
        ("both", {"words": "ab"}, 400, "invalid_query", "words"),
        ("both", {}, 400, "invalid_query", "words"),
        ("both", ["words"], 400, "invalid_query", "body"),
        ("both", {"words": []}, 404, "not_found", None),
        ("sync_only", {}, 400, "invalid_query", "path"),
        ("broken", {"x": 1}, 400, "invalid_query", "x"),
        ("hts", {"code": "abc"}, 400, "invalid_query", "code"),
        ("hts", {"nothing": 1}, 400, "invalid_query", "nothing"),
        ("none", {}, 404, "no_such_route", None),
    ],
)
async def test_wrong_arguments_are_told_by_name(
    open_gateway: OpenGateway, tool: str, body: object, status: int, code: str, parameter: str | None
) -> None:
    gateway = await open_gateway(SyncOnly, BothHalves, Broken)
    got, problem = await run(gateway, tool, body)
    assert (got, problem["code"], problem.get("parameter")) == (status, code, parameter)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"code=8507", {}, 400, "invalid_query"),
        (b"code=8507", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        (b'{"code": "8507"}', {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{}", {"Content-Type": "application/json; charset=utf-8"}, 400, "invalid_query"),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400, "invalid_query"),
        (b" " * 1_100_000, {}, 413, "too_large"),
        (gzip.compress(b" " * 1_100_000), {"Content-Encoding": "gzip"}, 413, "too_large"),
    ],
    ids=["no JSON", "a form", "a text", "a charset", "not compressed", "long", "long once decompressed"],
)
async def test_a_body_that_cannot_be_taken_is_its_callers_fault(
    gateway: Gateway, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    told = {"Content-Type": "application/json", **headers}
    async with gateway.post("/v1/tools/hts", data=io.BytesIO(body), headers=told) as response:
        problem = await response.json()
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert problem["code"] == code


@pytest.mark.parametrize("type_of_body", [None, "application/octet-stream"])
async def test_where_there_is_no_body_its_type_does_not_matter(
    open_gateway: OpenGateway, type_of_body: str | None
) -> None:
    gateway = await open_gateway(Argumentless)
    headers = {} if type_of_body is None else {"Content-Type": type_of_body}
    async with gateway.post("/v1/tools/argumentless", headers=headers, skip_auto_headers=["Content-Type"]) as response:
        assert (response.status, (await response.json())["query"]) == (200, {})


async def test_a_fault_of_ours_tells_the_caller_nothing_of_it(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(Broken)
    status, body = await run(gateway, "broken", {})
    assert (status, body["code"]) == (500, "internal_error")
    assert "xyzzy" not in str(body)


async def test_the_hts_tool_runs_by_its_name_too(gateway: Gateway) -> None:
    status, body = await run(gateway, "hts", {"code": "8507.60.00.20"})
    assert status == 200
    assert body["result"]["line"]["code"] == "8507.60.00.20"


async def test_tools_share_one_client_of_either_mode(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(SyncOnly, BothHalves)
    assert gateway.app is not None
    clients = gateway.app[CLIENTS]
    for tool in gateway.app[REGISTRY].tools.values():
        assert tool.client is clients.sync_client
        assert tool.async_client is clients.async_client


async def test_after_the_end_the_clients_are_closed_and_no_longer_the_default(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway()
    assert gateway.app is not None
    clients = gateway.app[CLIENTS]
    assert HTTPClientManager.default() is clients
    await gateway.close()
    assert clients.describe()["async_client_closed"]
    assert clients.describe()["sync_client_closed"]
    assert HTTPClientManager.get_client_stats()["async_client_initialized"] is False


class Twin(BothHalves):
    """Has another tool's name."""


class Nameless(ComplianceTool):
    """Has no name."""

    def _run_impl(self, **kwargs: Any) -> Any:
        return kwargs


@pytest.mark.parametrize(
    ("tools", "said"), [((BothHalves, Twin), "two tools are called 'both'"), ((Nameless,), "name")]
)
async def test_a_start_that_fails_closes_what_it_opened(
    tools: tuple[type[ComplianceTool], ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(Config())
    with pytest.raises(ValueError, match=said):
        await Lifecycle(tools).start(app)
    assert app[CLIENTS].describe()["async_client_closed"]
    assert app[CLIENTS].describe()["sync_client_closed"]
    assert HTTPClientManager.default() is not app[CLIENTS]
