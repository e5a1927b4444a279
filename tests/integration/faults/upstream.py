"""The four agencies on loopback, their weather, and a clock on the wire."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import orjson

from tests.http_client.peer import Incoming, Peer, answer
from tests.integration.faults.authority import Authority
from tests.integration.faults.good_day import AGENCIES, good_answer
from tests.integration.faults.misdeeds import MISDEEDS, ON_REUSED_CONNECTIONS, TLS_MISDEEDS, good

__all__ = ["Agency", "everything_at_once", "serving_agencies"]


def everything_at_once(share: float) -> dict[str, float]:
    """Every misdeed, as likely as each other; together they happen to a `share` (0 to 1) of the requests.

    Those at the handshake happen to the same share of connections.
    """
    return dict.fromkeys(MISDEEDS, share / len(MISDEEDS)) | dict.fromkeys(TLS_MISDEEDS, share / len(TLS_MISDEEDS))


class Agency:
    """One agency. `weather` says how likely (0 to 1) each misdeed is; it may be changed at any time."""

    def __init__(self, name: str, dice: random.Random) -> None:
        self.name = name
        self.weather: Mapping[str, float] = {}
        #: When each request came, in seconds of the monotonic clock.
        self.arrivals: list[float] = []
        #: How often each misdeed was done.
        self.done: Counter[str] = Counter()
        self.peer = Peer(self._reply)
        self._dice = dice
        self._used: set[int] = set()

    @property
    def connections(self) -> int:
        """How many were opened so far."""
        return self.peer.accepted

    def asked_between(self, start: float, end: float) -> int:
        """Requests that came within these seconds of the monotonic clock."""
        return sum(start <= at < end for at in self.arrivals)

    @asynccontextmanager
    async def serving(self, authority: Authority | None = None) -> AsyncIterator["Agency"]:
        """Serve, over TLS with an `authority`."""
        tls = None if authority is None else authority.context(lambda: self._throw(TLS_MISDEEDS))
        async with self.peer.serving(tls):
            yield self

    async def _reply(self, incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        self.arrivals.append(time.monotonic())
        # Nothing was awaited since the head was read, so the connection noted last is that of this request.
        connection = self.peer.connection_of[-1]
        is_reused = connection in self._used
        self._used.add(connection)
        misdeed = self._throw(MISDEEDS.keys() if is_reused else MISDEEDS.keys() - ON_REUSED_CONNECTIONS)
        said = good_answer(self.name, incoming.target, await incoming.read_body())
        bodiless = replace(incoming, headers={})
        if said is None:
            return await answer(404)(bodiless, writer)
        act = good if misdeed is None else MISDEEDS[misdeed]
        return await act(bodiless, writer, orjson.dumps(said))

    def _throw(self, possible: Collection[str]) -> str | None:
        """One throw of the dice over the misdeeds that are `possible` now."""
        point = self._dice.random()
        for misdeed, probability in self.weather.items():
            if misdeed in possible:
                point -= probability
                if point < 0:
                    self.done[misdeed] += 1
                    return misdeed
        return None


@asynccontextmanager
async def serving_agencies(seed: int, authority: Authority | None = None) -> AsyncIterator[dict[str, Agency]]:
    """All four by name, in good weather. With an `authority`, `cross` speaks TLS."""
    async with AsyncExitStack() as stack:
        served = {}
        for name in AGENCIES:
            agency = Agency(name, random.Random(f"{seed} {name}"))
            served[name] = await stack.enter_async_context(agency.serving(authority if name == "cross" else None))
        yield served
