"""When one request is more work than it was."""

import pytest

from tests.bench.work import TOLERANCE, worse

STORED = {"nothing kept": {"calls": 1000.0, "upstream_requests": 1.0}}


@pytest.mark.parametrize("name", ["calls", "upstream_requests"])
def test_what_is_above_its_tolerance_is_told_and_nothing_else(name: str) -> None:
    at_most = STORED["nothing kept"][name] * (1 + TOLERANCE[name])
    assert worse({"nothing kept": {name: at_most}}, STORED) == []
    assert worse({"nothing kept": {name: at_most / 2}}, STORED) == []
    [said] = worse({"nothing kept": {name: at_most + 1}}, STORED)
    assert said.startswith(f"nothing kept, {name}: ")
