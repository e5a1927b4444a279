"""What a redirect may do, and how large an answer may be. The same rules for both clients. Pure."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urljoin, urlsplit

from tools.errors import ProviderRejected

__all__ = [
    "MAX_REDIRECTS",
    "body_limit",
    "check_redirect",
    "current_body_limit",
    "headers_to_drop",
    "is_same_origin",
    "redirect_target",
]

MAX_REDIRECTS = 10

#: Headers that may reach another origin. A list of what may, not of what may not: agencies name their keys freely
#: (`subscription-key`, `Authorization-Key`), and the next name is not known yet.
_MAY_CROSS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
        "user-agent",
    }
)
_DEFAULT_PORTS = {"http": 80, "https": 443}

_override: ContextVar[int | None] = ContextVar("tools_body_limit", default=None)


def redirect_target(source: str, location: str) -> str:
    """Return the URL that `location` is for an answer of `source`, as it was given (RFC 3986, section 5.2).

    Raises ProviderRejected when it is none.
    """
    try:
        target = location if urlsplit(location).netloc and not location.startswith("//") else urljoin(source, location)
        parts = urlsplit(target)
        _ = parts.port
    except ValueError:
        parts = None
    # A host is a name, or an address: a Location spells other letters in percent signs.
    if parts is None or "%" in (parts.hostname or ""):
        raise ProviderRejected(f"refused a redirect from {_origin_text(source)}: its target is not a URL")
    return target


def check_redirect(source: str, target: str) -> None:
    """Raise ProviderRejected when a redirect from `source` to `target` would leave TLS, or leads to no host."""
    target = redirect_target(source, target)
    if urlsplit(source).scheme == "https" and urlsplit(target).scheme != "https":
        raise ProviderRejected(
            f"refused a redirect from {_origin_text(source)} to {_origin_text(target)}: it leaves TLS"
        )


def is_same_origin(source: str, target: str) -> bool:
    """Return whether both have the same scheme, host and port (RFC 6454)."""
    return _origin(source) == _origin(target)


def headers_to_drop(source: str, target: str, names: Iterable[str]) -> list[str]:
    """Return which of the headers `names` must not go along from `source` to `target`: none within one origin."""
    if is_same_origin(source, target):
        return []
    return [name for name in names if name.lower() not in _MAY_CROSS]


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _origin_text(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


@contextmanager
def body_limit(max_bytes: int | None) -> Iterator[None]:
    """Bound the answers of requests made inside the block to `max_bytes` instead of the client's own bound.

    None keeps the client's own. The bound is on decompressed bytes, whatever the headers declare. For both clients.
    """
    token = _override.set(max_bytes)
    try:
        yield
    finally:
        _override.reset(token)


def current_body_limit(default: int) -> int:
    """Return the bound in force here, in bytes."""
    override = _override.get()
    return default if override is None else override
