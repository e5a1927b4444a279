"""What the process itself takes: memory, its start, and what a second one beside it gives."""

import time
from itertools import chain, islice, repeat
from sys import executable

import uvloop

from service.config import Config
from tests.bench.accounting import resident_mib, with_children
from tests.bench.bench import MARKER, Bench
from tests.bench.contenders import service
from tests.bench.load import get, send
from tests.bench.measuring import require_good
from tests.bench.processes import free_port, running, wait_until_answering
from tests.bench.rows import Bar, Row
from tests.bench.scenes.throughput import CALLERS
from tests.bench.spread import paired_ratio, spread

__all__ = ["memory", "start", "workers"]

_CALM_S = 1.0
_WHOLE_LOAD = 200_000
#: A service that is slower than this allows for is measured after fewer requests, and not judged.
_MOST_S = 240.0
_CALLERS_OF_TWO = 64


def memory(bench: Bench) -> None:
    """Resident memory of the service, idle and after many questions, every other one of which it was asked before."""
    requests = bench.amount.memory_requests
    with service(bench.grounds) as ours:
        time.sleep(_CALM_S)
        idle_mib = resident_mib(with_children(ours.pid))
        paths = chain.from_iterable(zip(bench.questions(), repeat("/v1/sanctions?name=Asked+Before")))
        asked = map(get, islice(paths, requests))
        tally = uvloop.run(send(ours.port, asked, callers=CALLERS, seconds=_MOST_S, marker=MARKER))
        require_good(tally)
        after_mib = resident_mib(with_children(ours.pid))
    bench.rows += [
        Row("Resident memory, idle", spread([idle_mib]), "MiB", Bar(80, 60, is_most=True)),
        Row(
            f"Resident memory after {tally.answered:,} requests",
            spread([after_mib]),
            "MiB",
            Bar(140, 90, is_most=True),
            is_judged=tally.answered >= _WHOLE_LOAD,
        ),
    ]


def start(bench: Bench) -> None:
    """From nothing to ready, with the sandbox on."""
    took_s = []
    for _ in range(bench.amount.starts):
        port = free_port()
        settings = {"GATEWAY_SANDBOX": "1", "GATEWAY_PORT": str(port), "GATEWAY_LOG_LEVEL": "warning"}
        # Each makes the index of the list anew.
        settings["GATEWAY_DATA_DIR"] = str(bench.grounds.folder / f"data-{port}")
        started = time.perf_counter()
        with running((executable, "-m", "service", "serve"), {bench.grounds.theirs}, settings) as process:
            wait_until_answering(process, f"http://127.0.0.1:{port}/health/ready")
            took_s.append(time.perf_counter() - started)
    bench.rows.append(Row("Cold start to ready, sandbox on", spread(took_s), "s", Bar(2.0, 1.0, is_most=True)))


def workers(bench: Bench) -> None:
    """Two processes beside one, where load, agencies and service share all processors."""
    if "workers" not in Config.model_fields:
        bench.skip("Two workers / one", "there is no setting GATEWAY_WORKERS")
        return
    with (
        bench.grounds.sharing() as cores,
        service(bench.grounds, settings={"GATEWAY_WORKERS": "1"}, cores=cores) as one,
        service(bench.grounds, settings={"GATEWAY_WORKERS": "2"}, cores=cores) as two,
    ):
        entries = {
            name: bench.asking(each, _CALLERS_OF_TWO, bench.questions())
            for name, each in (("one worker", one), ("two workers", two))
        }
        measured = bench.compare("workers", entries)
    rates = [[each.per_second for each in measured[name]] for name in ("two workers", "one worker")]
    note = f"{len(cores)} cores, with load and agencies"
    bench.rows.append(Row("Two workers / one", paired_ratio(*rates), "x", Bar(1.4), note))
