"""What a service has of the database that it shares with other services and with workers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from service.batches.ledger import Ledger
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import PostgresQueue
from service.batches.postgres_quota import PostgresQuota
from service.batches.postgres_schema import schema_name
from service.batches.shared_lists import SharedLists
from service.lists import ListKeeping
from tools.policy.quota import Rate
from tools.policy.shared_quota import SharedQuota
from tools.sanctions import SanctionsTool

__all__ = ["JobDatabase"]


class JobDatabase:
    """The ledger at `url`, the bounds that all keep to, and the list for the workers. No job is computed in here."""

    def __init__(self, url: str, *, sandbox: bool, keep: timedelta | None = None) -> None:
        self._link = PostgresLink(url, schema_name(sandbox=sandbox))
        self.ledger = PostgresLedger(self._link, PostgresQueue(self._link).defer, keep=keep)

    def open_quota(self, upstream: str, rates: Sequence[Rate]) -> SharedQuota | None:
        """The turns at an agency that workers ask, too; None where each service keeps to its own."""
        if upstream != SanctionsTool.upstream:
            return None
        # Single questions need no jobs: without the database the service keeps to the rate by itself.
        return PostgresQuota(self._link, upstream, rates, or_alone=True)

    @asynccontextmanager
    async def opened(self, lists: ListKeeping | None) -> AsyncIterator[Ledger]:
        """The ledger; while the body runs, workers are handed the list that is held here. The database may be away."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.ledger.aclose)
            if lists is not None:
                await stack.enter_async_context(SharedLists(self._link).offering(lists.store))
            yield self.ledger
