"""Whatever an agency does wrong, at its first answer or at a later one, callers get an error that says so.

Never an outcome, never an empty list; no connection stays behind; the log names the agency and shows no key.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.http_client.peer import Answer, Incoming, Peer, answer
from tests.probe import ONCE
from tests.service.conftest import OpenGateway
from tests.service.fail_closed_cases import FAULTS, KEY, KEYS, QUESTIONS, Fault, Question
from tools.errors import ToolError
from tools.http_client import HTTPClientManager
from tools.policy.agency_policies import AgencyPolicies


def after(good: tuple[object, ...], fault: Answer) -> Answer:
    """The agency's `good` answers first, then its `fault`, for good."""
    waiting = [answer(200, orjson.dumps(each), Content_Type="application/json") for each in good]

    async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        return await (waiting.pop(0) if waiting else fault)(incoming, writer)

    return reply


def cases() -> list[Any]:
    return [
        pytest.param(question, fault, position, id=f"{question.name}-{fault.name}-{position}")
        for question in QUESTIONS
        for fault in FAULTS
        for position in (0, 1)
        if not (position and (fault.reply is None or fault.at_first_request_only))
        if question.secrets or not fault.needs_keys
    ]


def nobody() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


@pytest.mark.parametrize(("question", "fault", "position"), cases())
async def test_over_rest(
    question: Question, fault: Fault, position: int, open_gateway: OpenGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Peer(after(question.good[:position], fault.reply or answer())).serving() as peer:
        port = peer.port if fault.reply is not None else nobody()
        upstream = str(question.tool.upstream)
        url = {f"{upstream}_url": f"{fault.scheme}://127.0.0.1:{port}"}
        gateway = await open_gateway(**KEYS, **url, **fault.settings)
        async with gateway.get(question.path) as response:
            body = await response.json()
        assert response.content_type == "application/problem+json"
        assert (body["code"], body["upstream"]) == (fault.error.code, upstream)
        assert body["status"] == response.status >= 500
        assert "result" not in body
        assert body.get("outcome") == ("not_screened" if question.name == "sanctions" else None)
        async with gateway.get("/health") as response:
            pool = (await response.json())["pools"]["async"]
        assert (pool["in_use"], pool["waiting"]) == (0, 0)
    lines = [line for line in capsys.readouterr().out.splitlines() if " request " in line]
    assert f"upstream={upstream}" in lines[0]
    assert KEY[:8] not in "".join(lines)
    assert KEY[:8] not in orjson.dumps(body).decode()


@pytest.mark.parametrize(("question", "fault", "position"), cases())
async def test_over_the_library_in_sync(
    question: Question, fault: Fault, position: int, open_manager: Callable[..., HTTPClientManager]
) -> None:
    names = {"pool_connect_timeout_s": "connect_s", "pool_read_timeout_s": "read_s"}
    names |= {"pool_max_body_bytes": "max_body_bytes"}
    manager = open_manager(**{names[name]: value for name, value in fault.settings.items() if name in names})
    async with Peer(after(question.good[:position], fault.reply or answer())).serving() as peer:
        port = peer.port if fault.reply is not None else nobody()
        tool = question.tool(
            base_url=f"{fault.scheme}://127.0.0.1:{port}",
            client=manager.sync_client,
            policies=AgencyPolicies(retry=ONCE, breaker=None),
            deadline_s=fault.settings.get("deadline_s", 20),
            **dict[str, Any](question.secrets),
        )
        with pytest.raises(ToolError) as caught:
            await asyncio.to_thread(tool.run, **question.arguments)
        assert type(caught.value).code == fault.error.code
        assert caught.value.upstream == question.tool.upstream
        assert KEY[:8] not in str(caught.value)
        stats = manager.stats().sync
        assert stats is not None
        assert (stats.in_use, stats.waiting) == (0, 0)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
async def test_on_a_good_day_each_question_has_one_answer_in_both_modes(
    question: Question, open_gateway: OpenGateway, open_manager: Callable[..., HTTPClientManager]
) -> None:
    async with Peer(after(question.good * 2, answer(500))).serving() as peer:
        url = f"http://127.0.0.1:{peer.port}"
        gateway = await open_gateway(**KEYS, **{f"{question.tool.upstream}_url": url})
        async with gateway.get(question.path) as response:
            body = await response.json()
        assert response.status == 200, body
        assert body["source"]["attempts"] == len(question.good)
        secrets = dict[str, Any](question.secrets)
        policies = AgencyPolicies(retry=ONCE, breaker=None)
        tool = question.tool(base_url=url, client=open_manager().sync_client, policies=policies, **secrets)
        told = await asyncio.to_thread(tool.run, **question.arguments)
        assert orjson.loads(orjson.dumps(told.result)) == body["result"]


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each.secrets], ids=lambda question: question.name)
async def test_without_its_keys_a_tool_says_so_and_asks_nobody(question: Question, open_gateway: OpenGateway) -> None:
    async with Peer().serving() as peer:
        gateway = await open_gateway(**{f"{question.tool.upstream}_url": f"http://127.0.0.1:{peer.port}"})
        async with gateway.get(question.path) as response:
            body = await response.json()
        assert (response.status, body["code"], body["upstream"]) == (503, "not_configured", question.tool.upstream)
        assert body["retryable"] is False
        assert "Retry-After" not in response.headers
        async with gateway.get("/health/ready") as response:
            ready = await response.json()
        assert response.status == 200
        assert ready["upstreams"][question.tool.upstream]["configured"] is False
        assert peer.asked == []


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each.secrets], ids=lambda question: question.name)
async def test_a_redirect_to_another_host_takes_no_key_along(question: Question, open_gateway: OpenGateway) -> None:
    async with Peer(answer(200, b"{}")).serving() as stranger:
        # 307 keeps the method, so that the POST comes as one.
        leads_away = answer(307, b"", Location=stranger.url("/elsewhere"))
        async with Peer(leads_away).serving() as peer:
            gateway = await open_gateway(**KEYS, **{f"{question.tool.upstream}_url": f"http://127.0.0.1:{peer.port}"})
            async with gateway.get(question.path) as response:
                assert response.status == 502
        [asked] = stranger.asked
        assert KEY not in asked.headers.values()
        assert KEY in peer.asked[0].headers.values()
        assert KEY not in peer.asked[0].target
