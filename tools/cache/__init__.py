"""Keeps what agencies answered, with the time at which they did: in this process, and shared between instances."""

from tools.cache.kept import Kept

__all__ = ["Kept"]
