"""What kept answers take of the machine's memory, which Python's own counts do not show."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
from datetime import UTC, datetime
from pathlib import Path
from tools.cache.kept import Kept, encode

def taken_bytes():
    told = Path("/proc/self/smaps_rollup").read_text()
    return int(told.partition("Anonymous:")[2].split()[0]) * 1024

value = [{"name": f"PARTY {number}", "address": "1 Street, Tehran"} for number in range(30)]
kept, before = [], taken_bytes()
for number in range(10000):
    kept.append(encode(Kept([*value, number], None, datetime.now(UTC), "0" * 64, False)))
print((taken_bytes() - before) / sum(map(len, kept)))
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells it")
def test_kept_answers_take_little_more_than_their_bytes() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.5
