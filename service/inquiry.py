"""Asks the four sources about one shipment, all at once, within one deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from service import VERSION
from service.envelope import rfc3339
from service.errors import Problem, problem
from service.record_ids import as_sandbox_id, new_record_id
from service.shipment import Shipment, ToolName
from service.snapshot import (
    KINDS,
    NOT_ASSESSED,
    POLICY_VERSION,
    AnyTile,
    Snapshot,
    Tiles,
    assess_countries,
    is_complete,
    missing_sources,
    reasons_of,
    risk_of,
    said_of,
)
from service.tiles.tile import Evaluation, Outcome, TileKind, TileName, is_sample_data
from tools.call import calling, recording
from tools.errors import ScriptNotCovered, ToolError
from tools.exchange import Answer

__all__ = ["SNAPSHOT_INCOMPLETE", "Ask", "Inquiry", "Show", "SnapshotIncomplete", "answer_of"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Asks one tool one question. Raises ToolError.
Ask = Callable[[ToolName, Mapping[str, Any]], Awaitable[Answer[Any]]]
#: Is told of each tile as soon as it is there.
Show = Callable[[TileName, AnyTile], Awaitable[None]]


SNAPSHOT_INCOMPLETE = "snapshot_incomplete"


class SnapshotIncomplete(Problem):
    """A problem, and in `snapshot` what the other sources said."""

    snapshot: Snapshot


async def _show_nobody(_: TileName, __: AnyTile) -> None:
    """Nobody is waiting for single tiles."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One shipment that is asked about. `sandbox`: the sources have sample data."""

    id: str
    asked_at: datetime
    shipment: Shipment
    sandbox: bool
    request_id: str

    @classmethod
    def begin(cls, shipment: Shipment, *, sandbox: bool, request_id: str) -> "Inquiry":
        """Begin now, under a new id."""
        return cls(new_record_id(sandbox=sandbox), datetime.now(UTC), shipment, sandbox, request_id)

    async def run(self, ask: Ask, deadline_s: float, show: Show = _show_nobody) -> Snapshot:
        """Ask all sources, each question by itself, and add up what they say within `deadline_s`.

        A question that fails, for whatever reason, leaves its tile unavailable and raises nothing.
        """
        started = time.monotonic()
        with calling(deadline_s):
            async with asyncio.TaskGroup() as group:
                tasks = {kind.name: group.create_task(self._tile(kind, ask, show)) for kind in KINDS}
        tiles = Tiles(**{name: task.result()[0] for name, task in tasks.items()})  # type: ignore[arg-type]  # by their names
        # An agency's address may turn out to be a sandbox's.
        sandbox = self.sandbox or any(task.result()[1] for task in tasks.values())
        countries, warnings = assess_countries(self.shipment)
        said = said_of(tiles, countries)
        return Snapshot(
            id=as_sandbox_id(self.id) if sandbox else self.id,
            ref=self.shipment.ref,
            sandbox=sandbox,
            software_version=VERSION,
            policy_version=POLICY_VERSION,
            asked_at=rfc3339(self.asked_at),
            generated_at=rfc3339(datetime.now(UTC)),
            elapsed_ms=round((time.monotonic() - started) * 1000, 1),
            shipment=self.shipment,
            complete=is_complete(tiles),
            risk=risk_of(tiles, countries),
            headline=said.headline,
            next_step=said.next_step,
            reasons=reasons_of(tiles, countries),
            not_assessed=NOT_ASSESSED,
            country_programs=countries,
            warnings=warnings,
            tiles=tiles,
            request_id=self.request_id,
        )

    async def _tile(self, kind: TileKind[AnyTile], ask: Ask, show: Show) -> tuple[AnyTile, bool]:
        """The tile, and whether it is of sample data."""
        questions = kind.questions(self.shipment, self._evaluation(self.asked_at))
        outcomes = await asyncio.gather(*(_outcome(ask, kind.tool, question) for question in questions))
        tile = kind.conclude(self.shipment, outcomes, self._evaluation(datetime.now(UTC)))
        await show(kind.name, tile)
        return tile, any(map(is_sample_data, outcomes))

    def _evaluation(self, at: datetime) -> Evaluation:
        return Evaluation(at, lambda of_samples: new_record_id(sandbox=self.sandbox or of_samples))


async def _outcome(ask: Ask, tool: ToolName, question: Mapping[str, Any]) -> Outcome:
    try:
        # Each question counts for itself what it costs; they run side by side.
        with recording():
            return await ask(tool, question)
    except ToolError as exc:
        return exc
    except Exception as exc:  # our own fault in one tile does not take the others' answers away
        log.exception("a question of a snapshot failed", tool=tool)
        return exc


def answer_of(taken: Snapshot) -> Snapshot | SnapshotIncomplete:
    """The snapshot; or in its place the body of a problem, when a source is missing that was required."""
    missing = missing_sources(taken.tiles)
    required = [source for source in missing if source in taken.shipment.require]
    if not required:
        return taken
    # A name that is not read is not read the next time, either.
    retryable = required != ["sanctions"] or any(
        party.error is not None and party.error.code != ScriptNotCovered.code
        for party in taken.tiles.sanctions_screening.parties
    )
    # Whether it was required or not.
    outcome = {"outcome": "not_screened"} if "sanctions" in missing else {}
    body = problem(
        503,
        SNAPSHOT_INCOMPLETE,
        "A required source did not answer",
        f"required, and not answered: {', '.join(required)}; what the others said is in `snapshot`",
        taken.request_id,
        retryable=retryable,
        retry_after_s=1.0 if retryable else None,
        **outcome,
    )
    if taken.sandbox:
        body["sandbox"] = True
    return {**body, "snapshot": taken}
