"""One round of load on one contender, and all that is counted meanwhile; and rounds of several in turn."""

import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from os import getpid
from typing import Any

import uvloop

from tests.bench.accounting import busy_ns, cpu_ns, resident_mib, with_children
from tests.bench.contenders import Contender
from tests.bench.grounds import Grounds, UpstreamCounts
from tests.bench.load import Tally

__all__ = ["BadAnswers", "Round", "in_turn", "measure", "require_good"]

#: Shares of one processor that others may have before a round is measured again.
_MOST_FOREIGN = 0.25
_SETTLES_S = 0.15


class BadAnswers(Exception):
    """Not every answer was a good one: what was counted is no throughput. The message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One contender under load. `per_second` counts good answers, `failed` all others; `answered` are both.

    CPU shares are of one processor; `foreign_share` is what processes outside the bench had. `connections_per_1000` are
    those opened at the agency for 1000 requests to the contender; None: not counted.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    server_share: float
    load_share: float
    agency_share: float
    foreign_share: float
    resident_mib: float
    connections_per_1000: float | None
    upstream_requests: int | None
    answered: int
    failed: int


def measure(grounds: Grounds, contender: Contender, load: Callable[[], Coroutine[Any, Any, Tally]]) -> Round:
    """Put `load` on the contender. Raises TimeoutError when answers do not come.

    Raises BadAnswers when an answer of the service is not good; or of another contender, none. These may run into their
    own time-outs, and what they do answer is still to be told.
    """
    servers = with_children(contender.pid)
    agency, ourselves = [contender.agency_pid], [getpid()]
    came_before = _came(grounds, contender)
    groups = (servers, ourselves, agency)
    busy_before, before, started = busy_ns(), [cpu_ns(each) for each in groups], time.perf_counter()
    tally = uvloop.run(load())
    took_s = time.perf_counter() - started
    used_ns = [cpu_ns(each) - earlier for each, earlier in zip(groups, before, strict=True)]
    foreign_ns = max(0, busy_ns() - busy_before - sum(used_ns))
    came = _came(grounds, contender)
    if contender.is_ours or not tally.good:
        require_good(tally)
    share = 1 / (took_s * 1e9)
    return Round(
        per_second=tally.good / tally.load_s,
        p50_ms=tally.percentile_ms(0.50),
        p99_ms=tally.percentile_ms(0.99),
        cpu_us=used_ns[0] / 1000 / tally.answered,
        server_share=used_ns[0] * share,
        load_share=used_ns[1] * share,
        agency_share=used_ns[2] * share,
        foreign_share=foreign_ns * share,
        resident_mib=resident_mib(servers),
        connections_per_1000=None
        if came is None or came_before is None
        else (came.connections - came_before.connections) / tally.answered * 1000,
        upstream_requests=None if came is None or came_before is None else came.requests - came_before.requests,
        answered=tally.answered,
        failed=tally.answered - tally.good + tally.broken,
    )


def require_good(tally: Tally) -> None:
    """Return if every answer was a good one. Raises BadAnswers."""
    if not tally.is_good:
        raise BadAnswers(f"by status {tally.by_status}, good {tally.good}, connections broken {tally.broken}")


def _came(grounds: Grounds, contender: Contender) -> UpstreamCounts | None:
    return None if contender.upstream is None else grounds.counts(contender.upstream)


def in_turn(
    entries: Mapping[str, Callable[[], Round]], rounds: int, say: Callable[[str], None]
) -> Mapping[str, Sequence[Round]]:
    """So many rounds of each, all of them once before any again, in an order that is shuffled anew each time.

    A round in which others used the machine is measured once more and then kept, whatever it was.
    """
    measured: dict[str, list[Round]] = {name: [] for name in entries}
    for number in range(rounds):
        order = list(entries)
        random.Random(number).shuffle(order)
        for name in order:
            time.sleep(_SETTLES_S)
            one = entries[name]()
            if one.foreign_share > _MOST_FOREIGN:
                say(f"  {name}: others had {one.foreign_share:.0%} of a processor, once more")
                one = entries[name]()
            measured[name].append(one)
            say(
                f"  round {number + 1}: {name:<34} {one.per_second:>8.0f}/s, {one.cpu_us:>6.0f} us CPU, "
                f"server {one.server_share:.0%}, load {one.load_share:.0%}, agency {one.agency_share:.0%}, "
                f"others {one.foreign_share:.0%}"
            )
    return measured
