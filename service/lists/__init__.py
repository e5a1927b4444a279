"""The list that is held here: kept current, put in force, and told about."""

from service.lists.keeping import ListKeeping

__all__ = ["ListKeeping"]
