"""Runs a suite with pytest in an environment of its own, and reads how its tests ended."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.peers.environment import Environment
from tests.peers.suites import Suite

__all__ = ["Ending", "run_suite"]

#: Seconds: one test, and a whole suite.
_TEST_S = 30
_SUITE_S = 1500


@dataclass(frozen=True, slots=True)
class Ending:
    """How a test ended: passed, failed, skipped or hung, and what pytest says of a failure."""

    outcome: str
    text: str = ""


def run_suite(
    suite: Suite, environment: Environment, *, ours: bool, seed: int, only: Iterable[str] | None = None, name: str = ""
) -> dict[str, Ending]:
    """Run `suite` with the peer's own sessions or with `ours`; return how each test ended, by its id."""
    stem = f"{suite.name}-{'ours' if ours else 'stock'}{name}"
    record = environment.folder / f"{stem}.jsonl"
    command = [str(environment.python), "-m", "pytest", *suite.paths, "-p", "peers_recording", "-p", "pytest_timeout"]
    for plugin in suite.plugins:
        command += ["-p", plugin]
    if ours:
        command += ["-p", suite.ours]
    command += [f"--peers-record={record}", f"--peers-seed={seed}", f"--timeout={_TEST_S}"]
    command += ["-o", "addopts=", "-o", "xfail_strict=false", "-p", "no:cacheprovider", "--quiet", "--tb=short"]
    command += ["--no-header", *suite.options, *(f"--deselect={test}" for test in suite.left_out)]
    if only is not None:
        chosen = environment.folder / f"{stem}.only"
        chosen.write_text("\n".join(only))
        command.append(f"--peers-only={chosen}")
    with (environment.folder / f"{stem}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=environment.source_of(suite.peer),
            env=_variables(suite),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            process.wait(_SUITE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return _read(record)


def _variables(suite: Suite) -> dict[str, str]:
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("PYTHON", "PYTEST"))
    }
    # The folder of a source package must not stand in for what is installed.
    fixed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return passed_on | fixed | suite.environment


def _read(record: Path) -> dict[str, Ending]:
    endings: dict[str, Ending] = {}
    for line in record.read_text().splitlines() if record.exists() else ():
        said = json.loads(line)
        test, part = said["test"], said["part"]
        if part == "start":
            endings[test] = Ending("hung", "the run ended before this test did")
        elif said["outcome"] == "failed":
            hung = "Failed: Timeout" in said["text"]
            endings[test] = Ending("hung" if hung else "failed", f"{part}:\n{said['text']}")
        elif said["outcome"] == "skipped":
            endings[test] = Ending("skipped")
        elif part == "call" and endings[test].outcome == "hung":
            endings[test] = Ending("passed")
    return endings
