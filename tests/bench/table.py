"""What was found, as tables in Markdown that can be read on a terminal, too."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

from tests.bench.measuring import Round
from tests.bench.rows import Bar, Row
from tests.bench.spread import Spread, spread

__all__ = ["contenders_table", "figure", "rows_table", "table"]


def rows_table(rows: Iterable[Row]) -> str:
    """A line for each bar: what was measured (median, least and most), what it has to be, and whether it is."""
    lines = [
        (
            _named(row),
            _with_spread(row.figure, row.unit),
            _bar(row.bar, row.unit),
            _reach(row.bar, row.unit),
            row.verdict,
        )
        for row in rows
    ]
    return table(("what", "median [least..most]", "bar", "reach", ""), lines)


def contenders_table(scenes: Mapping[str, Mapping[str, Sequence[Round]]]) -> str:
    """A line for each contender of each scene: medians over its rounds."""
    lines = []
    for scene, contenders in scenes.items():
        for name, rounds in contenders.items():
            connections = [each.connections_per_1000 for each in rounds if each.connections_per_1000 is not None]
            lines.append(
                (
                    f"{scene}: {name}",
                    _with_spread(spread([each.per_second for each in rounds]), ""),
                    figure(statistics.median(each.cpu_us for each in rounds)),
                    figure(statistics.median(each.p50_ms for each in rounds)),
                    figure(statistics.median(each.p99_ms for each in rounds)),
                    figure(statistics.median(each.resident_mib for each in rounds)),
                    figure(statistics.median(connections)) if connections else "-",
                    str(sum(each.failed for each in rounds)),
                    _shares(rounds),
                )
            )
    heads = ("scene: contender", "answers/s [least..most]", "CPU us each", "p50 ms", "p99 ms", "MiB")
    return table((*heads, "connections/1000", "failed", "% CPU: itself, load, agency, others"), lines)


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Markdown whose columns stand under each other."""
    widths = [max(len(line[at]) for line in (heads, *lines)) for at in range(len(heads))]
    rule = ["-" * width for width in widths]
    drawn = ((cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in (heads, rule, *lines))
    return "\n".join(f"| {' | '.join(line)} |" for line in drawn)


def figure(value: float) -> str:
    """Three digits that count, and no more than a reader can use."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _named(row: Row) -> str:
    return f"{row.name} ({row.note})" if row.note else row.name


def _with_spread(of: Spread, unit: str) -> str:
    if of.least == of.most:
        return _with_unit(of.median, unit)
    return f"{_with_unit(of.median, unit)} [{figure(of.least)}..{figure(of.most)}]"


def _with_unit(value: float, unit: str) -> str:
    separator = "" if unit in ("", "x") else " "
    return f"{figure(value)}{separator}{unit}"


def _bar(bar: Bar | None, unit: str) -> str:
    return "-" if bar is None else f"{'at most' if bar.is_most else 'at least'} {bar.value:g}{_unit(unit)}"


def _reach(bar: Bar | None, unit: str) -> str:
    return "-" if bar is None or bar.reach is None else f"{bar.reach:g}{_unit(unit)}"


def _unit(unit: str) -> str:
    return unit if unit in ("", "x") else f" {unit}"


def _shares(rounds: Sequence[Round]) -> str:
    shares = ("server_share", "load_share", "agency_share", "foreign_share")
    return ", ".join(f"{statistics.median(getattr(each, share) for each in rounds):.0%}" for share in shares)
