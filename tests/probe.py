"""A tool that asks a peer what the test says, over either client, by the policies and with the store of the test."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel

from tools.agency import AgencyTool
from tools.cache import AnswerCache, MemoryStore
from tools.exchange import Answer, Exchange, Part, Plan, Reading, Request, ask
from tools.http_client import HTTPClientManager, PoolStats
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.freshness import Freshness
from tools.policy.retry import RetryPolicy
from tools.transports import AnswerStore, AsyncFlights, SyncFlights

__all__ = ["ONCE", "Ask", "Asking", "Probe", "store_of"]

#: One attempt, whatever comes of it.
ONCE = RetryPolicy(attempts=1)


def store_of(clock: Callable[[], float], shared: Any = None) -> AnswerStore:
    """A store that keeps everything, whose answers age by `clock`."""
    return AnswerStore(AnswerCache(MemoryStore(100, 10**7), shared, clock=clock), AsyncFlights(), SyncFlights())


class Probe(AgencyTool):
    """Asks for `path`, `times` over."""

    name = "probe"
    upstream = "probe"
    source_name = "The probed agency"
    default_base_url = "http://127.0.0.1:9"
    default_rate = "0"
    freshness = Freshness(fresh_s=100, revalidate_s=200, on_error_s=300)

    class Question(BaseModel):
        path: str = "/"
        times: int = 1
        max_bytes: int | None = None
        body: dict[str, str] | None = None
        as_json: bool = False
        only_reads: bool = False

    query_model = Question

    def plan(self, query: Any) -> Plan[bytes]:
        # What is kept has to be JSON.
        part = Part((query.model_dump_json(),), str, self.freshness, lambda: self._ask(query))
        return Reading((yield from ask(part)).encode("latin-1"), version="1")

    def _ask(self, query: Any) -> Exchange[str]:
        body = b""
        for _ in range(query.times):
            response = yield Request(
                "GET" if query.body is None else "POST",
                self.base_url + query.path,
                "probe",
                params={"q": "a b"},
                headers={"X-Api-Key": "secret"},
                json=query.body,
                max_bytes=query.max_bytes,
                only_reads=query.only_reads,
            )
            response.require_ok()
            body += str(response.json()).encode() if query.as_json else response.body
        return body.decode("latin-1")


Ask = Callable[..., Awaitable[Answer[bytes]]]


class Asking:
    """A probe over one client of a manager. By default it is asked once, whatever comes of it."""

    def __init__(
        self,
        mode: str,
        manager: HTTPClientManager,
        policies: AgencyPolicies | None = None,
        store: AnswerStore | None = None,
        tool: type[Probe] = Probe,
    ) -> None:
        self.mode, self.manager = mode, manager
        self.policies, self.store, self.tool = policies, store, tool

    async def ask(self, url: str, *, deadline_s: float = 20.0, **question: Any) -> Answer[bytes]:
        shared: dict[str, Any] = {"client": self.manager.sync_client, "async_client": self.manager.async_client}
        policies = self.policies or AgencyPolicies(retry=ONCE, breaker=None)
        probe = self.tool(base_url=url, deadline_s=deadline_s, policies=policies, store=self.store, **shared)
        if self.mode == "async":
            answered = await probe.run_async(**question)
        else:
            answered = await asyncio.to_thread(probe.run, **question)
        assert isinstance(answered, Answer)
        return answered

    def stats(self) -> PoolStats:
        stats = self.manager.stats()
        pool = stats.async_ if self.mode == "async" else stats.sync
        assert pool is not None
        return pool
