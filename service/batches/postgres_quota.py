"""How often an agency may be asked by all processes together: its turns, and the clock, are those of the database."""

import asyncio
import logging
import time
from collections.abc import Sequence

from service.batches.ledger import LedgerUnavailable
from service.batches.postgres_link import PostgresLink
from tools.errors import RateLimited
from tools.policy.quota import Rate
from tools.policy.shared_quota import next_turn, still_counted

__all__ = ["PostgresQuota"]

log = logging.getLogger(__name__)

#: When to ask again while the database is away.
_AGAIN_S = 0.5
#: A question that could do without the database waits for it so long at most, and then the next ones not at all.
_WITHIN_S = 1.0
_NOT_ASKED_FOR_S = 10.0


class PostgresQuota:
    """The turns of `upstream`; a `SharedQuota`.

    Without the database nobody counts them, and it is waited for; with `or_alone`, whoever asks goes by his own bound.
    """

    def __init__(self, link: PostgresLink, upstream: str, rates: Sequence[Rate], *, or_alone: bool = False) -> None:
        self._link, self._upstream, self._rates = link, upstream, tuple(rates)
        self._or_alone, self._away_until = or_alone, 0.0

    async def take_turn(self, within_s: float) -> tuple[float, bool]:
        """Seconds until this request may go, and whether it is granted. Raises RateLimited without the database."""
        if self._or_alone:
            return await self._take_turn_or_go_alone(within_s)
        until = time.monotonic() + within_s
        while True:
            try:
                return await self._take_turn(max(0.0, until - time.monotonic()))
            except LedgerUnavailable as exc:
                if time.monotonic() + _AGAIN_S > until:
                    said = f"the bound on requests to {self._upstream} is shared, and {exc}"
                    raise RateLimited(said, retry_after_s=_AGAIN_S, upstream=self._upstream) from exc
            await asyncio.sleep(_AGAIN_S)

    async def _take_turn_or_go_alone(self, within_s: float) -> tuple[float, bool]:
        if time.monotonic() < self._away_until:
            return 0.0, True
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._take_turn(within_s)
        except (LedgerUnavailable, TimeoutError) as exc:
            log.warning("the bound on requests to %s is kept to by this process alone: %s", self._upstream, exc)
            self._away_until = time.monotonic() + _NOT_ASKED_FOR_S
            return 0.0, True

    async def _take_turn(self, within_s: float) -> tuple[float, bool]:
        async with self._link.transaction() as connection:
            await connection.execute(
                "INSERT INTO quota_turns (upstream) VALUES (%s) ON CONFLICT DO NOTHING", (self._upstream,)
            )
            # Whoever comes meanwhile waits here; the clock is looked at by one after the other.
            found = await connection.execute(
                "SELECT turns FROM quota_turns WHERE upstream = %s FOR UPDATE", (self._upstream,)
            )
            row = await found.fetchone()
            clock = await (await connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8")).fetchone()
            if row is None or clock is None:
                raise LedgerUnavailable("the database lost what it had just been told")
            (turns,), (now,) = row, clock
            at = next_turn(turns, self._rates, now)
            if at - now > within_s:
                return at - now, False
            await connection.execute(
                "UPDATE quota_turns SET turns = %s WHERE upstream = %s",
                ([*still_counted(turns, self._rates, now), at], self._upstream),
            )
        return at - now, True
