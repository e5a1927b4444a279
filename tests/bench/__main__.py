"""The service beside what users would pick instead, and beside its own bars.

`make bench`; `make bench-quick` in two minutes; `make bench ARGS="--only plain,tls"`. Each scene starts its contenders,
all on one processor, with the load and the agencies on another, and lets them run in turn. Loopback alone is used.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from tests.bench.bench import Amount, Bench
from tests.bench.chart import groups_of, svg
from tests.bench.grounds import FOLDER, open_grounds
from tests.bench.machine import described
from tests.bench.measuring import BadAnswers
from tests.bench.processes import ROOT, DidNotStart
from tests.bench.readme import with_section
from tests.bench.scenes import footprint, latency, pools, throughput
from tests.bench.table import contenders_table, rows_table

SCENES: dict[str, Callable[[Bench], None]] = {
    "plain": throughput.plain,
    "rulings": throughput.rulings,
    "tls": throughput.tls,
    "slow": throughput.slow,
    "flight": latency.single_flight,
    "snapshot": latency.snapshot,
    "latency": latency.added,
    "sync": pools.sync_half,
    "connector": pools.connector,
    "memory": footprint.memory,
    "start": footprint.start,
    "workers": footprint.workers,
}
_CAPTION = "Answers per second, median of the rounds; the thin line reaches from the least to the most."


def main(given: Sequence[str] | None = None) -> int:
    """Run scenes, and tell what they found: tables to standard output, progress to standard error. Returns 0."""
    options = _parser().parse_args(given)
    # So that processes are ended by their handles, too, when this one is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine = described()
    with open_grounds() as grounds:
        bench = Bench(grounds, Amount.quick() if options.quick else Amount.whole(), _say)
        for name in options.only or SCENES:
            _say(f"{name}: {str(SCENES[name].__doc__).splitlines()[0]}")
            _run(name, bench)
    told = [rows_table(bench.rows)] if bench.rows else []
    told += [contenders_table(bench.rounds)] if bench.rounds else []
    sys.stdout.write("\n\n".join([*told, *bench.skipped, machine]) + "\n")
    drawing = svg(groups_of(bench.rounds), _CAPTION) if bench.rounds else ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    FOLDER.joinpath("result.json").write_bytes(orjson.dumps(_figures(bench, machine), option=orjson.OPT_INDENT_2))
    FOLDER.joinpath("throughput.svg").write_text(drawing)
    if options.keep:
        readme = ROOT / "README.md"
        readme.write_text(with_section(readme.read_text(), f"{machine}\n\n{rows_table(bench.rows)}"))
        ROOT.joinpath("docs/images/throughput.svg").write_text(drawing)
    return 0


def _run(name: str, bench: Bench) -> None:
    """Run a scene, and once more when answers were not good or did not come: others may have had the machine."""
    for is_last in (False, True):
        try:
            SCENES[name](bench)
        except (BadAnswers, TimeoutError) as exc:
            why = str(exc) or "answers did not come in time"
            if is_last:
                bench.skip(name, why)
            else:
                _say(f"{name}: {why}; once more")
        except DidNotStart as exc:
            bench.skip(name, exc)
            return
        else:
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, about two minutes")
    parser.add_argument("--only", type=_scenes, help=f"scenes, separated by commas: {', '.join(SCENES)}")
    parser.add_argument("--keep", action="store_true", help="put the table into the README, the chart beside it")
    return parser


def _scenes(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in SCENES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no scene; there are {', '.join(SCENES)}")
    return names


def _figures(bench: Bench, machine: str) -> dict[str, Any]:
    return {
        "machine": machine,
        "rows": [{**asdict(row), "verdict": row.verdict} for row in bench.rows],
        "rounds": {
            scene: {name: list(map(asdict, each)) for name, each in of.items()} for scene, of in bench.rounds.items()
        },
        "skipped": bench.skipped,
    }


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
