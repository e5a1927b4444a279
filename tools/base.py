"""What a tool is: something that can be run in both modes, over the shared clients, within a deadline."""

import asyncio
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from tools.call import calling
from tools.errors import DeadlineExceeded, InvalidQuery, ProviderTimeout
from tools.http_client import AsyncClient, SyncClient, get_async_client, get_sync_client
from tools.transports import translating

__all__ = ["DEFAULT_DEADLINE_S", "ComplianceTool"]

DEFAULT_DEADLINE_S = 20.0


class ComplianceTool:
    """A question that can be asked of some upstream.

    Override `_run_impl`, `_run_impl_async`, or both, and use `self.client` / `self.async_client` in them. Whoever makes
    the tool may hand it the clients; otherwise it uses the process-wide ones. `name` is what the service calls it,
    `upstream` whom it asks, `query_model` what it takes (None: any keyword argument).
    """

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    upstream: ClassVar[str | None] = None
    query_model: ClassVar[type[BaseModel] | None] = None

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
        """The question that `kwargs` make, checked. Raises InvalidQuery. None for a tool without `query_model`."""
        if self.query_model is None:
            return None
        try:
            return self.query_model.model_validate(kwargs)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_context=False)[0]
            parameter = str(first["loc"][0]) if first["loc"] else next(iter(self.query_model.model_fields))
            raise InvalidQuery(f"{parameter}: {first['msg']}", parameter=parameter) from exc

    def run(self, **kwargs: Any) -> Any:
        """Ask, and block until the answer or the deadline. Raises ToolError."""
        with calling(self.deadline_s) as call, translating(self.upstream):
            result = self._run_impl(**kwargs)
            if call.is_over():
                raise DeadlineExceeded("the call's time ran out in our own work")
            return result

    async def run_async(self, **kwargs: Any) -> Any:
        """Ask, without blocking the event loop, until the answer or the deadline. Raises ToolError."""
        with calling(self.deadline_s) as call:
            try:
                async with asyncio.timeout(call.remaining_s()) as deadline:
                    with translating(self.upstream):
                        return await self._run_impl_async(**kwargs)
            except TimeoutError as exc:
                if not deadline.expired():
                    raise
                if call.cut_on_wire:
                    raise ProviderTimeout(
                        f"the call's {self.deadline_s:g} s ran out while {self.upstream or 'the upstream'} answered",
                        upstream=self.upstream,
                    ) from exc
                raise DeadlineExceeded(
                    f"the call's {self.deadline_s:g} s ran out in our own queue or work", upstream=self.upstream
                ) from exc

    def _run_impl(self, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no sync half; it was given {sorted(kwargs)}")

    async def _run_impl_async(self, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no async half; it was given {sorted(kwargs)}")
