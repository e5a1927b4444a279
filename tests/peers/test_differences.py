"""The committed list of differences, and the comparison that is held against it; no network, no suite."""

from pathlib import Path

import pytest

from tests.peers.differences import Listed, compare, differing, read_listed
from tests.peers.suites import SUITES

OF_A_CLASS = Listed("requests", "test_a.py::TestA::*", "cookies")
OF_A_CASE = Listed("requests", "test_a.py::test_proxy[http-*]", "environment")


def test_every_line_names_a_suite_that_there_is() -> None:
    assert {line.suite for line in read_listed()} <= {suite.name for suite in SUITES}


def test_no_line_stands_twice() -> None:
    lines = [(line.suite, line.pattern) for line in read_listed()]
    assert len(lines) == len(set(lines))


def test_every_line_names_tests_of_a_file_that_its_suite_runs() -> None:
    paths = {suite.name: suite.paths for suite in SUITES}
    strays = [line for line in read_listed() if not line.pattern.startswith(paths[line.suite])]
    assert strays == []


def test_no_line_stands_for_a_whole_file() -> None:
    assert [line for line in read_listed() if not line.pattern.split("::")[-1].strip("*")] == []


@pytest.mark.parametrize(
    ("reasons", "used"),
    [('cookies = "None are kept."', "closing"), ('a = "A."\nb = "B."', "a")],
    ids=["missing", "vain"],
)
def test_a_list_is_refused_whose_reasons_are_not_those_that_it_explains(
    tmp_path: Path, reasons: str, used: str
) -> None:
    path = tmp_path / "list.toml"
    path.write_text(f'[reasons]\n{reasons}\n[[difference]]\nsuites = ["requests"]\nreason = "{used}"\ntests = ["t"]\n')
    with pytest.raises(ValueError, match="explained and used"):
        read_listed(path)


def test_what_fails_with_the_peers_own_says_nothing_of_ours() -> None:
    stock = {"a": "passed", "b": "failed", "c": "skipped", "d": "passed"}
    assert differing(stock, {"a": "failed", "b": "failed", "c": "failed", "d": "passed"}) == ["a"]


@pytest.mark.parametrize("outcome", ["failed", "hung", "skipped"])
def test_what_passes_with_the_peers_own_is_to_pass_with_ours(outcome: str) -> None:
    assert differing({"a": "passed"}, {"a": outcome}) == ["a"]


def test_a_test_that_did_not_run_with_ours_differs() -> None:
    assert differing({"a": "passed"}, {}) == ["a"]


def test_a_listed_difference_is_deliberate_and_keeps_its_reason() -> None:
    found = compare(["test_a.py::TestA::test_x", "test_a.py::test_proxy[http-1]"], [OF_A_CLASS, OF_A_CASE])
    assert found.deliberate == {"test_a.py::TestA::test_x": "cookies", "test_a.py::test_proxy[http-1]": "environment"}
    assert (found.unexplained, found.stale) == ([], [])


def test_a_difference_that_no_line_names_is_unexplained() -> None:
    found = compare(["test_a.py::TestA::test_x", "test_a.py::test_proxy[https-1]"], [OF_A_CLASS, OF_A_CASE])
    assert found.unexplained == ["test_a.py::test_proxy[https-1]"]


def test_a_line_that_no_difference_answers_to_is_stale() -> None:
    assert compare(["test_a.py::TestA::test_x"], [OF_A_CLASS, OF_A_CASE]).stale == [OF_A_CASE]


def test_a_line_for_what_fails_now_and_then_is_never_stale() -> None:
    loose = Listed("requests", "test_a.py::test_x", "closing", is_loose=True)
    assert compare([], [loose]).stale == []
    assert compare(["test_a.py::test_x"], [loose]).deliberate == {"test_a.py::test_x": "closing"}


def test_two_lines_that_name_one_difference_are_both_in_use() -> None:
    exact = Listed("requests", "test_a.py::TestA::test_x", "closing")
    assert compare(["test_a.py::TestA::test_x"], [OF_A_CLASS, exact]).stale == []


@pytest.mark.parametrize(
    ("pattern", "test", "is_named"),
    [
        ("t[a-b]", "t[a-b]", True),
        ("t[a-b]", "ta", False),
        ("t[*]", "t[a.*]", True),
        ("t[*]", "t", False),
        ("t", "t2", False),
        ("t.x", "tax", False),
    ],
)
def test_only_a_star_stands_for_something_else(pattern: str, test: str, is_named: bool) -> None:
    assert Listed("requests", pattern, "cookies").matches(test) is is_named
