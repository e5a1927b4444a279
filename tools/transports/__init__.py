"""Sends what tools want sent, over the pooled clients, and turns the libraries' exceptions into ours."""

from tools.transports.asking import AnswerStore, Asking
from tools.transports.asynchronous import drive_async
from tools.transports.flights import AsyncFlights, SyncFlights
from tools.transports.provenance import Provenance
from tools.transports.synchronous import drive_sync
from tools.transports.translation import LIBRARY_ERRORS, BrokenAt, broken_at, translated, translating

__all__ = [
    "LIBRARY_ERRORS",
    "AnswerStore",
    "Asking",
    "AsyncFlights",
    "BrokenAt",
    "Provenance",
    "SyncFlights",
    "broken_at",
    "drive_async",
    "drive_sync",
    "translated",
    "translating",
]
