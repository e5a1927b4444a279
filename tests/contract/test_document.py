"""The contract is whole, valid, and true of what the sandbox answers."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # the package has no stubs of its own
import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.app import create_app
from service.config import Config
from service.contract import document
from service.contract.problems import codes
from service.envelope import as_json
from service.handlers import pages
from tests.contract.reading import CLOSED, CONTRACT
from tests.contract.recording import BY_HAND, EXAMPLES, answers, shown

VENDOR = Path(pages.__file__).parents[1] / "assets/vendor"


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where a body is told of in an operation, its content type, and what is told."""
    holders = {"body": operation.get("requestBody", {"content": {}}), **operation["responses"]}
    for where, holder in holders.items():
        for content_type, media in holder.get("content", {}).items():
            yield where, content_type, media


def examples() -> list[Any]:
    """Every example in the document, with the schema that it is an example of."""
    found = []
    operations = {
        f"{method} {path}": operation
        for path, methods in CONTRACT["paths"].items()
        for method, operation in methods.items()
    }
    unbound = {"any path": {"responses": CONTRACT["components"]["responses"]}}
    for label, operation in {**operations, **unbound}.items():
        for where, content_type, media in bodies(operation):
            shown = {"": media["example"]} if "example" in media else media["examples"]
            for code, example in shown.items():
                value = example["value"] if code else example
                found.append(pytest.param(media["schema"], value, id=f"{label} {where} {content_type} {code}".rstrip()))
        found += [
            pytest.param(parameter["schema"], parameter["example"], id=f"{label} {parameter['name']}")
            for parameter in operation.get("parameters", [])
            if "example" in parameter
        ]
    return found


def check(schema: dict[str, Any], value: object) -> None:
    """Fail unless `value` is as `schema` says, with no member that the contract does not name."""
    whole = {**schema, "components": CLOSED["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)


def test_it_is_valid_openapi_3_1_and_the_same_each_time() -> None:
    OpenAPIV31SpecValidator(CONTRACT).validate()
    document.cache_clear()
    assert as_json(document()) == as_json(CONTRACT)


def test_it_has_every_route_but_the_pages_and_no_other() -> None:
    app = create_app(Config())
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    shown = {(method, path) for path, methods in CONTRACT["paths"].items() for method in methods}
    assert served - shown == {("get", "/"), ("get", "/docs"), ("get", "/assets/{path}")}
    assert shown <= served


@pytest.mark.parametrize(("schema", "value"), examples())
def test_an_example_is_as_its_schema_says(schema: dict[str, Any], value: object) -> None:
    check(schema, value)


def test_every_problem_that_there_is_has_an_example_and_no_other_has() -> None:
    assert {label.rpartition(" ")[2] for label in labels("problem+json")} == codes()


def labels(part: str) -> list[str]:
    return [str(example.id) for example in examples() if part in str(example.id)]


async def test_a_gateway_still_answers_as_the_examples_show() -> None:
    got = await answers()
    assert {each.name for each in EXAMPLES.iterdir()} == {*got, *BY_HAND}
    for name, content in got.items():
        kept = (EXAMPLES / name).read_bytes()
        if name.endswith((".txt", ".csv")):
            assert kept == shown(name, content)
        else:
            assert shape(orjson.loads(shown(name, content))) == shape(orjson.loads(kept)), name


async def test_each_line_of_a_stream_is_as_the_contract_says() -> None:
    lines = (await answers())["snapshot.ndjson"].splitlines()
    schema = CONTRACT["paths"]["/v1/snapshot"]["post"]["responses"]["200"]["content"]["application/x-ndjson"]["schema"]
    for line in lines:
        check(schema, orjson.loads(line))
    assert [orjson.loads(line)["event"] for line in lines] == ["asked", *["tile"] * 4, "snapshot"]


async def test_each_line_of_a_batch_is_as_the_contract_says() -> None:
    lines = [orjson.loads(line) for line in (await answers())["sanctions_batch.ndjson"].splitlines()]
    told = CONTRACT["paths"]["/v1/sanctions/batch"]["post"]["responses"]["200"]["content"]
    for line in lines:
        check(told["application/x-ndjson"]["schema"], line)
    assert [line.get("status") for line in lines] == ["screened", "screened", "screened", "invalid", None]


#: Members whose values tell what kind of answer it is: they are the same each time.
TELLING = {"code", "status", "outcome", "detail", "parameter", "event", "risk", "tool"}


def shape(value: object, name: str = "") -> object:
    """The members of an object, at any depth; of their values, those that are the same each time."""
    if isinstance(value, dict):
        return {re.sub(r"^127.*", "host", each): shape(inner, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [shape(each, name) for each in value]
    return value if name in TELLING else None


def test_what_is_vendored_is_what_its_package_has() -> None:
    packages = orjson.loads((VENDOR / "vendored.json").read_bytes())
    written = {path: digest for package in packages for path, digest in package["files"].items()}
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*/*")
    }
    assert found == written
    for package in packages:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert any(path.endswith("LICENSE") for path in package["files"])
