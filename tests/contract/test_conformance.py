"""Whatever is asked, in the contract's words or against them, the answer is one that the contract has."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckContext, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.app import create_app
from service.config import Config
from service.contract import document
from service.envelope import as_json

#: Rules about several parameters, and about what a text may hold, cannot be said in a schema: a good question by the
#: schema may still be refused. That a 5xx is one of the contract's is checked with the other statuses.
LEFT_OUT: list[Any] = [positive_data_acceptance, not_a_server_error]


@pytest.fixture(scope="module")
def gateway_url() -> Iterator[str]:
    """A gateway of sample data in a thread of its own: the questions are asked by a sync client."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(create_app(Config(sandbox=True)), access_log=None)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


schema = schemathesis.openapi.from_dict(orjson.loads(as_json(document())))


def never_our_own_fault(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """A 500 is in the contract, since it may happen; it is not to happen."""
    assert response.status_code != 500, case


@schema.parametrize()
@settings(max_examples=15, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_one_that_the_contract_has(case: Case[Any], gateway_url: str) -> None:
    case.call_and_validate(
        base_url=gateway_url, excluded_checks=LEFT_OUT, additional_checks=[never_our_own_fault], timeout=60
    )
