"""Keeps what agencies answered, with the time at which they did: in this process, and shared between instances."""

from tools.cache.answers import LARGE_BYTES, AnswerCache
from tools.cache.kept import Kept
from tools.cache.memory import MemoryStats, MemoryStore
from tools.cache.shared import SharedStats, SharedStore

__all__ = ["LARGE_BYTES", "AnswerCache", "Kept", "MemoryStats", "MemoryStore", "SharedStats", "SharedStore"]
