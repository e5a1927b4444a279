"""What can go wrong with a tool's question, and whose fault it is.

    ToolError
    ├── InvalidQuery          the caller's question; nothing was sent
    ├── NotFound              the agency answered: there is no such record
    ├── TooLarge              the caller's body
    ├── ProviderError         the agency's side
    │   ├── ProviderRejected      a 4xx other than 429, or a redirect that we refuse
    │   ├── ProviderFailed        a 5xx
    │   ├── ProviderGarbled       HTML, cut or wrong-shaped data
    │   ├── ProviderTooLarge      a body over the bound
    │   ├── ProviderUnreachable   no connection, or it broke
    │   └── ProviderTimeout       time ran out while we waited for the agency
    ├── RateLimited           the agency's 429, or our own bound on how often it is asked
    ├── CircuitOpen           the agency failed too often and is left alone for a while; nothing was sent
    ├── NotConfigured         no key for the agency was given to us; nothing was sent
    ├── NotScreened           a screening could not be brought to an outcome
    ├── ScriptNotCovered      a name in a script that is not read, of which nothing else is a hit
    ├── DeadlineExceeded      time ran out in our own queue or work
    ├── PoolTimeout           no connection of our pool came free in time
    └── PoolClosed            the pool is draining or shut down

The class says whose fault it is, the attributes hold the evidence, the message is for people. Library exceptions are
turned into these once, at the border of a tool (`tools.transports`), with the cause kept.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from tools.countries.assessment import CountryPrograms

__all__ = [
    "LONGEST_RETRY_AFTER_S",
    "CircuitOpen",
    "DeadlineExceeded",
    "InvalidQuery",
    "NotConfigured",
    "NotFound",
    "NotScreened",
    "ParameterFault",
    "PoolClosed",
    "PoolTimeout",
    "ProviderError",
    "ProviderFailed",
    "ProviderGarbled",
    "ProviderRejected",
    "ProviderTimeout",
    "ProviderTooLarge",
    "ProviderUnreachable",
    "RateLimited",
    "ScriptNotCovered",
    "TooLarge",
    "ToolError",
]


#: Seconds after which a list that is not in force may be asked about again.
_A_LIST_MAY_COME_S = 60.0

#: The longest wait that an answer can ask for: nothing that an agency sends may be of any size.
LONGEST_RETRY_AFTER_S = 86_400.0


class ToolError(Exception):
    """Root of everything that a tool raises on purpose.

    `code` is stable: the class name in snake_case. `retryable` says whether the same question may succeed later.
    `upstream` names the agency (`hts`) where one is concerned; `sandbox` says that it speaks of sample data.
    `cause_in_words` is what a client library said, without our keys, where the agency might have repeated them.
    """

    code: ClassVar[str] = "tool_error"
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        # A subclass that a client library also has to recognise states the code of the error that it is.
        if "code" not in vars(cls):
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str, *, upstream: str | None = None) -> None:
        super().__init__(message)
        self.upstream = upstream
        self.retry_after_s: float | None = None
        self.sandbox = False
        self.cause_in_words: str | None = None


#: A question with more faults than this is cut there: its own size must not decide that of the answer.
_MOST_FAULTS = 50


@dataclass(frozen=True, slots=True)
class ParameterFault:
    """One thing that is wrong with a question: the parameter (`parties.0.name`), and why, in our words."""

    parameter: str
    detail: str


class InvalidQuery(ToolError):
    """The question cannot be asked; nothing was sent.

    `faults` are all that are wrong with it, `parameter` is that of the first; the message has all of them.
    """

    def __init__(self, message: str, *, parameter: str, faults: tuple[ParameterFault, ...] = ()) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.faults = faults or (ParameterFault(parameter, message.removeprefix(f"{parameter}: ")),)

    @classmethod
    def of(cls, faults: Iterable[ParameterFault]) -> Self:
        """Return the error of all `faults`, of which there is at least one, each said once."""
        every = tuple(dict.fromkeys(faults))
        shown = every[:_MOST_FAULTS]
        details = [f"{each.parameter}: {each.detail}" for each in shown]
        if len(every) > len(shown):
            details.append(f"and {len(every) - len(shown)} more")
        return cls("; ".join(details), parameter=shown[0].parameter, faults=shown)

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the same with its parameters called as `names` (ours -> the caller's) call them."""
        return type(self).of(replace(each, parameter=names.get(each.parameter, each.parameter)) for each in self.faults)


class NotFound(ToolError):
    """The agency answered, and has no such record. The message reads "CROSS has no ruling N1": who has no what.

    Sample data that lack a record say nothing of the agency: there the message reads "the sample data has no ...".
    """


class TooLarge(ToolError):
    """The caller's body is over the bound."""


class ProviderError(ToolError):
    """The agency's side failed us."""


class ProviderRejected(ProviderError):
    """The agency refused the request: a 4xx other than 429 (`status`), or a redirect that we do not follow."""

    def __init__(self, message: str, *, status: int | None = None, upstream: str | None = None) -> None:
        super().__init__(message, upstream=upstream)
        self.status = status


class ProviderFailed(ProviderError):
    """The agency answered with a 5xx (`status`)."""

    retryable = True

    def __init__(self, message: str, *, status: int, upstream: str | None = None) -> None:
        super().__init__(message, upstream=upstream)
        self.status = status


class ProviderGarbled(ProviderError):
    """The agency's answer is not what its interface promises: HTML, cut, or of another shape."""

    retryable = True


class ProviderTooLarge(ProviderError):
    """The agency's body is over the bound; reading stopped there."""


class ProviderUnreachable(ProviderError):
    """No connection to the agency, or it broke before a whole answer came.

    `was_stale`: it was a reused connection that the agency had closed before a byte of the answer came.
    """

    retryable = True

    def __init__(self, message: str, *, was_stale: bool = False, upstream: str | None = None) -> None:
        super().__init__(message, upstream=upstream)
        self.was_stale = was_stale


class ProviderTimeout(ProviderError):
    """Time ran out while we waited for the agency."""

    retryable = True


class RateLimited(ToolError):
    """The agency asks us to slow down (429), or our own quota is used up for longer than the call may wait.

    `retry_after_s` is when to ask again, within a day; of a 429 the agency's own word, where it gave one.
    """

    retryable = True

    def __init__(self, message: str, *, retry_after_s: float | None = None, upstream: str | None = None) -> None:
        super().__init__(message, upstream=upstream)
        if retry_after_s is not None and not math.isnan(retry_after_s):
            self.retry_after_s = min(max(0.0, retry_after_s), LONGEST_RETRY_AFTER_S)


class CircuitOpen(ToolError):
    """The agency failed too often lately; it is asked again in `retry_after_s`, by one call. Nothing was sent."""

    retryable = True

    def __init__(self, message: str, *, retry_after_s: float, upstream: str | None = None) -> None:
        super().__init__(message, upstream=upstream)
        self.retry_after_s = retry_after_s


class NotConfigured(ToolError):
    """We have no key for the agency; nothing was sent."""


class NotScreened(ToolError):
    """No outcome can be given: the agency's answer, or the list held here, does not support one.

    `passes`: by itself, as soon as a list is in force again; then it may be asked again in `retry_after_s`.
    """

    def __init__(self, message: str, *, passes: bool = False, upstream: str | None = None) -> None:
        super().__init__(message, upstream=upstream)
        if passes:
            self.retryable = True  # type: ignore[misc]  # of this one
            self.retry_after_s = _A_LIST_MAY_COME_S


class ScriptNotCovered(ToolError):
    """A name, or a part of one, is in a script that is not read, and what could be read is no hit: that is no clear.

    `parts` are the words that were not read, each with its script; `country_programs` is what the party's countries
    say all the same.
    """

    def __init__(
        self, message: str, *, parts: tuple[tuple[str, str], ...], country_programs: "CountryPrograms | None" = None
    ) -> None:
        super().__init__(message)
        self.parts, self.country_programs = parts, country_programs


class DeadlineExceeded(ToolError):
    """The call's time ran out in our own queue or work, not at the agency."""

    retryable = True


class PoolTimeout(ToolError):
    """No connection of the pool came free in time: `waited_s`, and the pool as it then stood."""

    retryable = True

    def __init__(self, *, host: str, waited_s: float, limit: int, in_use: int, waiting: int) -> None:
        super().__init__(
            f"no free connection for {host} within {waited_s:g} s: limit {limit}, in use {in_use}, waiting {waiting}"
        )
        self.host, self.waited_s = host, waited_s
        self.limit, self.in_use, self.waiting = limit, in_use, waiting
        self.retry_after_s = 1.0


class PoolClosed(ToolError):
    """The pool takes no more requests: it is draining, or shut down."""

    retryable = True
