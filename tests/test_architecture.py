"""Which way the arrows point, and how big a room may get. Read from the source, so nothing need be imported."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for room in ("service", "tools") for path in (ROOT / room).rglob("*.py"))
CLIENT_LIBRARIES = {"requests", "urllib3", "yarl"}
AGENCIES = {"hts", "sanctions", "refusals", "rulings"}


def imports(path: Path) -> Iterator[str]:
    """What a file imports, as full dotted names, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(path: Path) -> str:
    """Package of a file below the root: `tools`, `tools/http_client`, ..."""
    return str(path.relative_to(ROOT).parent)


def agency_files() -> list[Path]:
    """The module of each agency and its parts: `hts.py`, `hts_schedule.py`, ..."""
    return [path for path in SOURCES if room(path) == "tools" and path.stem.split("_")[0] in AGENCIES]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_has_one_idea_and_not_too_many_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_room_is_a_drawer_for_everything(path: Path) -> None:
    assert not {"utils", "util", "helpers", "common", "misc"} & {*path.parts[len(ROOT.parts) :], path.stem}


@pytest.mark.parametrize("path", [path for path in SOURCES if room(path).startswith("tools")], ids=name)
def test_tools_know_nothing_of_the_service(path: Path) -> None:
    assert [each for each in imports(path) if each.split(".")[0] == "service"] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_only_the_clients_and_the_transports_know_the_client_libraries(path: Path) -> None:
    if room(path) in {"tools/http_client", "tools/transports"} or name(path) == "tools/testing.py":
        return
    found = {each for each in imports(path) if each.split(".")[0] in CLIENT_LIBRARIES}
    aiohttp_of_a_client = {
        each for each in imports(path) if each.split(".")[0] == "aiohttp" and not each.startswith("aiohttp.web")
    }
    assert found == set()
    if room(path).startswith("tools"):
        assert aiohttp_of_a_client == set()
    else:
        assert not {each for each in aiohttp_of_a_client if "Client" in each or "Connector" in each}


@pytest.mark.parametrize("path", agency_files(), ids=name)
def test_an_agency_knows_the_exchange_and_its_own_parts_only(path: Path) -> None:
    agency = path.stem.split("_")[0]
    ours = {each.rsplit(".", 1)[0] for each in imports(path) if each.startswith("tools.")}
    allowed = {"tools.agency", "tools.errors", "tools.exchange"}
    allowed |= {"tools.payload", "tools.policy.freshness", "tools.query_text", "tools.tariff_numbers"}
    allowed |= {"tools.countries", "tools.countries.assessment", "tools.input_warnings", "tools.party_details"}
    if agency == "sanctions":  # the list that is held here
        allowed |= {f"tools.screening.{each}" for each in ("algorithms", "births", "held_list", "subject", "totals")}
    assert {each for each in ours if not each.startswith(f"tools.{agency}")} <= allowed


def test_an_agency_opens_no_socket() -> None:
    for path in agency_files():
        assert not {"socket", "ssl", "asyncio", "threading", "http"} & {each.split(".")[0] for each in imports(path)}


def test_policies_decide_and_neither_wait_nor_look_at_a_clock() -> None:
    for path in SOURCES:
        if room(path) == "tools/policy":
            found = list(imports(path))
            assert not {"asyncio", "time", "datetime", "socket"} & {each.split(".")[0] for each in found}
            assert [each for each in found if each.startswith("tools.") and not each.startswith("tools.policy.")] == []


def test_what_a_snapshot_concludes_is_pure() -> None:
    pure = [path for path in SOURCES if room(path) == "service/tiles" or name(path) == "service/snapshot.py"]
    assert len(pure) > 5
    for path in pure:
        assert not {"asyncio", "time", "random", "os", "aiohttp"} & {each.split(".")[0] for each in imports(path)}


def test_what_the_doctor_finds_is_pure() -> None:
    for part in ("shapes", "findings", "list_findings", "checkup"):
        found = list(imports(ROOT / f"service/doctor/{part}.py"))
        assert not {"asyncio", "time", "random", "os", "socket", "tempfile"} & {each.split(".")[0] for each in found}


def test_only_the_start_of_the_program_knows_the_command_line() -> None:
    outside = [path for path in SOURCES if room(path) == "service" and path.stem not in ("__main__", "demo")]
    for path in outside:
        assert [each for each in imports(path) if each.startswith("service.cli")] == []


def test_the_pools_know_no_tool() -> None:
    allowed = {"tools.http_client", "tools.errors", "tools.call"}
    for path in SOURCES:
        if room(path) == "tools/http_client":
            ours = [each for each in imports(path) if each.startswith("tools.")]
            assert [each for each in ours if not each.startswith(tuple(allowed))] == []


def test_what_is_for_tests_is_imported_by_tests_only() -> None:
    assert (ROOT / "tools/testing.py") in SOURCES
    for path in SOURCES:
        assert [each for each in imports(path) if each.startswith("tools.testing")] == []
        if name(path) != "tools/testing.py":
            assert [each for each in imports(path) if each.split(".")[0] == "aioresponses"] == []


def test_nobody_imports_in_a_circle() -> None:
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES}
    arrows = {
        module: {
            found
            for each in imports(path)
            if (found := each if each in files else each.rpartition(".")[0]) in files and found != module
        }
        for module, path in files.items()
    }

    def walk(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for inner in arrows[module]:
                walk(inner, (*trail, module))
            done.add(module)

    done: set[str] = set()
    for module in arrows:
        walk(module, ())
