"""The lines of a streamed snapshot."""

from typing import Literal

from typing_extensions import TypedDict

from service.errors import Problem
from service.inquiry import SnapshotIncomplete
from service.snapshot import AnyTile, Snapshot
from service.tiles.tile import TileName

__all__ = ["Asked", "Event", "ProblemLast", "SnapshotLast", "TileThere"]


class Asked(TypedDict):
    """The first line: the question was taken."""

    event: Literal["asked"]
    id: str
    asked_at: str
    sandbox: bool


class TileThere(TypedDict):
    """A source answered, or did not."""

    event: Literal["tile"]
    name: TileName
    tile: AnyTile


class SnapshotLast(TypedDict):
    """The last line: the whole answer."""

    event: Literal["snapshot"]
    snapshot: Snapshot


class ProblemLast(TypedDict):
    """The last line in its place, when a required source did not answer, or we failed."""

    event: Literal["problem"]
    problem: SnapshotIncomplete | Problem


Event = Asked | TileThere | SnapshotLast | ProblemLast
