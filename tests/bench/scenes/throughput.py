"""Answers per second beside what users would pick instead: at once, over TLS, of an agency that takes its time."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import repeat

from tests.bench.answers import LAST_RULING
from tests.bench.bench import Bench
from tests.bench.contenders import (
    POLICIES_OFF,
    bare,
    nginx_proxy,
    predecessor,
    predecessor_over_http2,
    service,
)
from tests.bench.measuring import Round
from tests.bench.rows import Bar, Row
from tests.bench.spread import Spread, paired_ratio, spread

__all__ = ["CALLERS", "MANY_CALLERS", "plain", "rulings", "slow", "tls"]

CALLERS, MANY_CALLERS = 32, 256
#: A page of rulings is much work: with more callers it would be their queue that is measured.
_FEW_CALLERS = 8
#: Among these numbers of callers the service's peak is looked for.
_OTHER_CALLERS = (8, 64)
_KEPT = "/v1/sanctions?name=Kept+Answer"


def plain(bench: Bench) -> None:
    """An agency that answers at once, without TLS: nothing kept, everything kept, few callers and many."""
    grounds = bench.grounds
    with ExitStack() as stack:
        ours = stack.enter_context(service(grounds))
        opened = {"service": ours} | bench.open(
            stack,
            {
                "service, no policies": service(grounds, settings=POLICIES_OFF),
                "predecessor": predecessor(grounds),
                "bare aiohttp": bare(grounds),
                "nginx": nginx_proxy(grounds),
            },
        )
        entries = {name: bench.asking(each, CALLERS, bench.questions()) for name, each in opened.items()}
        for callers in (*_OTHER_CALLERS, MANY_CALLERS):
            entries[f"service, {callers} callers"] = bench.asking(ours, callers, bench.questions())
        entries["service, kept answer"] = bench.asking(ours, CALLERS, repeat(_KEPT))
        measured = bench.compare("plain", entries)
    many = measured[f"service, {MANY_CALLERS} callers"]
    bench.rows += [
        *_ratio("Nothing kept, all policies on / predecessor", measured, "service", "predecessor", Bar(8)),
        *_ratio("Nothing kept, all policies on / bare aiohttp", measured, "service", "bare aiohttp", Bar(0.75, 0.90)),
        *_ratio("Nothing kept / nginx, the limit of C", measured, "service", "nginx"),
        *_ratio("All policies on / none", measured, "service", "service, no policies"),
        Row(f"{MANY_CALLERS} callers / own peak", _of_peak(measured), "x", Bar(0.80)),
        _opened(f"{MANY_CALLERS} callers: connections opened per 1000 requests", many),
        *_ratio("Kept answer / predecessor", measured, "service, kept answer", "predecessor", Bar(35)),
        *_ratio("Kept answer / nothing kept", measured, "service, kept answer", "service", Bar(3)),
    ]


def rulings(bench: Bench) -> None:
    """A page of rulings, which has 50 KB: what it costs to read each record of it."""
    with ExitStack() as stack:
        ours = stack.enter_context(service(bench.grounds))
        opened = {"service": ours} | bench.open(stack, {"bare aiohttp": bare(bench.grounds)})
        entries = {
            name: bench.asking(each, _FEW_CALLERS, bench.ruling_questions(), LAST_RULING.encode())
            for name, each in opened.items()
        }
        measured = bench.compare("rulings", entries)
    bench.rows += _ratio(
        f"Rulings, a page of 50 KB, {_FEW_CALLERS} callers / bare aiohttp", measured, "service", "bare aiohttp"
    )


def tls(bench: Bench) -> None:
    """The same over TLS, where the predecessor has its best way to an agency: HTTP/2."""
    grounds = bench.grounds
    with ExitStack() as stack:
        ours = stack.enter_context(service(grounds, "tls"))
        opened = {"service": ours} | bench.open(stack, {"predecessor, HTTP/2": predecessor_over_http2(grounds)})
        entries = {name: bench.asking(each, CALLERS, bench.questions()) for name, each in opened.items()}
        measured = bench.compare("tls", entries)
    bench.rows += _ratio("Over TLS / predecessor over HTTP/2", measured, "service", "predecessor, HTTP/2", Bar(4))


def slow(bench: Bench) -> None:
    """An agency that takes 20 ms, and many callers: whose pool keeps its connections."""
    grounds = bench.grounds
    with ExitStack() as stack:
        ours = stack.enter_context(service(grounds, "slow"))
        opened = {"service": ours} | bench.open(stack, {"predecessor": predecessor(grounds, "slow")})
        entries = {name: bench.asking(each, MANY_CALLERS, bench.questions()) for name, each in opened.items()}
        measured = bench.compare("slow", entries)
    what = f"Agency takes 20 ms, {MANY_CALLERS} callers"
    bench.rows += [
        *_ratio(f"{what} / predecessor", measured, "service", "predecessor", Bar(20)),
        _opened(f"{what}: connections opened per 1000 requests", measured["service"]),
    ]


def _ratio(
    name: str, measured: Mapping[str, Sequence[Round]], this: str, that: str, bar: Bar | None = None
) -> list[Row]:
    """A row of throughputs; none when one of the two could not be measured."""
    if this not in measured or that not in measured:
        return []
    these, those = ([each.per_second for each in measured[name]] for name in (this, that))
    return [Row(name, paired_ratio(these, those), "x", bar)]


def _opened(name: str, rounds: Sequence[Round]) -> Row:
    return Row(name, spread([each.connections_per_1000 or 0.0 for each in rounds]), "", Bar(2, is_most=True))


def _of_peak(measured: Mapping[str, Sequence[Round]]) -> Spread:
    many = [each.per_second for each in measured[f"service, {MANY_CALLERS} callers"]]
    others = [measured["service"], *(measured[f"service, {callers} callers"] for callers in _OTHER_CALLERS)]
    peaks = [max(mine, *(each[at].per_second for each in others)) for at, mine in enumerate(many)]
    return paired_ratio(many, peaks)
