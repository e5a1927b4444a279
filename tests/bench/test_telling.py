"""Tables, the chart, and the README's section."""

from xml.etree import ElementTree

import pytest

from tests.bench.chart import groups_of, svg
from tests.bench.measuring import Round
from tests.bench.readme import with_section
from tests.bench.rows import Bar, Row
from tests.bench.spread import Spread
from tests.bench.table import contenders_table, figure, rows_table


def a_round(per_second: float, connections_per_1000: float | None = 0.5) -> Round:
    return Round(
        per_second=per_second,
        p50_ms=1.0,
        p99_ms=2.0,
        cpu_us=250.0,
        server_share=1.0,
        load_share=0.2,
        agency_share=0.1,
        foreign_share=0.0,
        resident_mib=60.0,
        connections_per_1000=connections_per_1000,
        upstream_requests=10,
        answered=10,
        failed=0,
    )


SCENES = {
    "plain": {"predecessor": [a_round(300), a_round(400)], "service": [a_round(3000), a_round(3200)]},
    "tls": {"predecessor, HTTP/2": [a_round(500, None)]},
}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_tells_its_spread_its_bar_and_its_verdict() -> None:
    row = Row("Nothing kept / predecessor", Spread(8.25, 7.0, 9.5), "x", Bar(8))
    told = rows_table([row]).splitlines()
    assert cells(told[2]) == ["Nothing kept / predecessor", "8.25x [7.00..9.50]", "at least 8x", "-", "met"]


def test_a_single_figure_has_no_spread_and_a_unit_its_blank() -> None:
    told = rows_table([Row("Memory", Spread(71.2, 71.2, 71.2), "MiB", Bar(80, 60, is_most=True), "idle")]).splitlines()
    assert cells(told[2]) == ["Memory (idle)", "71.2 MiB", "at most 80 MiB", "60 MiB", "met"]


def test_columns_of_a_table_stand_under_each_other() -> None:
    lines = contenders_table(SCENES).splitlines()
    assert len(lines) == 2 + 3
    assert len({tuple(at for at, sign in enumerate(line) if sign == "|") for line in lines}) == 1


def test_connections_that_nobody_counted_are_no_zero() -> None:
    last = contenders_table(SCENES).splitlines()[-1]
    assert cells(last)[0] == "tls: predecessor, HTTP/2"
    assert cells(last)[6] == "-"


@pytest.mark.parametrize(
    ("value", "text"), [(0.169, "0.17"), (12.34, "12.3"), (130.7, "131"), (20280.0, "20,280"), (-0.1, "-0.10")]
)
def test_figures_have_no_more_digits_than_count(value: float, text: str) -> None:
    assert figure(value) == text


def test_the_chart_is_xml_with_a_bar_for_each_that_was_measured() -> None:
    root = ElementTree.fromstring(svg(groups_of(SCENES), "a <caption>"))
    name = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{name}rect")) == 3
    texts = [each.text for each in root.findall(f"{name}text")]
    assert {"predecessor", "service", "3,100/s", "a <caption>"} <= set(texts)
    assert "predecessor 350 answers per second" in root.attrib["aria-label"]


def test_bars_of_one_group_have_one_scale_and_stay_within_the_chart() -> None:
    root = ElementTree.fromstring(svg(groups_of(SCENES), ""))
    name = "{http://www.w3.org/2000/svg}"
    old, ours, _ = (float(each.attrib["width"]) for each in root.findall(f"{name}rect"))
    assert ours / old == pytest.approx(3100 / 350, rel=0.01)
    assert all(float(each.attrib["x2"]) < float(root.attrib["width"]) for each in root.findall(f"{name}line"))


def test_the_chart_has_colours_of_its_own_for_the_dark() -> None:
    assert "prefers-color-scheme: dark" in svg(groups_of(SCENES), "")


def test_the_section_of_the_readme_is_replaced_and_nothing_else() -> None:
    once = with_section(
        "above\n<!-- bench: written by `make bench ARGS=--keep` -->\nold\n<!-- bench: end -->\nbelow\n", "new"
    )
    assert once.startswith("above\n")
    assert once.endswith("\nbelow\n")
    assert "old" not in once
    assert with_section(once, "new") == once


def test_a_readme_without_the_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        with_section("nothing", "new")
