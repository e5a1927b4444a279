"""What the service and the command line are put together from, as the settings say. No socket is opened here."""

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from service import VERSION
from service.batches.matching_pool import MatchingPool, processors
from service.batches.screening import RowScreening
from service.batches.versions import HeldVersions
from service.config import LIST_URL, Config
from service.lists import ListKeeping
from service.registry import Registry
from service.rendered import RenderedAnswers
from service.sandbox import Sandbox
from tools.cache import AnswerCache, MemoryStore, SharedStore
from tools.http_client import HTTPClientManager
from tools.sanctions import SanctionsTool
from tools.screening.holder import none_pinned
from tools.screening.totals import AgencyTotals
from tools.transports import AnswerStore, AsyncFlights, SyncFlights

__all__ = [
    "list_url",
    "lists_folder",
    "make_clients",
    "make_count",
    "make_lists",
    "make_matching",
    "make_rendered",
    "make_row_screening",
    "make_store",
]

#: Of the bytes that answers may take, so many more may be taken by those that are ready to be sent.
_RENDERED_SHARE = 4


def make_clients(config: Config) -> HTTPClientManager:
    """The one client of either mode, within the settings' bounds."""
    return HTTPClientManager(
        limits=config.pool_limits,
        timeouts=config.pool_timeouts,
        user_agent=config.user_agent,
        trust_env=config.trust_env,
    )


def make_lists(
    config: Config,
    sandbox: Sandbox | None,
    *,
    pinned: Callable[[], Awaitable[Collection[str] | None]] = none_pinned,
) -> ListKeeping | None:
    """Where the list is held, and the versions that are `pinned`; None when the agency's search is asked."""
    if config.sanctions_source == "api":
        return None
    return ListKeeping(lists_folder(config), list_url(config, sandbox), min_rows=config.fewest_rows, pinned=pinned)


def list_url(config: Config, sandbox: Sandbox | None) -> str:
    """Where the file of all lists is asked for."""
    return config.list_url or (LIST_URL if sandbox is None else sandbox.list_url)


def make_count(config: Config, registry: Registry) -> Callable[[], Awaitable[AgencyTotals]] | None:
    """What asks the agency how many entries it has; None without a key, and of sample data, which is compared to
    nothing."""
    if config.sandbox or config.key("csl_subscription_key") is None:
        return None
    tool = registry.tools[SanctionsTool.name]
    assert isinstance(tool, SanctionsTool)  # noqa: S101 - for the type checker
    return tool.agency_totals


def lists_folder(config: Config) -> Path:
    """Where the list is kept. Sample data has a folder of its own."""
    return config.data_dir / ("sandbox-lists" if config.sandbox else "lists")


def make_matching(config: Config) -> MatchingPool:
    """What matches many rows; no process is started before there are any."""
    return MatchingPool(config.matching_processes or processors())


def make_row_screening(matching: MatchingPool, lists: ListKeeping | None, registry: Registry) -> RowScreening:
    """How many rows are screened: by the list held here, or by asking the agency with the tool of the single ones."""
    tool = registry.tools[SanctionsTool.name]
    assert isinstance(tool, SanctionsTool)  # noqa: S101 - for the type checker
    return RowScreening(matching, HeldVersions(lists), tool)


def make_store(config: Config) -> AnswerStore | None:
    """Where answers are kept; None when none are to be."""
    if not config.cache:
        return None
    shared = SharedStore(config.cache_url, version=VERSION) if config.cache_url is not None else None
    memory = MemoryStore(config.cache_max_entries, config.cache_max_bytes)
    return AnswerStore(AnswerCache(memory, shared), AsyncFlights(), SyncFlights())


def make_rendered(config: Config, store: AnswerStore | None) -> RenderedAnswers | None:
    """Where answers are that are ready to be sent; None when none are kept."""
    if store is None:
        return None
    return RenderedAnswers(store.answers, config.cache_max_entries, config.cache_max_bytes // _RENDERED_SHARE)
