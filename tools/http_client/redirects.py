"""What a redirect may do: where it may lead, and which headers may go with it. Pure."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from tools.errors import ProviderRejected

__all__ = ["MAX_REDIRECTS", "check_redirect", "headers_to_drop", "refused_target"]

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


def check_redirect(source: str, target: str) -> None:
    """Raise ProviderRejected when a redirect from `source` to `target` would leave TLS."""
    if urlsplit(source).scheme == "https" and urlsplit(target).scheme != "https":
        raise ProviderRejected(
            f"refused a redirect from {_origin_text(source)} to {_origin_text(target)}: it leaves TLS"
        )


def refused_target(source: str) -> ProviderRejected:
    """The error for a redirect from `source` whose target cannot be read."""
    return ProviderRejected(f"refused a redirect from {_origin_text(source)}: its target is not a URL")


def headers_to_drop(source: str, target: str, names: Iterable[str]) -> list[str]:
    """Which of the headers `names` must not go along from `source` to `target`: none within one origin (RFC 6454)."""
    if _origin(source) == _origin(target):
        return []
    return [name for name in names if name.lower() not in _MAY_CROSS]


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _origin_text(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"
