"""Both pools against a peer that resets, stalls, cuts, floods and answers early; one line for each variant.

`make torture`; `make torture ARGS="--mode sync --over tls --seed 7"`. Each variant has its own processes.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.torture.figures import OVER, Variant
from tests.torture.variants import run_variant


def main(given: Sequence[str] | None = None) -> int:
    """Run variants, one after the other. Returns 1 when one of them misses a bar."""
    options = _parser().parse_args(given)
    modes = ("async", "sync") if options.mode == "both" else (options.mode,)
    missed = False
    for mode in modes:
        for over in OVER[mode]:
            if options.over not in ("all", over):
                continue
            figures = run_variant(Variant(mode, over, options.requests, options.seed, options.limit))
            failures = figures.failures()
            missed = missed or bool(failures)
            lines = [figures.line(), *(f"    {failure}" for failure in failures)]
            if options.errors:
                lines.append(f"    {figures.errors}")
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
    return int(missed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--mode", choices=("async", "sync", "both"), default="both")
    parser.add_argument("--over", choices=(*OVER["async"], "all"), default="all")
    parser.add_argument("--requests", type=int, default=20_000, help="of each variant (20000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=20, help="connections that a pool may have (20)")
    parser.add_argument("--errors", action="store_true", help="show by which errors requests failed, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
