"""The peers' own test suites over our sessions: `make peers`; `make peers ARGS="--only requests,urllib3 --seed 7"`.

Each suite runs with the peer's own sessions first: what fails there too (there is no network) counts for nothing. What
passes there and fails with ours is to be on the list of deliberate differences, and what is on the list is to fail.
Exit code 1 when that is not so. Everything is kept below build/peers; the network is used to set that up, and then no
more.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from tests.peers.differences import Comparison, Listed, compare, differing, read_listed
from tests.peers.environment import Environment, prepared
from tests.peers.running import Ending, run_suite
from tests.peers.suites import SUITES, Suite

#: A difference is tried so often again, each test among the others that differ.
_AGAIN = 2
_HEADINGS = ("suite", "tests", "passed stock", "passed ours", "deliberate", "unexplained", "stale", "seconds")


def main(given: Sequence[str]) -> int:
    """Run suites and print how they differ. Returns 1 when they do otherwise than the list says."""
    options = _parser().parse_args(given)
    listed = read_listed()
    environment = prepared(_say)
    complaints: list[str] = []
    chosen = [suite for suite in SUITES if suite.name in options.only]
    table = [_HEADINGS, *(_run(suite, environment, listed, options.seed, complaints) for suite in chosen)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADINGS))]
    sys.stdout.write("\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in table) + "\n")
    sys.stdout.write("".join(f"\n{complaint}\n" for complaint in complaints))
    return 1 if complaints else 0


def _run(
    suite: Suite, environment: Environment, listed: list[Listed], seed: int, complaints: list[str]
) -> tuple[str, ...]:
    """Run `suite` both ways; return its row of the table, and add what is amiss to `complaints`."""
    started = time.monotonic()
    _say(f"{suite.name}: with the peer's own")
    stock = run_suite(suite, environment, ours=False, seed=seed)
    _say(f"{suite.name}: with ours")
    ours = run_suite(suite, environment, ours=True, seed=seed)
    lines = [line for line in listed if line.suite == suite.name]
    found, failures = _settled(suite, environment, stock, ours, lines, seed)
    if not _count(stock, "passed"):
        complaints.append(f"{suite.name}: nothing passes with the peer's own; see {suite.name}-stock.log")
    complaints += [f"{suite.name}: UNEXPLAINED {test}\n{failures[test]}" for test in found.unexplained]
    complaints += [
        f"{suite.name}: STALE {line.pattern} ({line.reason}): nothing fails so any more" for line in found.stale
    ]
    figures = (
        len(stock),
        _count(stock, "passed"),
        _count(ours, "passed"),
        len(found.deliberate),
        len(found.unexplained),
        len(found.stale),
        round(time.monotonic() - started),
    )
    return (suite.name, *map(str, figures))


def _settled(
    suite: Suite,
    environment: Environment,
    stock: dict[str, Ending],
    ours: dict[str, Ending],
    lines: list[Listed],
    seed: int,
) -> tuple[Comparison, dict[str, str]]:
    """Compare, and try again what the list does not say. Returns that, and how the unexplained ones fail.

    A test that fails with the peer's own sessions too, now and then, says nothing of ours.
    """
    failing = set(differing(_outcomes(stock), _outcomes(ours)))
    found = compare(failing, lines)
    in_doubt = {*found.unexplained, *(test for line in found.stale for test in stock if line.matches(test))}
    times = dict.fromkeys(failing, 1)
    texts = {test: ours[test].text if test in ours else "it did not run" for test in found.unexplained}
    for attempt in range(_AGAIN if in_doubt else 0):
        _say(f"{suite.name}: {len(in_doubt)} tests again")
        for is_ours in (False, True):
            name = f"-again{attempt + 1}"
            endings = run_suite(suite, environment, ours=is_ours, seed=seed + 1, only=sorted(in_doubt), name=name)
            failed = {test for test in in_doubt if test not in endings or endings[test].outcome in {"failed", "hung"}}
            if is_ours:
                for test in failed:
                    times[test] = times.get(test, 0) + 1
                    texts.setdefault(test, endings[test].text if test in endings else "it did not run")
            else:
                failing -= failed
                in_doubt -= failed
    failing |= {test for test in in_doubt if times.get(test)}
    found = compare(sorted(failing), lines)
    return found, {test: f"failed {times[test]} of {1 + _AGAIN} times\n{texts[test]}" for test in found.unexplained}


def _outcomes(endings: dict[str, Ending]) -> dict[str, str]:
    return {test: ending.outcome for test, ending in endings.items()}


def _count(endings: dict[str, Ending], outcome: str) -> int:
    return sum(ending.outcome == outcome for ending in endings.values())


def _names(text: str) -> list[str]:
    chosen = text.split(",")
    unknown = set(chosen) - {suite.name for suite in SUITES}
    if unknown:
        raise argparse.ArgumentTypeError(f"no suite {', '.join(sorted(unknown))}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.peers", description=__doc__)
    every = [suite.name for suite in SUITES]
    parser.add_argument("--only", type=_names, default=every, help=f"of {','.join(every)}")
    parser.add_argument("--seed", type=int, default=1, help="decides the order of the tests")
    return parser


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
