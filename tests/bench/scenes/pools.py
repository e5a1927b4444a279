"""The pools alone, beside the libraries' own, in one process: what `tests.bench.connector` and `sync_half` measure."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tests.bench.bench import Bench
from tests.bench.rows import Bar, Row
from tests.bench.spread import Spread

__all__ = ["connector", "sync_half"]

_WHOLE_CALL = "whole call"


def connector(bench: Bench) -> None:
    """Taking a connection and giving it back, beside aiohttp's own connector; and a whole call."""
    figures = _figures(bench, "connector", "Connector")
    for name, of in figures.items():
        if name == _WHOLE_CALL:
            bench.rows.append(Row("Async pool, whole call: CPU / aiohttp's", Spread(*_three(of["ratio"])), "x"))
        else:
            difference = Spread(*_three(of["difference_us"]))
            bench.rows.append(Row(f"Async pool, {name}, less aiohttp's", difference, "us", Bar(10, 5, is_most=True)))


def sync_half(bench: Bench) -> None:
    """Tools from 32 threads over the pooled `requests.Session`, beside a stock one that parses JSON alone."""
    figures = _figures(bench, "sync_half", "Sync half")
    for name, bar in (("tools", Bar(1.2, 2)), ("pooled session", None)):
        if name in figures:
            ratio = Spread(*(figures[name][key] for key in ("ratio", "ratio_min", "ratio_max")))
            bench.rows.append(Row(f"Sync half, {name} / plain requests, 32 threads", ratio, "x", bar))


def _figures(bench: Bench, module: str, what: str) -> Mapping[str, Mapping[str, Any]]:
    """What the module's `measure` returns, which needs both processors; nothing where there is no such module."""
    name = f"tests.bench.{module}"
    try:
        measure = import_module(name).measure
    except ModuleNotFoundError as exc:
        if exc.name != name:
            raise
        bench.skip(what, f"there is no {name}")
        return {}
    with bench.grounds.sharing():
        found: Mapping[str, Mapping[str, Any]] = measure(rounds=bench.amount.pool_rounds)
    return found


def _three(figures: Mapping[str, float]) -> tuple[float, float, float]:
    return figures["median"], figures["min"], figures["max"]
