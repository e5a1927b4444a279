"""A gateway of sample data for streamed batches, and what screens in place of its processes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiohttp import web
from aiohttp.test_utils import TestClient

from service.batches.computing import screen_rows
from service.batches.matching_pool import MatchingFailed
from service.batches.rows import Row, RowResult, ScreeningOptions
from tools.screening.held_list import HeldList

Gateway = TestClient[web.Request, web.Application]


@dataclass
class InProcess:
    """Screens by the real list, in the test's own process. A chunk with a row called `poison` fails; so do the first
    `failing` ones, whoever is in them."""

    asked: list[tuple[int, ScreeningOptions, bool]] = field(default_factory=list)
    lists: dict[Path, HeldList] = field(default_factory=dict)
    processes: int = 1
    failing: int = 0

    async def screen(
        self, rows: Sequence[Row], folder: Path, options: ScreeningOptions, *, urgent: bool, tell_version: bool = False
    ) -> list[RowResult]:
        self.asked.append((len(rows), options, urgent))
        await asyncio.sleep(0)
        self.failing -= 1
        if self.failing >= 0 or any(row.name == "poison" for row in rows):
            raise MatchingFailed("the process that matches ended with -11")
        if folder not in self.lists:
            self.lists[folder] = HeldList.open(folder)
        return screen_rows(rows, self.lists[folder], options, tell_version=tell_version)[0]

    async def aclose(self) -> None:
        """Nothing to end."""


@dataclass
class Counting:
    """Says of everybody that he is clear, in lines of `bytes_per_line`, when the `gate` is open."""

    bytes_per_line: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    rows: int = 0
    under_way: int = 0
    most_under_way: int = 0
    cancelled: int = 0
    processes: int = 1

    async def screen(
        self, rows: Sequence[Row], folder: Path, options: ScreeningOptions, *, urgent: bool
    ) -> list[RowResult]:
        self.rows += len(rows)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1
        return [self._result(row) for row in rows]

    def _result(self, row: Row) -> RowResult:
        if row.fault is not None:
            told = {"row": row.number, "ref": row.ref, "status": "invalid", "detail": row.fault}
            return RowResult(row.number, "invalid", None, orjson.dumps(told))
        told = {"row": row.number, "ref": row.ref, "status": "screened", "padding": "x" * self.bytes_per_line}
        return RowResult(row.number, "screened", "clear", orjson.dumps(told))

    async def aclose(self) -> None:
        """Nothing to end."""


def lines_of(body: bytes) -> tuple[list[dict[str, object]], dict[str, object]]:
    """The rows that an answer tells, and its summary, whose counts are those of the rows."""
    *rows, last = [orjson.loads(line) for line in body.splitlines()]
    summary = last["summary"]
    assert summary["rows"] == len(rows)
    assert [row["row"] for row in rows] == list(range(1, len(rows) + 1))
    for status in ("screened", "invalid", "not_screened"):
        assert summary[status] == sum(row["status"] == status for row in rows)
    assert summary["screened"] == summary["clear"] + summary["potential_match"] + summary["match"]
    return rows, summary
