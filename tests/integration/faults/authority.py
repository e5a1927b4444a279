"""A throw-away authority: what an agency on 127.0.0.1 shows at a handshake, by its throw of the dice."""

import ssl
from collections.abc import Callable
from pathlib import Path

import trustme

__all__ = ["Authority"]


class Authority:
    """Certificates of an authority that clients are told of (`file`), and of one that nobody knows."""

    def __init__(self, folder: Path) -> None:
        known = trustme.CA()
        self.file = folder / "throw-away-ca.pem"
        known.cert_pem.write_to_path(str(self.file))
        self._good = _context(known, "127.0.0.1")
        self._bad = {
            "untrusted-certificate": _context(trustme.CA(), "127.0.0.1"),
            "certificate-of-another-host": _context(known, "elsewhere.example"),
        }

    def context(self, throw: Callable[[], str | None]) -> ssl.SSLContext:
        """Speaks TLS properly, or does at each handshake the misdeed that `throw` names."""
        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = self._bad.get(throw() or "", self._good)

        front.sni_callback = choose  # asked without a name as well
        return front


def _context(ca: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(host).configure_cert(context)
    return context
