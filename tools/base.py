"""What a tool is: something that can be run in both modes, over the shared clients, within a deadline."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from tools.call import calling
from tools.errors import ToolError
from tools.http_client import AsyncClient, SyncClient, get_async_client, get_sync_client
from tools.query_faults import FaultCollector, invalid_query
from tools.transports import LIBRARY_ERRORS, translated, translating

__all__ = ["DEFAULT_DEADLINE_S", "ComplianceTool"]

DEFAULT_DEADLINE_S = 20.0


class ComplianceTool:
    """A question that can be asked of some upstream.

    Override `_run_impl`, `_run_impl_async`, or both, and use `self.client` / `self.async_client` in them. Whoever makes
    the tool may hand it the clients; otherwise it uses the process-wide ones. `name` is what the service calls it,
    `upstream` whom it asks, `query_model` what it takes (None: any keyword argument). `screens` marks tools whose
    answer may clear a party: whoever gets an error from one has screened nobody.
    """

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    upstream: ClassVar[str | None] = None
    query_model: ClassVar[type[BaseModel] | None] = None
    screens: ClassVar[bool] = False

    def __init__(
        self,
        *,
        client: SyncClient | None = None,
        async_client: AsyncClient | None = None,
        deadline_s: float = DEFAULT_DEADLINE_S,
    ) -> None:
        self._client = client
        self._async_client = async_client
        self.deadline_s = deadline_s

    @property
    def client(self) -> SyncClient:
        """The shared, pooled `requests.Session`."""
        return get_sync_client() if self._client is None else self._client

    @property
    def async_client(self) -> AsyncClient:
        """The shared, pooled `aiohttp.ClientSession`."""
        return get_async_client() if self._async_client is None else self._async_client

    @property
    def has_sync_half(self) -> bool:
        """Whether `run` works."""
        return type(self)._run_impl is not ComplianceTool._run_impl  # noqa: SLF001 - our own

    @property
    def has_async_half(self) -> bool:
        """Whether `run_async` works."""
        return type(self)._run_impl_async is not ComplianceTool._run_impl_async  # noqa: SLF001 - our own

    def parse(self, **kwargs: Any) -> BaseModel | None:
        """The question that `kwargs` make, checked. Raises InvalidQuery.

        None for a tool without `query_model`: then the signature of its half decides what it takes.
        """
        if self.query_model is None:
            self._check_signature(kwargs)
            return None
        try:
            return self.query_model.model_validate(kwargs)
        except ValidationError as exc:
            raise invalid_query(exc, self.query_model) from exc

    def _check_signature(self, kwargs: dict[str, Any]) -> None:
        taken = inspect.signature(self._run_impl_async if self.has_async_half else self._run_impl).parameters.values()
        faults = FaultCollector()
        if not any(each.kind is each.VAR_KEYWORD for each in taken):
            for name in sorted(kwargs.keys() - {each.name for each in taken}):
                faults.add(name, "there is no such parameter")
        for each in taken:
            named = each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
            if named and each.default is each.empty and each.name not in kwargs:
                faults.add(each.name, "is required")
        faults.raise_if_any()

    def run(self, **kwargs: Any) -> Any:
        """Ask, and block until the answer or the deadline. Raises ToolError."""
        return self._in_time(self._run_impl, kwargs)

    async def run_async(self, **kwargs: Any) -> Any:
        """Ask, without blocking the event loop, until the answer or the deadline. Raises ToolError."""
        return await self._in_time_async(self._run_impl_async, kwargs)

    def _in_time(self, ask: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        with calling(self.deadline_s) as call, translating(self.upstream):
            result = ask(**arguments)
            if call.is_over():
                raise call.out_of_time(self.upstream)
            return result

    async def _in_time_async(self, ask: Callable[..., Awaitable[Any]], arguments: Mapping[str, Any]) -> Any:
        with calling(self.deadline_s) as call:
            try:
                async with asyncio.timeout(call.deadline_at - call.started_at) as deadline:
                    try:
                        return await ask(**arguments)
                    except ToolError as exc:
                        exc.upstream = exc.upstream or self.upstream
                        raise
                    except LIBRARY_ERRORS as exc:
                        raise translated(exc, self.upstream) from exc
            except TimeoutError as exc:
                if not deadline.expired():
                    raise
                raise call.out_of_time(self.upstream) from exc

    # With `*_`, an override may name the arguments that it takes.
    def _run_impl(self, *_: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no sync half; it was given {sorted(kwargs)}")

    async def _run_impl_async(self, *_: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no async half; it was given {sorted(kwargs)}")
