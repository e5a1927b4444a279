"""A tool that asks one agency: written once, as a plan that both transports drive."""

import asyncio
import re
from abc import abstractmethod
from collections.abc import Mapping
from threading import Lock
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

from tools.base import ComplianceTool
from tools.call import Call, calling, current_call, wanting
from tools.errors import NotFound, ToolError
from tools.exchange import Answer, Part, Plan, Reading, Source, Watch, ask, watched
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.quota import Quota, parse_rates
from tools.query_faults import invalid_query
from tools.transports import AnswerStore, Asking, Provenance, drive_async, drive_sync

__all__ = ["AgencyTool", "without_secret"]

T = TypeVar("T")

#: Of a secret, so many characters at its beginning already tell something.
_TELLING_CHARACTERS = 6
#: Of the message of a NotFound.
_WHO_HAS_NO = re.compile(r"^.{1,80}? has no ")


class AgencyTool(ComplianceTool):
    """Subclasses say what may be asked (`query_model`) and how (`plan`). Answers are `Answer`s.

    `base_url` is the agency's interface, or what stands in for it; `sandbox` marks answers as sample data, and is true
    from the first answer on that says so itself. `secrets` are the keys that the agency wants, by the names of the
    arguments; None: not given. `policies` are how it is asked (default: those that the process has for this address,
    with the agency's own rate); `store`, where answers are kept (default: nowhere).
    """

    source_name: ClassVar[str]
    default_base_url: ClassVar[str]
    #: How often the agency may be asked, as `tools.policy.quota.parse_rates` reads it.
    default_rate: ClassVar[str]
    query_model: ClassVar[type[BaseModel]]

    def __init__(
        self,
        *,
        base_url: str | None = None,
        sandbox: bool = False,
        secrets: Mapping[str, str | None] | None = None,
        policies: AgencyPolicies | None = None,
        store: AnswerStore | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.base_url = (base_url or self.default_base_url).rstrip("/")
        self.sandbox = sandbox
        self._secrets = dict(secrets or {})
        self.policies = policies or _policies_of_the_process(self.base_url, "0" if sandbox else self.default_rate)
        self._asking = Asking(str(self.upstream), self.base_url, self.policies, self.deadline_s, store)

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys without which questions are not answered, and that were not given."""
        return self.unset_keys

    @property
    def unset_keys(self) -> tuple[str, ...]:
        """The keys that the agency wants and that were not given."""
        return tuple(name for name, secret in self._secrets.items() if not secret)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the agency wants, set or not."""
        return tuple(self._secrets)

    @abstractmethod
    def plan(self, query: Any) -> Plan[Any]:
        """The questions that answer `query`, and what is made of what they come to."""

    def takes_long_here(self, query: Any) -> bool:  # noqa: ARG002 - most tools only wait for their agency
        """Whether `query` is answered without the agency, by so much work that no event loop should wait for it."""
        return False

    @property
    def watched(self) -> Part[Any] | None:
        """What is to be asked again from time to time, so that no question has to wait for it."""
        return None

    def parse_json(self, body: bytes) -> BaseModel:
        """The question that the members of a JSON object make; each must be of its own type. Raises InvalidQuery."""
        try:
            return self.query_model.model_validate_json(body, strict=True)
        except ValidationError as exc:
            raise invalid_query(exc, self.query_model) from exc

    async def run_query_async(self, query: BaseModel, *, watch: Watch | None = None) -> Answer[Any]:
        """Like `run_async`, with a `query` that is checked already. `watch` is shown what the agency sends."""
        answer: Answer[Any] = await self._in_time_async(self._answer_to_async, {"query": query, "watch": watch})
        return answer

    def without_secrets(self, said: str) -> str:
        """Return `said` without our keys, which an agency may repeat in what it sends."""
        for secret in filter(None, self._secrets.values()):
            said = without_secret(said, secret)
        return said

    def _run_impl(self, **kwargs: Any) -> Answer[Any]:
        return self._answer_to(self.parse(**kwargs))

    async def _run_impl_async(self, **kwargs: Any) -> Answer[Any]:
        return await self._answer_to_async(self.parse(**kwargs))

    def _answer_to(self, query: Any) -> Answer[Any]:
        call = _call_of_a_tool()
        told = Provenance(call)
        try:
            try:
                reading = drive_sync(self.client, self.plan(query), call, self._asking, told)
            except ToolError as exc:
                if not told.has_to_be_asked_anew(exc):
                    raise
                call.wants_live = True
                told.begin_anew()
                reading = drive_sync(self.client, self.plan(query), call, self._asking, told)
        except ToolError as exc:
            self._complete(exc, told)
            raise
        return self._as_answer(reading, told)

    async def _answer_to_async(self, query: Any, watch: Watch | None = None) -> Answer[Any]:
        if self.takes_long_here(query):
            return await asyncio.to_thread(self._answer_to, query)
        call = _call_of_a_tool()
        told = Provenance(call)
        try:
            try:
                plan = self.plan(query) if watch is None else watched(self.plan(query), watch)
                reading = await drive_async(self.async_client, plan, call, self._asking, told)
            except ToolError as exc:
                if not told.has_to_be_asked_anew(exc):
                    raise
                call.wants_live = True
                told.begin_anew()
                reading = await drive_async(self.async_client, self.plan(query), call, self._asking, told)
        except ToolError as exc:
            self._complete(exc, told)
            raise
        return self._as_answer(reading, told)

    async def ask_live_async(self, part: Part[T]) -> T:
        """Ask the agency for `part` now, under the policies of every question, within the deadline. Raises ToolError.

        This is for what the gateway wants to know itself; nothing of it is kept.
        """
        answer: T = await self._in_time_async(self._value_of, {"part": part})
        return answer

    async def _value_of(self, part: Part[T]) -> T:
        call = _call_of_a_tool()
        call.wants_live = True
        told = Provenance(call)
        try:
            return (await drive_async(self.async_client, _only(part), call, self._asking, told)).result
        except ToolError as exc:
            self._complete(exc, told)
            raise

    async def refresh_watched(self) -> None:
        """Ask anew for what is `watched`, if anybody has asked for it yet. Raises ToolError."""
        part, store = self.watched, self._asking.store
        if part is None or store is None or not store.answers.has(store.answers.key_of(self._asking.scope, part)):
            return
        with wanting(live=True), calling(self.deadline_s) as call:
            async with asyncio.timeout(self.deadline_s):
                await drive_async(self.async_client, _only(part), call, self._asking, Provenance(call))

    def _complete(self, error: ToolError, told: Provenance) -> None:
        """Errors say when they speak of sample data, and keep our keys, which what an agency sends may repeat."""
        self.sandbox |= told.met_sample_data
        error.sandbox = self.sandbox
        said = str(error)
        if self.sandbox and isinstance(error, NotFound):
            said = _WHO_HAS_NO.sub("the sample data has no ", said)
        error.args = (self.without_secrets(said),)
        if error.__cause__ is not None:
            # What the library said, for the log; it too may quote what the agency sent.
            error.cause_in_words = self.without_secrets(f"{type(error.__cause__).__name__}: {error.__cause__}")

    def _as_answer(self, reading: Reading[Any], told: Provenance) -> Answer[Any]:
        self.sandbox |= told.met_sample_data
        held, asked = reading.held, told.has_parts
        source = Source(
            name=self.source_name,
            url=self.base_url if held is None or asked else held.url,
            version=reading.version,
            retrieved_at=told.retrieved_at if held is None else held.retrieved_at,
            served_from=told.served_from if held is None or asked else "cache",
            stale_because=told.stale_because,
            sandbox=self.sandbox,
            attempts=told.attempts,
            tries=told.tries,
            sha256=told.sha256 if held is None else (held.sha256, *told.sha256),
            elapsed_ms=told.elapsed_ms,
            via=reading.via,
            held=None if held is None else held.about,
        )
        return Answer(reading.result, source, told.kept_as_new if held is None else None)


def _call_of_a_tool() -> Call:
    call = current_call()
    if call is None:
        raise RuntimeError("a tool is run by run() or run_async(), which bound it in time")
    return call


def _only(part: Part[T]) -> Plan[T]:
    return Reading((yield from ask(part)), version=None)


_of_the_process: dict[tuple[str, str], AgencyPolicies] = {}
_lock = Lock()


def _policies_of_the_process(base_url: str, rate: str) -> AgencyPolicies:
    """For tools that are used without the service: one set for each address, however many tools ask there."""
    with _lock:
        if (base_url, rate) not in _of_the_process:
            _of_the_process[base_url, rate] = AgencyPolicies(quota=Quota(parse_rates(rate)))
        return _of_the_process[base_url, rate]


def without_secret(said: str, secret: str) -> str:
    """Return `said` without `secret`, and without the beginning of it that a quotation cut short leaves."""
    for length in range(len(secret), min(_TELLING_CHARACTERS, len(secret)) - 1, -1):
        said = said.replace(secret[:length], "***")
    return said
