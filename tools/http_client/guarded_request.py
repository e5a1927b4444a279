"""aiohttp's request, guarded on its way through redirects: no secret to another origin, never out of TLS."""

from typing import Any

from aiohttp import ClientRequest
from multidict import CIMultiDict, istr
from yarl import URL

from tools.http_client.redirects import check_redirect, headers_to_drop

__all__ = ["GuardedRequest"]

#: Where the last request of a call went, left among the headers of that call. It is taken out before they are copied
#: into a request; and no header may be named like this, aiohttp would rather fail than send it.
_CAME_FROM = istr("came\nfrom")


class GuardedRequest(ClientRequest):
    """One hop of a call. aiohttp makes one for each redirect that it follows, of the same mapping of headers.

    Raises ProviderRejected when the redirect that leads here leaves TLS.
    """

    def __init__(self, method: str, url: URL, *, headers: CIMultiDict[str], **options: Any) -> None:
        source = headers.pop(_CAME_FROM, None)
        if source is not None:  # a redirect, or once more to the same URL, after a connection broke
            check_redirect(source, str(url))
            for name in set(headers_to_drop(source, str(url), headers)):
                headers.popall(name)
        super().__init__(method, url, headers=headers, **options)
        headers[_CAME_FROM] = str(self.url)
