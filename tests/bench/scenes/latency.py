"""What one caller waits for: beside the agency itself at half of the peak, and for a whole snapshot."""

from collections.abc import Iterator
from itertools import count, islice, repeat

import orjson
import uvloop

from tests.bench.bench import MARKER, Bench
from tests.bench.contenders import Contender, service
from tests.bench.load import get, post, send
from tests.bench.measuring import require_good
from tests.bench.paced import pace
from tests.bench.rows import Bar, Row
from tests.bench.scenes.throughput import CALLERS
from tests.bench.spread import spread

__all__ = ["added", "single_flight", "snapshot"]

_EQUAL = 200
_PARTIES = 10
_SNAPSHOTS = 20
_CONNECTIONS = 128


def added(bench: Bench) -> None:
    """The 99th percentile at half of the peak load, less the agency's own at the same rate."""
    with service(bench.grounds) as ours:
        peak = bench.asking(ours, CALLERS, bench.questions())().per_second
        figures, seconds = [], bench.amount.seconds * 2
        for _ in range(bench.amount.rounds):
            p99_ms = {}
            for port in (bench.grounds.ports["plain"], ours.port):
                tally = uvloop.run(
                    pace(
                        port,
                        bench.questions(),
                        per_second=peak / 2,
                        seconds=seconds,
                        connections=_CONNECTIONS,
                        marker=MARKER,
                    )
                )
                require_good(tally)
                p99_ms[port] = tally.percentile_ms(0.99)
            figures.append(p99_ms[ours.port] - p99_ms[bench.grounds.ports["plain"]])
            bench.say(f"  half of peak ({peak / 2:.0f}/s): {figures[-1]:.2f} ms added to the 99th percentile")
    bench.rows.append(
        Row(
            "99th percentile added, half of peak load", spread(figures), "ms", Bar(5, is_most=True), f"{peak / 2:.0f}/s"
        )
    )


def single_flight(bench: Bench) -> None:
    """Equal questions at the same time."""
    with service(bench.grounds, "slow") as ours:
        figures = []
        for _ in range(bench.amount.rounds):
            before = bench.grounds.counts("slow").requests
            equal = repeat(get(next(bench.questions())), _EQUAL)
            tally = uvloop.run(send(ours.port, equal, callers=_EQUAL, marker=MARKER))
            require_good(tally)
            figures.append(float(bench.grounds.counts("slow").requests - before))
    bench.rows.append(Row(f"Requests for {_EQUAL} equal questions at once", spread(figures), "", Bar(1, is_most=True)))


def snapshot(bench: Bench) -> None:
    """A shipment with many parties, of which nothing is kept; each agency takes 20 ms."""
    with service(bench.grounds, "slow") as ours:
        requests = _shipments()
        _ask(ours, islice(requests, 2))
        figures = _ask(ours, islice(requests, _SNAPSHOTS))
    bench.rows.append(
        Row(
            f"Snapshot of {_PARTIES} parties, four agencies at 20 ms each",
            spread(figures),
            "ms",
            Bar(60, is_most=True),
        )
    )


def _ask(ours: Contender, requests: Iterator[bytes]) -> list[float]:
    """Milliseconds that each took, one after the other."""
    tally = uvloop.run(send(ours.port, requests, callers=1, marker=b'"complete":true'))
    require_good(tally)
    return [each * 1000 for each in tally.took_s]


def _shipments() -> Iterator[bytes]:
    """Requests for snapshots, each of other goods and other parties."""
    for number in count(101):
        body = {
            "direction": "import",
            "product": {
                "description": "Goods of the bench",
                "hts_code": f"{number:04}",
                "fda_product_code": f"16A{number:03}",
            },
            "lane": {"origin": "CN", "destination": "US"},
            "parties": [
                {"name": f"Partner {number} of number {at}", "role": "seller", "country": "CN"}
                for at in range(_PARTIES)
            ],
        }
        yield post("/v1/snapshot", orjson.dumps(body))
