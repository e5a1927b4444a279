"""A tool that asks one agency: written once, as an exchange that both transports drive."""

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from pydantic import BaseModel

from tools.base import ComplianceTool
from tools.call import Call, current_call
from tools.errors import ToolError
from tools.exchange import Answer, Exchange, Reading, Response, Source
from tools.transports import drive_async, drive_sync

__all__ = ["AgencyTool"]

#: Of a secret, so many characters at its beginning already tell something.
_TELLING_CHARACTERS = 6


class AgencyTool(ComplianceTool):
    """Subclasses say what may be asked (`query_model`) and how (`exchange`). Answers are `Answer`s.

    `base_url` is the agency's interface, or what stands in for it; `sandbox` marks answers as sample data. `secrets`
    are the keys that the agency wants, by the names of the arguments; None: not given.
    """

    source_name: ClassVar[str]
    default_base_url: ClassVar[str]
    query_model: ClassVar[type[BaseModel]]

    def __init__(
        self,
        *,
        base_url: str | None = None,
        sandbox: bool = False,
        secrets: Mapping[str, str | None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.base_url = (base_url or self.default_base_url).rstrip("/")
        self.sandbox = sandbox
        self._secrets = dict(secrets or {})

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys that the agency wants and that were not given."""
        return tuple(name for name, secret in self._secrets.items() if not secret)

    @abstractmethod
    def exchange(self, query: Any) -> Exchange[Any]:
        """The requests that answer `query`, and what is read from their answers."""

    def _run_impl(self, **kwargs: Any) -> Answer[Any]:
        started, before, call = self._begin()
        with self._telling_errors(call):
            reading, first = drive_sync(self.client, self.exchange(self.parse(**kwargs)), call)
        return self._answer(reading, first, started, call, call.usage.attempts - before)

    async def _run_impl_async(self, **kwargs: Any) -> Answer[Any]:
        started, before, call = self._begin()
        with self._telling_errors(call):
            reading, first = await drive_async(self.async_client, self.exchange(self.parse(**kwargs)), call)
        return self._answer(reading, first, started, call, call.usage.attempts - before)

    @staticmethod
    def _begin() -> tuple[float, int, Call]:
        call = current_call()
        if call is None:
            raise RuntimeError("a tool is run by run() or run_async(), which bound it in time")
        return time.monotonic(), call.usage.attempts, call

    @contextmanager
    def _telling_errors(self, call: Call) -> Iterator[None]:
        """Errors say when they speak of sample data, and keep our keys, which what an agency sends may repeat."""
        try:
            yield
        except ToolError as exc:
            exc.sandbox = self.sandbox or call.met_sample_data
            said = str(exc)
            for secret in filter(None, self._secrets.values()):
                said = _masked(said, secret)
            exc.args = (said,)
            raise

    def _answer(self, reading: Reading[Any], first: Response, started: float, call: Call, attempts: int) -> Answer[Any]:
        source = Source(
            name=self.source_name,
            url=self.base_url,
            version=reading.version,
            retrieved_at=first.received_at,
            served_from="live",
            sandbox=self.sandbox or call.met_sample_data,
            attempts=attempts,
            elapsed_ms=round((time.monotonic() - started) * 1000, 1),
        )
        return Answer(reading.result, source)


def _masked(said: str, secret: str) -> str:
    """`said` without `secret`, and without the beginning of it that a quotation cut short leaves."""
    for length in range(len(secret), min(_TELLING_CHARACTERS, len(secret)) - 1, -1):
        said = said.replace(secret[:length], "***")
    return said
