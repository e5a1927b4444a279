"""Whatever is asked, in the contract's words or against them, the answer is one that the contract has."""

import asyncio
import os
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckContext, Response, SerializationContext
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from service.app import create_app
from service.config import Config
from service.keys import LISTS
from service.query import TIMEOUT_HEADER
from tests.contract.reading import CLOSED
from tools.hts import HTSTool
from tools.refusals import RefusalsTool
from tools.rulings import RulingsTool
from tools.sanctions import SanctionsTool

#: Rules about several parameters, and about what a text may hold, cannot be said in a schema: a good question by the
#: schema may still be refused. That a 5xx is one of the contract's is checked with the other statuses, by its code too.
LEFT_OUT: list[Any] = [positive_data_acceptance, not_a_server_error, negative_data_rejection]
#: How many questions of a kind are made up, beside those at the edges of what the contract allows.
CASES = int(os.environ.get("CONTRACT_CASES", "15"))


@pytest.fixture(scope="module")
def gateway_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway of sample data in a thread of its own: the questions are asked by a sync client."""
    loop = asyncio.new_event_loop()
    app = create_app(Config(sandbox=True, sanctions_source="list", data_dir=tmp_path_factory.mktemp("conformance")))
    runner = web.AppRunner(app, access_log=None)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        lists = app[LISTS]
        assert lists is not None
        await lists.settled()
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


def by_tool() -> dict[str, Any]:
    """The contract of running a tool, with a path for each whose body is what `GET /v1/tools` says of it."""
    path = "/v1/tools/{name}"
    run = CLOSED["paths"][path]["post"]
    paths = {}
    for kind in (HTSTool, SanctionsTool, RefusalsTool, RulingsTool):
        body = {"required": True, "content": {"application/json": {"schema": kind.query_model.model_json_schema()}}}
        parameters = [each for each in run["parameters"] if each["in"] != "path"]
        own = {**run, "operationId": f"tool_{kind.name}", "parameters": parameters, "requestBody": body}
        paths[path.format(name=kind.name)] = {"post": own}
    return {**CLOSED, "paths": paths}


schema = schemathesis.openapi.from_dict(CLOSED)
schema_by_tool = schemathesis.openapi.from_dict(by_tool())


@schemathesis.serializer("text/csv", "application/x-ndjson")
def as_a_file(_: SerializationContext, value: Any) -> bytes:
    """A text as it is, anything else on a line."""
    return value.encode(errors="surrogatepass") if isinstance(value, str) else orjson.dumps(value)


def the_sandbox_answers_in_time(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """The contract has what may happen one day; here nothing is to fail but for callers who give it no time."""
    assert response.status_code < 500 or (response.status_code != 500 and TIMEOUT_HEADER in (case.headers or {})), case


def what_the_contract_excludes_is_refused(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """But for headers that nobody knows: HTTP (RFC 9110, section 5.1) has them ignored."""
    known = {each["name"].lower() for each in case.operation.definition.raw["parameters"] if each["in"] == "header"}
    if {name.lower() for name in case.headers or {}} <= known | {"content-type"}:
        negative_data_rejection(context, response, case)


def check(case: Case[Any], gateway_url: str) -> None:
    case.call_and_validate(
        base_url=gateway_url,
        excluded_checks=LEFT_OUT,
        additional_checks=[the_sandbox_answers_in_time, what_the_contract_excludes_is_refused],
        timeout=60,
    )


@schema.parametrize()
@settings(max_examples=CASES, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_one_that_the_contract_has(case: Case[Any], gateway_url: str) -> None:
    check(case, gateway_url)


@schema_by_tool.parametrize()
@settings(max_examples=CASES, suppress_health_check=list(HealthCheck), derandomize=True)
def test_so_is_every_answer_of_a_tool_that_is_asked_as_the_catalogue_says(case: Case[Any], gateway_url: str) -> None:
    check(case, gateway_url)
