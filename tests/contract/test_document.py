"""The contract is whole, valid, and true of what the sandbox answers."""

import hashlib
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # the package has no stubs of its own
import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.app import create_app
from service.config import Config
from service.contract import document
from service.contract.operations import OPERATIONS
from service.contract.problems import codes
from service.envelope import as_json
from service.handlers import pages
from tests.contract.recording import EXAMPLES, GIVEN, QUESTIONS, answers

VENDOR = Path(pages.__file__).parents[1] / "assets/vendor"
CONTRACT: dict[str, Any] = orjson.loads(as_json(document()))


def examples() -> list[Any]:
    """Every example in the document, with the schema that it is an example of."""
    found = []
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            bodies = [("body", operation["requestBody"])] if "requestBody" in operation else []
            for where, holder in (*bodies, *operation["responses"].items()):
                for content_type, media in holder["content"].items():
                    shown = {"": media["example"]} if "example" in media else media["examples"]
                    for name, example in shown.items():
                        value = example["value"] if isinstance(example, dict) and "summary" in example else example
                        label = f"{method} {path} {where} {content_type} {name}".rstrip()
                        found.append(pytest.param(media["schema"], value, id=label))
    return found


def check(schema: dict[str, Any], value: object) -> None:
    """Fail unless `value` is as `schema` says."""
    whole = {**schema, "components": CONTRACT["components"]}
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


def test_every_problem_that_there_is_has_an_example() -> None:
    shown = {
        code
        for methods in CONTRACT["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if status != "200"
        for code in response["content"]["application/problem+json"]["examples"]
    }
    assert shown >= codes() - {"method_not_allowed"}  # of a method that the document does not have


async def test_the_sandbox_still_answers_as_the_examples_show() -> None:
    got = await answers()
    assert got.keys() == QUESTIONS.keys()
    operations = {operation.id: operation for operation in OPERATIONS}
    for name, content in got.items():
        operation = operations[name.split(".")[0]]
        kind = "application/x-ndjson" if name.endswith(".ndjson") else "application/json"
        schema = CONTRACT["paths"][operation.path][operation.method]["responses"]["200"]["content"][kind]["schema"]
        for line in content.splitlines() if name.endswith(".ndjson") else [content]:
            check(schema, orjson.loads(line))
        shown = orjson.loads((EXAMPLES / name).read_bytes())
        assert shape(orjson.loads(content.splitlines()[0])) == shape(shown), name


def shape(value: object) -> object:
    """The members of an object, at any depth; their values left out."""
    if isinstance(value, dict):
        return {re.sub(r"^127.*", "host", name): shape(each) for name, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else None


def test_what_is_shown_as_asked_is_what_was_asked() -> None:
    for name, content in GIVEN.items():
        assert (EXAMPLES / name).read_bytes() == content
    assert {each.name for each in EXAMPLES.iterdir()} == {*GIVEN, *QUESTIONS}


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
