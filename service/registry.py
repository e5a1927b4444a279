"""Which tools the service has, and how each is made and run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from service.config import Config
from service.sandbox import KEYS, Sandbox
from service.threads import ToolThreads
from tools.agency import AgencyTool
from tools.base import ComplianceTool
from tools.hts import HTSTool
from tools.http_client import AsyncClient, SyncClient
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.breaker import Breaker
from tools.policy.quota import Quota, Rate, divided, parse_rates
from tools.policy.retry import RetryPolicy
from tools.policy.shared_quota import SharedQuota
from tools.refusals import RefusalsTool
from tools.rulings import RulingsTool
from tools.sanctions import SanctionsTool
from tools.sanctions_held import HeldLists
from tools.transports import AnswerStore

__all__ = ["OpenQuota", "Registry", "in_normal_form", "make_tools"]

#: Opens the turns that all machines share, of an agency by its short name; None: they share none.
OpenQuota = Callable[[str, Sequence[Rate]], SharedQuota | None]


class Registry:
    """The tools by name. Raises ValueError when a tool has no name, no half to run, or another's name."""

    def __init__(self, tools: Iterable[ComplianceTool], threads: ToolThreads) -> None:
        by_name: dict[str, ComplianceTool] = {}
        for tool in tools:
            if not tool.name or not (tool.has_async_half or tool.has_sync_half):
                raise ValueError(f"{type(tool).__name__} needs a name, and a _run_impl or _run_impl_async")
            if by_name.setdefault(tool.name, tool) is not tool:
                raise ValueError(f"two tools are called {tool.name!r}")
        self.tools: Mapping[str, ComplianceTool] = MappingProxyType(by_name)
        self._threads = threads

    @property
    def sanctions(self) -> SanctionsTool:
        """The tool that screens parties."""
        tool = self.tools["sanctions"]
        assert isinstance(tool, SanctionsTool)  # noqa: S101 - for the type checker
        return tool

    async def ask(self, tool: ComplianceTool, arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any]:
        """What was asked of `tool`, in its own normal form, and what it says. Raises ToolError.

        It runs on the event loop when it can, else in a thread.
        """
        query = tool.parse(**arguments)
        asked = arguments if query is None else _told(query)
        if query is not None and isinstance(tool, AgencyTool):
            return asked, await tool.run_query_async(query)
        if tool.has_async_half:
            return asked, await tool.run_async(**arguments)
        return asked, await self._threads.run(lambda: tool.run(**arguments), tool.deadline_s)

    async def ask_json(self, tool: AgencyTool, body: bytes) -> tuple[Mapping[str, Any], Any]:
        """The same, asked by a JSON object."""
        query = tool.parse_json(body)
        return _told(query), await tool.run_query_async(query)


def in_normal_form(tool: ComplianceTool, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`arguments` as `tool` reads them. Raises InvalidQuery."""
    query = tool.parse(**arguments)
    return arguments if query is None else _told(query)


def _told(query: BaseModel) -> Mapping[str, Any]:
    return query.model_dump(exclude_unset=True)


def make_tools(
    config: Config,
    store: AnswerStore | None,
    sandbox: Sandbox | None,
    extra: Iterable[type[ComplianceTool]] = (),
    *,
    client: SyncClient,
    async_client: AsyncClient | None,
    lists: HeldLists | None = None,
    open_quota: OpenQuota | None = None,
) -> list[ComplianceTool]:
    """The built-in tools and the `extra` ones, each handed the shared clients. Without an `async_client` only their
    sync halves are to be run. Without `lists` nobody can be screened by the list held here.

    With `open_quota`, rates are kept to by all machines together.

    The sandbox stands in for each agency that has no address of its own in `config`; beside a sandbox, every built-in
    tool calls its answers sample data.
    """
    shared: dict[str, Any] = {"client": client, "async_client": async_client, "deadline_s": config.deadline_s}

    def agency(kind: type[AgencyTool], more: Mapping[str, Any] = {}, **keys: str) -> AgencyTool:
        """A built-in tool; `keys` names the setting for each key that the agency wants, `more` its other arguments."""
        configured_url: str | None = getattr(config, f"{kind.upstream}_url")
        configured_rate: str | None = getattr(config, f"{kind.upstream}_rate")
        own: dict[str, Any] = {"base_url": configured_url, "store": store, **more}
        default_rate = kind.default_rate
        if sandbox is not None:
            default_rate = "0" if configured_url is None else default_rate
            own |= {"base_url": configured_url or sandbox.url(str(kind.upstream)), "sandbox": True}
            own |= {name: KEYS[name] for name in keys}
        else:
            own |= {name: config.key(setting) for name, setting in keys.items()}
        policies = _policies(config, configured_rate or default_rate, str(kind.upstream), open_quota)
        return kind(policies=policies, **own, **shared)

    return [
        agency(HTSTool),
        agency(
            SanctionsTool,
            {"lists": lists, "source": config.sanctions_source},
            subscription_key="csl_subscription_key",
        ),
        agency(RefusalsTool, authorization_user="fda_authorization_user", authorization_key="fda_authorization_key"),
        agency(RulingsTool),
        *(kind(**shared) for kind in extra),
    ]


def _policies(config: Config, rate: str, upstream: str, open_quota: OpenQuota | None) -> AgencyPolicies:
    rates = parse_rates(rate)
    return AgencyPolicies(
        retry=RetryPolicy() if config.retry else RetryPolicy(attempts=1),
        breaker=Breaker() if config.breaker else None,
        quota=Quota(divided(rates, config.workers)),
        shared=open_quota(upstream, rates) if open_quota is not None and rates else None,
    )
