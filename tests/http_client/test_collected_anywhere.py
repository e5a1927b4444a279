"""The garbage collector may come at any moment: no finalizer waits for the pool, or finds it halfway in a step."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.http_client.collected_anywhere import STEPS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("step", STEPS)
def test_the_collector_may_come_at_any_line_of_the_pool(step: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.http_client.collected_anywhere", step],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr[-3_000:]
    assert int(ended.stdout) > 15  # lines that it stopped at
