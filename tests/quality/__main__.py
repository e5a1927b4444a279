"""How good the matching is, and how fast: `make quality`; `make quality ARGS="--list FILE --pairs FILE"`.

Without a list the made one of full size serves; without pairs the few of our own. Prints the figures and writes them to
`build/quality/report.md`, with a chart.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.quality.clean_names import clean_subjects
from tests.quality.list_file import read_entries
from tests.quality.measuring import (
    alerts_per_thousand,
    calibration,
    damage_recall,
    listed_names,
    self_screening,
    speed,
)
from tests.quality.pairs import OURS, cross_validated, read_pairs, scored, tally
from tests.quality.report import markdown, svg
from tests.screening.made_list import write_made_list
from tools.screening.algorithms import ALGORITHMS, DEFAULT_THRESHOLD
from tools.screening.index import build_index
from tools.screening.match import Matcher

_ONE, _TWO = 0.97, 0.9
Sections = dict[str, dict[str, str]]


def main(arguments: Sequence[str]) -> int:
    """Measure and report. Always 0: the figures are for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("--list", type=Path, help="a consolidated.csv (default: a made one of 26,000 entries)")
    parser.add_argument("--pairs", type=Path, action="append", help="labelled pairs: schema, name1, name2, is_match")
    parser.add_argument("--threshold", type=float, default=DEFAULT_THRESHOLD)
    parser.add_argument("--sample", type=int, default=1000, help="names of the list to try; 0: all")
    parser.add_argument("--clean", type=int, default=2000, help="clean names to try")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--into", type=Path, default=Path("build/quality"))
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        sections, shares = _measured(options, Path(folder))
    options.into.mkdir(parents=True, exist_ok=True)
    caption = f"Recall by damage at threshold {options.threshold}"
    bars = {name: _TWO if name.startswith("two") else _ONE for name in shares}
    (options.into / "recall.svg").write_text(svg(shares, bars, caption))
    report = markdown(f"Matching: {ALGORITHMS[0]}", sections, "recall.svg")
    (options.into / "report.md").write_text(report)
    sys.stdout.write(report)
    return 0


def _measured(options: argparse.Namespace, folder: Path) -> tuple[Sections, dict[str, float]]:
    path = options.list
    if path is None:
        path = folder / "consolidated.csv"
        write_made_list(path)
    entries = list(read_entries(path))
    start = time.process_time()
    build_index(iter(entries), folder)
    built_s = time.process_time() - start
    matcher, threshold, draw = Matcher.load(folder), options.threshold, random.Random(options.seed)
    names = listed_names(entries, options.sample, draw)
    sections: Sections = {"List": {"entries": str(len(entries)), "names tried": str(len(names))}}
    pair_files = {file.name: read_pairs(file) for file in options.pairs or ()} or {"our own": OURS}
    for name, pairs in pair_files.items():
        found = scored(pairs)
        at = tally(found, threshold)
        sections[f"Pairs: {name}"] = {
            "pairs": str(len(pairs)),
            f"precision at {threshold}": f"{at.precision:.3f}",
            f"recall at {threshold}": f"{at.recall:.3f}",
            f"F1 at {threshold}": f"{at.f1:.3f}",
            "F1, threshold chosen by cross-validation in 5 folds": f"{cross_validated(found):.3f}",
        } | {
            f"scores {low:.2f} to {high:.2f}: share of true ones": f"{share:.2f} of {count}"
            for low, high, count, share in calibration(found)
        }
    own = self_screening(matcher, names, threshold)
    sections["Self-screening"] = {
        "find their own entry": f"{own.found:.4f}",
        "none scored higher": f"{own.at_top:.4f}",
        "stands first": f"{own.first:.4f}",
    }
    by_kind, two = damage_recall(matcher, names, threshold, draw)
    shares = by_kind | {"one damage, mean": sum(by_kind.values()) / len(by_kind), "two damages": two}
    sections["Recall under damage"] = {name: f"{share:.3f}" for name, share in shares.items()}
    alerts = alerts_per_thousand(matcher, options.clean, threshold)
    sections["Alerts per 1000 clean names"] = {way: f"{rate:.1f}" for way, rate in alerts.items()}
    clean = speed(matcher, [each.name for each in clean_subjects(options.clean, seed=2)], threshold)
    listed = speed(matcher, [each.name for each in names], threshold)
    sections["Speed, one core"] = {"index built in": f"{built_s:.1f} s"} | {
        f"{what} {figure}": value
        for what, each in (("clean names:", clean), ("listed names:", listed))
        for figure, value in (
            ("p50", f"{each.p50_ms:.2f} ms"),
            ("p95", f"{each.p95_ms:.2f} ms"),
            ("names per second", f"{each.names_per_s:.0f}"),
        )
    }
    return sections, shares


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
