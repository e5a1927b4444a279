"""Sends what tools want sent, over the pooled clients, and turns the libraries' exceptions into ours."""

from tools.transports.asynchronous import drive_async
from tools.transports.synchronous import drive_sync
from tools.transports.translation import translating

__all__ = ["drive_async", "drive_sync", "translating"]
