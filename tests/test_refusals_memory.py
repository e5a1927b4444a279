"""What a hundred thousand refusals cost: measured in a process of its own, by the most memory that it ever held."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SCRIPT = """
import re
from pathlib import Path
import orjson
from tests.driving import drive_by
from tests.fda_answers import refused, success
from tools.refusals import RefusalsQuery, plan

def reply(request):
    start = request.json["start"]
    rows = (refused(at) for at in range(start, start + 5000))
    return orjson.dumps(success(*rows, total=100_000 if start == 1 else None))

def peak_mib():
    # Not getrusage: a new process inherits that figure from the one that started it.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

before = peak_mib()
result = drive_by(plan(RefusalsQuery(country="CN", limit=10_000), "https://fda.test", "u", "k"), reply)[0].result
assert (result.counted, len(result.refusals), result.firms) == (100_000, 10_000, 100_000)
orjson.dumps(result)
print(peak_mib() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the figure is Linux's own")
def test_a_hundred_thousand_rows_take_less_than_200_mib() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=100, cwd=ROOT
    )
    assert 0 < int(done.stdout) < 200
