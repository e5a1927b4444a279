"""How an answer differs from the shape that is expected of it."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from service.doctor.shapes import SHAPES, Difference, Shape, differences, shape_of

SAMPLES = Path(__file__).parents[2] / "../shared/samples"
SANDBOX = files("service.sandbox") / "sample_data"
VALUES: dict[str, Any] = {"a text": "text", "a number": 1, "a truth value": True, "null": None}

with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not here")


def example(shape: Shape) -> Any:
    """A value of that shape, with every key."""
    kind = shape.kinds[0]
    if kind == "an object":
        return {key: example(inner) for key, inner in (shape.keys or {}).items()}
    if kind == "a list":
        return [] if shape.items is None else [example(shape.items), example(shape.items)]
    return VALUES[kind]


def keys_below(shape: Shape, path: str = "") -> Iterator[tuple[str, Shape]]:
    """Every key that the shape has, at any depth, by its path."""
    for key, inner in (shape.keys or {}).items():
        below = f"{path}.{key}" if path else key
        yield below, inner
        yield from keys_below(inner, below)
    if shape.items is not None:
        yield from keys_below(shape.items, f"{path}[]")


def objects_at(value: Any, path: str) -> list[dict[str, Any]]:
    """The objects of `value` at `path`, where `[]` stands for each element."""
    found = [value]
    for step in path.replace("[]", ".[]").split("."):
        if step == "[]":
            found = [each for outer in found for each in outer]
        elif step:
            found = [each[step] for each in found]
    return found


EVERY_KEY = [(route, path, shape) for route in SHAPES for path, shape in keys_below(SHAPES[route])]
#: What some keys hold has never been recorded, so that anything will do.
OF_SOME_KIND = [each for each in EVERY_KEY if len(each[2].kinds) < 6]


def in_words(value: object) -> str:
    """The name of a case."""
    return "" if isinstance(value, Shape) else "/".join(value) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize("route", SHAPES, ids="/".join)
def test_an_answer_with_every_key_is_as_expected(route: tuple[str, str]) -> None:
    assert differences(example(SHAPES[route]), SHAPES[route]) == ()


@pytest.mark.parametrize(("route", "path", "shape"), EVERY_KEY, ids=in_words)
def test_every_key_that_is_gone_is_named_unless_agencies_leave_it_out_by_habit(
    route: tuple[str, str], path: str, shape: Shape
) -> None:
    body = example(SHAPES[route])
    where, _, key = path.rpartition(".")
    objects = objects_at(body, where)
    for each in objects:
        del each[key]
    expected = () if shape.presence == "optional" else (Difference("missing", path, len(objects), len(objects)),)
    assert differences(body, SHAPES[route]) == expected


@pytest.mark.parametrize(("route", "path", "shape"), OF_SOME_KIND, ids=in_words)
def test_every_value_of_another_kind_is_named(route: tuple[str, str], path: str, shape: Shape) -> None:
    wrong, kind = ({}, "an object") if "an object" not in shape.kinds else (True, "a truth value")
    body = example(SHAPES[route])
    where, _, key = path.rpartition(".")
    for each in objects_at(body, where):
        each[key] = wrong
    (found,) = differences(body, SHAPES[route])
    assert (found.what, found.path, found.found) == ("kind", path, kind)
    assert found.expected == " or ".join(shape.kinds)


@pytest.mark.parametrize(("route", "path", "shape"), EVERY_KEY, ids=in_words)
def test_a_new_key_beside_every_known_one_is_named(route: tuple[str, str], path: str, shape: Shape) -> None:
    body = example(SHAPES[route])
    where = path.rpartition(".")[0]
    objects = objects_at(body, where)
    objects[0]["brandNew"] = 1
    new = f"{where}.brandNew" if where else "brandNew"
    assert differences(body, SHAPES[route]) == (Difference("unknown", new, 1, len(objects)),)


def test_a_key_is_counted_over_all_rows() -> None:
    rows = [example(SHAPES["hts", "exportList"].items) for _ in range(5)]  # type: ignore[arg-type]  # it has items
    del rows[1]["general"]
    rows[2]["units"] = "kg"
    rows[3]["newer"] = rows[4]["newer"] = None
    assert differences(rows, SHAPES["hts", "exportList"]) == (
        Difference("missing", "[].general", 1, 5, renamed_to="newer"),
        Difference("kind", "[].units", 1, 5, "a text", "a list or null"),
        Difference("unknown", "[].newer", 2, 5),
    )


def test_a_key_that_one_row_in_an_answer_has_is_not_missing() -> None:
    body = example(SHAPES["csl", "search"])
    del body["results"][0]["alt_names"]
    assert differences(body, SHAPES["csl", "search"]) == ()
    del body["results"][1]["alt_names"]
    (found,) = differences(body, SHAPES["csl", "search"])
    assert (found.path, found.count, found.total) == ("results[].alt_names", 2, 2)


def test_one_key_gone_and_one_new_may_be_the_same() -> None:
    body = example(SHAPES["csl", "search"])
    for row in body["results"]:
        row["aliases"] = row.pop("alt_names")
    gone, new = differences(body, SHAPES["csl", "search"])
    assert (gone.path, gone.renamed_to, new.path) == ("results[].alt_names", "aliases", "results[].aliases")
    for row in body["results"]:
        row["more"] = 1
    assert differences(body, SHAPES["csl", "search"])[0].renamed_to is None


@pytest.mark.parametrize("body", [[], "text", None, 1, {"error": "no"}])
def test_another_top_level_is_named(body: object) -> None:
    assert differences(body, SHAPES["cross", "search"])


def test_a_body_without_an_end_of_new_keys_is_looked_through_once() -> None:
    body = example(SHAPES["cross", "search"]) | {f"new{number}": number for number in range(20_000)}
    assert len(differences(body, SHAPES["cross", "search"])) == 20_000


def test_a_key_as_long_as_a_page_is_cut() -> None:
    body = example(SHAPES["cross", "search"]) | {"x" * 100_000: 1, "a.b": 1}
    assert {each.path for each in differences(body, SHAPES["cross", "search"])} == {"x" * 40, "a_b"}


def test_a_path_has_the_shape_of_its_first_step() -> None:
    assert shape_of("cross", "/ruling/968227") is SHAPES["cross", "ruling"]
    assert shape_of("hts", "/search") is SHAPES["hts", "search"]
    assert shape_of("hts", "/getRates") is None


# -- what agencies have sent --


def read(*parts: str) -> Any:
    return json.loads(SAMPLES.joinpath(*parts).read_text())


@with_samples
@pytest.mark.parametrize("chapter", ["01", "16", "61", "85", "99"])
def test_recorded_chapters_of_the_tariff_are_as_expected(chapter: str) -> None:
    assert differences(read("hts", f"chapter_{chapter}.json"), SHAPES["hts", "exportList"]) == ()


@with_samples
def test_a_recorded_search_of_rulings_is_as_expected() -> None:
    assert differences(read("cross", "search_battery_2026-09.json"), SHAPES["cross", "search"]) == ()


@with_samples
def test_a_search_of_rulings_as_it_was_before_august_2026_is_as_expected() -> None:
    body = read("cross", "search_battery_2026-09.json")
    for each in body["rulings"]:
        each["tariffs"] = each["tariffs"].split(", ")
    assert differences(body, SHAPES["cross", "search"]) == ()


@with_samples
def test_fdas_published_example_is_as_expected_but_for_the_count_that_it_did_not_ask_for() -> None:
    body = read("fda", "import_refusals_published_example_all_columns.json")
    assert [each.path for each in differences(body, SHAPES["fda", "import_refusals"])] == ["totalrecordcount"]


@with_samples
def test_a_recorded_search_of_the_lists_has_nothing_unknown() -> None:
    body = read("csl", "search_v1_recorded_2022-09_partial.json")
    found = differences({key: body[key] for key in ("total", "sources", "results")}, SHAPES["csl", "search"])
    # The recording was cut before these.
    assert {each.path for each in found} == {"results[].type", "results[].addresses", "results[].ids"}


def test_the_sample_data_of_the_sandbox_are_as_expected() -> None:
    rows = json.loads((SANDBOX / "hts" / "chapter_85.json").read_text())
    assert differences(rows, SHAPES["hts", "exportList"]) == ()
    entries = json.loads((SANDBOX / "csl" / "consolidated.json").read_text())["results"]
    assert differences({"total": len(entries), "results": entries}, SHAPES["csl", "search"]) == ()
    rulings = json.loads((SANDBOX / "cross" / "rulings.json").read_text())["rulings"]
    as_found = [{key: value for key, value in each.items() if key != "text"} for each in rulings]
    assert differences({"totalHits": 1, "rulings": as_found}, SHAPES["cross", "search"]) == ()
