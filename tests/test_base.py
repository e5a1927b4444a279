"""The tool seam: two halves, one deadline, errors translated once."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
import requests
from pydantic import BaseModel, ConfigDict

from tools.base import DEFAULT_DEADLINE_S, ComplianceTool
from tools.errors import DeadlineExceeded, InvalidQuery, NotFound, ProviderTimeout, ProviderUnreachable


class Both(ComplianceTool):
    name = "both"
    upstream = "agency"

    class Question(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str
        limit: int = 10

    query_model = Question

    def _run_impl(self, **kwargs: Any) -> Any:
        return ("sync", kwargs)

    async def _run_impl_async(self, **kwargs: Any) -> Any:
        return ("async", kwargs)


class Named(ComplianceTool):
    """An override may name its arguments."""

    name = "named"

    def _run_impl(self, currency: str, *, amount: int = 1) -> Any:
        return (currency, amount)


class Waiting(ComplianceTool):
    name = "waiting"
    upstream = "agency"

    def _run_impl(self, seconds: float) -> Any:
        time.sleep(seconds)
        return "done"

    async def _run_impl_async(self, seconds: float) -> Any:
        await asyncio.sleep(seconds)
        return "done"


class Failing(ComplianceTool):
    name = "failing"
    upstream = "agency"

    def _run_impl(self, error: Exception) -> Any:
        raise error

    async def _run_impl_async(self, error: Exception) -> Any:
        raise error


def test_each_mode_runs_its_half() -> None:
    assert Both().run(name="x") == ("sync", {"name": "x"})
    assert asyncio.run(Both().run_async(name="x")) == ("async", {"name": "x"})


def test_a_tool_knows_its_halves() -> None:
    assert (Both().has_sync_half, Both().has_async_half) == (True, True)
    assert (Named().has_sync_half, Named().has_async_half) == (True, False)


def test_a_half_that_is_not_there_is_an_error_of_the_programmer() -> None:
    with pytest.raises(TypeError, match="Named has no async half"):
        asyncio.run(Named().run_async(currency="EUR"))


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [({}, "name"), ({"name": 1}, "name"), ({"name": "x", "limit": "many"}, "limit"), ({"name": "x", "y": 1}, "y")],
)
def test_a_question_that_does_not_fit_names_the_parameter(arguments: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery, match=f"^{parameter}: ") as caught:
        Both().parse(**arguments)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [({}, "currency"), ({"currency": "EUR", "to": "USD"}, "to"), ({"amount": 1}, "currency")],
)
def test_a_tool_without_a_query_model_takes_what_its_half_names(arguments: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        Named().parse(**arguments)
    assert caught.value.parameter == parameter
    assert Named().parse(currency="EUR") is None
    assert Named().run(currency="EUR", amount=2) == ("EUR", 2)


def test_a_call_may_take_twenty_seconds_unless_said_otherwise() -> None:
    assert Both().deadline_s == DEFAULT_DEADLINE_S == 20.0


def test_time_lost_in_our_own_work_is_ours_in_both_modes() -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        Waiting(deadline_s=0.05).run(seconds=0.1)
    with pytest.raises(DeadlineExceeded) as caught_async:
        asyncio.run(Waiting(deadline_s=0.05).run_async(seconds=10))
    assert caught.value.upstream == caught_async.value.upstream == "agency"


def test_a_tool_inside_a_tool_has_no_more_time_than_the_one_around_it() -> None:
    class Outer(ComplianceTool):
        name = "outer"

        async def _run_impl_async(self) -> Any:
            return await Waiting(deadline_s=60).run_async(seconds=10)

    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        asyncio.run(Outer(deadline_s=0.1).run_async())
    assert time.monotonic() - started < 5


def test_time_outs_of_the_tools_own_are_not_the_deadline() -> None:
    class Impatient(ComplianceTool):
        name = "impatient"
        upstream = "agency"

        async def _run_impl_async(self) -> Any:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(10)

    with pytest.raises(ProviderTimeout):
        asyncio.run(Impatient().run_async())


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("reset"), aiohttp.ClientConnectionError("reset")], ids=["requests", "aiohttp"]
)
def test_errors_of_the_libraries_become_ours_with_the_cause_kept(error: Exception) -> None:
    for run in (Failing().run, lambda **arguments: asyncio.run(Failing().run_async(**arguments))):
        with pytest.raises(ProviderUnreachable) as caught:
            run(error=error)
        assert caught.value.__cause__ is error
        assert caught.value.upstream == "agency"


def test_errors_of_ours_pass_and_are_given_the_agency() -> None:
    error = NotFound("no such line")
    with pytest.raises(NotFound) as caught:
        Failing().run(error=error)
    assert caught.value is error
    assert error.upstream == "agency"


def test_errors_of_the_programmer_stay_what_they_are() -> None:
    with pytest.raises(KeyError):
        Failing().run(error=KeyError("typo"))


def test_all_that_is_wrong_with_the_arguments_of_a_tool_without_a_model_is_said() -> None:
    class Route(ComplianceTool):
        name = "route"

        def _run_impl(self, start: str, end: str) -> str:
            return start + end

    with pytest.raises(InvalidQuery) as caught:
        Route().parse(stat="a", ned="b", end="c")
    assert [(each.parameter, each.detail) for each in caught.value.faults] == [
        ("ned", "there is no such parameter"),
        ("stat", "there is no such parameter"),
        ("start", "is required"),
    ]
