"""What is wrong with what an agency sent, by name, and what to do about it. Pure: answers, errors and figures go in.

Every finding is in our own words. Of what an agency sent only the names of keys, columns and lists are repeated, and
what a tool's error quotes; a caller masks our keys in it before it is shown (`AgencyTool.without_secrets`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from service.config import PREFIX
from service.doctor.shapes import Difference, differences, shape_of
from tools.errors import (
    NotConfigured,
    NotFound,
    ProviderFailed,
    ProviderGarbled,
    ProviderRejected,
    ProviderTimeout,
    ProviderTooLarge,
    ProviderUnreachable,
    RateLimited,
    ToolError,
)
from tools.exchange import Response
from tools.payload import tidy
from tools.rulings_letters import decode
from tools.sanctions_lists import list_named
from tools.transports import BrokenAt, broken_at

__all__ = [
    "A_NEWER_VERSION",
    "CONNECTION_BROKE",
    "Finding",
    "Place",
    "Severity",
    "no_rows",
    "of_answer",
    "of_error",
    "of_tries",
    "proxy_is_ignored",
    "slow",
    "unknown_lists",
    "unset_keys",
    "was_reached",
]

#: `differs`: it can be used, and is not quite what this version expects; `unusable`: what rests on it fails.
Severity = Literal["differs", "not_configured", "unusable"]

#: So many differences of one answer are named one by one.
_NAMED = 12
#: The list's age counts by our clock, and so does a key's validity at some gateways.
_CLOCKS_DIFFER = timedelta(minutes=5)
#: A cache on the way says how many seconds ago it was given the answer; more digits than this are nonsense.
_AGE_DIGITS = 8
#: Statuses by which FDA's interface says in a body what HTTP has 401 for.
_KEY_REFUSED = (401, 403)
_NO_SUCH_PATH = (404, 405, 410)
CONNECTION_BROKE = "try again; if it lasts, something on the way cuts connections"
A_NEWER_VERSION = "look for a newer version of the gateway"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a stable `code`, how much it matters, what was found, and what to do next."""

    code: str
    severity: Severity
    detail: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agency is asked, as far as what to do about a fault depends on it.

    `upstream` is its short name; `url_setting` what sets its address, `settings_of_keys` what sets its keys (none: it
    wants none). `proxy_is_ignored`: the environment names a proxy, and the settings do not want it.
    """

    upstream: str
    url_setting: str
    settings_of_keys: tuple[str, ...] = ()
    proxy_is_ignored: bool = False


def unset_keys(settings: Sequence[str], *, can_do_without: bool = False) -> Finding:
    """Return what there is to say of keys that are not set. `can_do_without`: the list held here needs none."""
    names = " and ".join(settings)
    without = "; screening by the list held here needs none" if can_do_without else ""
    return Finding(
        "not_configured",
        "not_configured",
        f"{'a key is' if len(settings) == 1 else 'keys are'} not set, so nothing was asked",
        f"set {names} (or {'that' if len(settings) == 1 else 'each'} with _FILE at its end, for a file){without}",
    )


# -- what came --


def of_answer(response: Response, path: str) -> Iterator[Finding]:
    """Find what is not as expected in an answer with 200 to `path` below the agency's base URL.

    What cannot be read at all is an error of the tool that reads it: `of_error`.
    """
    yield from _of_clock(response)
    if response.status != 200:
        return
    if response.redirected_to is not None:
        yield Finding(
            "redirected",
            "differs",
            f"it answers from {response.redirected_to}, to which it redirected",
            "set the address to that, if it is the agency's",
        )
    shape = shape_of(response.upstream, path)
    try:
        # Some letters of CROSS are in Windows-1252.
        body = decode(response)
    except ProviderGarbled:
        return
    if shape is None:
        return
    found = differences(body, shape)
    yield from (_of_difference(each) for each in found[:_NAMED])
    if len(found) > _NAMED:
        more = len(found) - _NAMED
        yield Finding(
            "more", "differs", f"{more} more {'thing differs' if more == 1 else 'things differ'}", A_NEWER_VERSION
        )
    yield from _of_unknown_lists(body if response.upstream == "csl" else None)


def _of_difference(found: Difference) -> Finding:
    where = "" if found.total == 1 else f" in {found.count} of {found.total}"
    if found.what == "missing":
        renamed = "" if found.renamed_to is None else f"; '{found.renamed_to}' is new and may be its new name"
        said = f"'{found.path}' is missing{where}{renamed}"
        return Finding("field_missing", "differs", said, f"{A_NEWER_VERSION}; until then it counts as blank")
    if found.what == "unknown":
        said = f"'{found.path}' is not known to this version{where}"
        return Finding("field_unknown", "differs", said, f"{A_NEWER_VERSION}; until then it is not read")
    subject = f"'{found.path}'" if found.path else "the answer"
    said = f"{subject} is {found.found}{where}, where {found.expected} was expected"
    return Finding("field_kind", "differs", said, A_NEWER_VERSION)


def _of_unknown_lists(body: object) -> Iterator[Finding]:
    rows = body.get("results") if isinstance(body, dict) else None
    names = [row.get("source") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    unknown = (tidy(name) for name in names if isinstance(name, str) and list_named(name).code is None)
    yield from unknown_lists(dict.fromkeys(unknown))


def unknown_lists(names: Iterable[str]) -> Iterator[Finding]:
    """Find that there are lists, by the agency's `names`, that are not known here."""
    if shown := ", ".join(each[:100] for each in list(names)[:_NAMED]):
        said = f"it has entries of lists that this version does not know: {shown}"
        yield Finding("list_unknown", "differs", said, f"{A_NEWER_VERSION}; until then they count as the most severe")


def _of_clock(response: Response) -> Iterator[Finding]:
    try:
        at = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, OverflowError):
        return
    if at.tzinfo is None:
        return
    age_s = response.headers.get("age", "").strip()
    if age_s.isdecimal() and len(age_s) < _AGE_DIGITS:
        at += timedelta(seconds=int(age_s))
    apart = response.received_at - at
    if abs(apart) > _CLOCKS_DIFFER:
        minutes = round(abs(apart).total_seconds() / 60)
        said = f"its clock and this machine's are {minutes} minutes apart"
        yield Finding("clock", "differs", said, "set this machine's clock: the age of the list counts by it")


def of_tries(tries: Sequence[str]) -> Iterator[Finding]:
    """Find what the retries of a question that was answered in the end would hide; `tries` are outcomes in order."""
    failed = [each for each in tries if each != "ok"]
    if failed and tries[-1] == "ok":
        said = f"{len(failed)} of {len(tries)} requests failed before it answered: {', '.join(dict.fromkeys(failed))}"
        yield Finding("unsteady", "differs", said, "ask the doctor again in a while")


def slow(took_s: float, allowed_s: float) -> Iterator[Finding]:
    """Find whether a question took more than half of the time that it may take."""
    if took_s > allowed_s / 2:
        said = f"it took {took_s:.1f} s of the {allowed_s:g} s that a question may take"
        yield Finding("slow", "differs", said, f"give questions more time: {PREFIX}DEADLINE_S")


def no_rows() -> Finding:
    """Return what there is to say of a question that has had an answer for years, and got none."""
    return Finding(
        "no_rows",
        "differs",
        "nothing came for a question that it has had an answer to for years, so that no row's shape was seen",
        "ask the agency's own page the same; do not believe that it has nothing",
    )


def sample_data() -> Finding:
    """Return what there is to say of a sandbox that answers where the settings want live data."""
    return Finding(
        "sample_data",
        "differs",
        "it answers with sample data: a sandbox stands at that address",
        f"unset the address to ask the agency; {PREFIX}SANDBOX=1 says that sample data is wanted",
    )


# -- why nothing came --


def of_error(error: ToolError, last: Response | None, place: Place) -> Finding:
    """Return `error` by name. `last` is what the agency sent last, if anything."""
    if isinstance(error, NotConfigured):
        return unset_keys(place.settings_of_keys)
    if isinstance(error, NotFound):
        return Finding("record_gone", "differs", str(error), "ask the agency's own page the same")
    code, said, next_step = _named(error, last, place)
    if isinstance(error, ProviderRejected | ProviderFailed) and last is not None and last.redirected_to is not None:
        said += f", after it redirected to {last.redirected_to}"
    return Finding(code, "unusable", said, next_step)


def _named(error: ToolError, last: Response | None, place: Place) -> tuple[str, str, str]:
    """The code, what was found, what to do next."""
    again = "try again later; the agency's own page may say more"
    if isinstance(error, ProviderRejected):
        return _of_refusal(error, place)
    if isinstance(error, RateLimited):
        wait = "" if error.retry_after_s is None else f" for {error.retry_after_s:g} s"
        slower = f"wait{wait}, then ask less often: {PREFIX}{place.upstream.upper()}_RATE"
        return "rate_limited", "it answers HTTP 429: it was asked too often", slower
    if isinstance(error, ProviderFailed):
        return "agency_failing", f"it answers, and says that it fails: HTTP {error.status}", again
    if isinstance(error, ProviderTimeout):
        return (
            "timeout",
            "it did not answer in time",
            _way_out(place, f"try again; give it more time: {PREFIX}DEADLINE_S"),
        )
    if isinstance(error, ProviderTooLarge):
        return "too_large", "its answer is larger than allowed", f"raise {PREFIX}POOL_MAX_BODY_BYTES"
    if isinstance(error, ProviderUnreachable):
        return _of_connection(broken_at(error), place)
    if isinstance(error, ProviderGarbled):
        return _of_garbled(error, last, place)
    return error.code, str(error), "try again"


def _of_refusal(error: ProviderRejected, place: Place) -> tuple[str, str, str]:
    if error.status in _KEY_REFUSED and place.settings_of_keys:
        keys = " and ".join(place.settings_of_keys)
        said = f"it refuses the key (status {error.status})"
        return "key_refused", said, f"check {keys}, and that the key is valid and subscribed to this interface"
    if error.status in _KEY_REFUSED:
        said = f"it refuses this client (status {error.status}), and asks for no key"
        return (
            "client_refused",
            said,
            f"put a contact of yours into {PREFIX}USER_AGENT; it may refuse this network, too",
        )
    if error.status in _NO_SUCH_PATH:
        said = f"it answers, but knows no such path (status {error.status})"
        return "wrong_address", said, f"check {place.url_setting}; unset, it is the agency's own"
    if error.status is None:
        return "redirected", f"its redirects lead nowhere: {error}", f"check {place.url_setting}"
    return "question_refused", f"it refuses a question that it should answer: {error}", A_NEWER_VERSION


_CONNECTIONS: Mapping[BrokenAt, tuple[str, str, str]] = {
    "name": ("name_not_found", "its host's name was not found (DNS)", "check this machine's DNS, and {url}"),
    "proxy": ("proxy_failed", "the proxy did not let the request through", "check HTTPS_PROXY and NO_PROXY"),
    "refused": ("connection_refused", "nothing listens at its address", "check {url}, and the firewall"),
    "certificate": (
        "certificate_refused",
        "its certificate is not trusted here",
        "check {url}, and this machine's clock; where a proxy opens TLS, name its authority in SSL_CERT_FILE",
    ),
    "tls": (
        "tls_failed",
        "no TLS connection came about",
        "check {url} (https where there is only http?), and the proxy",
    ),
    "connection": (
        "connection_broke",
        "the connection broke before the whole answer came",
        CONNECTION_BROKE,
    ),
}


def _of_connection(stage: BrokenAt, place: Place) -> tuple[str, str, str]:
    code, said, next_step = _CONNECTIONS[stage]
    next_step = next_step.format(url=place.url_setting)
    return code, said, next_step if stage == "proxy" else _way_out(place, next_step)


def _way_out(place: Place, next_step: str) -> str:
    """`next_step`, and that there is a proxy which is not asked."""
    if not place.proxy_is_ignored:
        return next_step
    return f"{next_step}; HTTPS_PROXY is set and not obeyed: {PREFIX}TRUST_ENV=1 obeys it"


def _of_garbled(error: ProviderGarbled, last: Response | None, place: Place) -> tuple[str, str, str]:
    if last is not None and last.status == 200 and last.body.lstrip()[:1] == b"<":
        if last.redirected_to is not None:
            said = f"it redirects to a page for people at {last.redirected_to}, as for a sign-in"
            keys = " and ".join(place.settings_of_keys)
            return (
                "redirected_to_page",
                said,
                f"check {keys or place.url_setting}, and the subscription to this interface",
            )
        said = "it sends a page for people (HTML) where data was expected"
        return (
            "page_for_people",
            said,
            f"check {place.url_setting}; if that is right, it is being repaired or blocks this network",
        )
    return "unreadable", f"its answer cannot be read by this version: {error}", A_NEWER_VERSION


def was_reached(error: ToolError | None) -> bool:
    """Return whether the agency was reached all the same; None is no error of a tool, and says that it was."""
    if isinstance(error, ProviderUnreachable):
        return broken_at(error) == "connection"
    return not isinstance(error, ProviderTimeout)


def proxy_is_ignored(environ: Mapping[str, str], *, trust_env: bool) -> bool:
    """Return whether `environ` names a proxy that the settings do not want."""
    return not trust_env and any(environ.get(name) for name in ("HTTPS_PROXY", "https_proxy"))
