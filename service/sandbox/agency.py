"""What every simulated agency is."""

from typing import Protocol

from aiohttp import web

__all__ = ["Agency", "SandboxDataError"]


class SandboxDataError(Exception):
    """The data that the sandbox was given cannot be used. The message is one line and names the file."""


class Agency(Protocol):
    """One agency: where its interface begins, and its routes."""

    base_path: str

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes of the interface, each under `base_path`."""
