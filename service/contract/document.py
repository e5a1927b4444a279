"""Puts the document together: OpenAPI 3.1, with schemas as pydantic makes them of the types."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from service import VERSION
from service.contract.operations import OPERATIONS, Operation
from service.contract.problems import KINDS, method_not_allowed, problem_like
from service.errors import Problem
from service.query import TIMEOUT_HEADER
from tools.hts import HTSTool

__all__ = ["document"]

_REF = "#/components/schemas/{model}"
_DESCRIPTION = (
    "Answers from four U.S. agencies' own data. Every answer says where it comes from and how old it is; an agency "
    "that does not answer is an error, never an empty list. Nobody was screened whose answer is a problem."
)
_TITLES = {
    400: "The question cannot be asked",
    404: "There is no such record or route",
    409: "The first request with this key has not ended",
    413: "The body is too large",
    415: "The body is of another type than is read here",
    416: "There are no such rows",
    422: "The key is another request's",
    500: "Our own fault",
    502: "The agency refused, failed, cannot be reached or cannot be read",
    503: "Not now: see Retry-After",
    504: "Time ran out",
}
_HEADERS = {
    "X-Request-ID": {
        "description": "the request's id, in our log too; the caller's own where it sent one of a usable form",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    },
    "Retry-After": {
        "description": "whole seconds after which to ask again; not there when the problem is to stay",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Accept-Ranges": {"description": "rows", "required": True, "schema": {"const": "rows"}},
    "Content-Range": {
        "description": "rows FIRST-LAST/TOTAL: those that are there",
        "required": True,
        "schema": {"type": "string"},
    },
    "Location": {"description": "where the job is", "required": True, "schema": {"type": "string"}},
    "X-Job-Status": {
        "description": "how the job stood when the answer began",
        "required": True,
        "schema": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
    },
    "X-Results-Complete": {
        "description": "whether every row of the job has its result",
        "required": True,
        "schema": {"enum": ["true", "false"]},
    },
    "Allow": {"description": "the path's methods", "required": True, "schema": {"type": "string"}},
}
_SUFFIXES = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/event-stream": "txt",
}
#: What a status comes with.
_TOLD_WITH = {202: ("Location",), 206: ("Content-Range",)}
Json = dict[str, Any]


class _AsAnswered(GenerateJsonSchema):
    """Answers have every field, those with a default too."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        """Whether a member is always there."""
        if field["type"] != "typed-dict-field" and self.mode == "serialization":
            return True
        return super().field_is_required(field, total)


@cache
def document() -> Json:
    """The document; the same each time."""
    bodies = [operation.body for operation in OPERATIONS if operation.body is not None]
    answers = [kind for operation in OPERATIONS for kind in operation.answers.values()]
    problems = [Problem, *KINDS.values()]
    inputs = [(f"in{at}", "validation", TypeAdapter(kind)) for at, kind in enumerate(bodies)]
    outputs = [(f"out{at}", "serialization", TypeAdapter(kind)) for at, kind in enumerate([*answers, *problems])]
    made, definitions = TypeAdapter.json_schemas(
        [*inputs, *outputs],  # type: ignore[list-item]  # a mode is a literal
        ref_template=_REF,
        schema_generator=_AsAnswered,
    )
    given = iter([made[key, "validation"] for key, *_ in inputs])
    told = iter([made[key, "serialization"] for key, *_ in outputs])
    paths: Json = {}
    for operation in OPERATIONS:
        body = next(given) if operation.body is not None else None
        schemas = {content_type: next(told) for content_type in operation.answers}
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, body, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Compliance Gateway",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name} for name in dict.fromkeys(each.tag for each in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "headers": _HEADERS,
            "responses": {"MethodNotAllowed": _method_not_allowed()},
        },
    }


def _operation(operation: Operation, body: Json | None, schemas: Mapping[str, Json]) -> Json:
    found: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": dict(_responses(operation, schemas)),
    }
    if body is not None:
        content: Json = {"schema": body, "example": _example(f"{operation.id}.request")}
        found["requestBody"] = {"required": operation.needs_body, "content": {"application/json": content}}
    if operation.file is not None:
        found["requestBody"] = {"required": True, "content": operation.file}
    return found


def _parameters(operation: Operation) -> Iterator[Json]:
    properties = _properties(operation)
    if operation.path_parameter is not None:
        theirs, ours = operation.path_parameter
        yield _parameter("path", theirs, properties.get(ours, {"type": "string"}), operation)
    for theirs, ours in operation.query.items():
        yield _parameter("query", theirs, properties[ours], operation)
    for name, schema in operation.headers.items():
        yield _parameter("header", name, schema, operation)
    if operation.calls_agencies:
        seconds = {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "seconds that the call may take; more than GATEWAY_DEADLINE_MAX_S is taken for that",
        }
        yield _parameter("header", TIMEOUT_HEADER, seconds, operation)
        live = {"type": "string", "description": "no-cache: a live answer, not a kept one"}
        yield _parameter("header", "Cache-Control", live, operation)


def _properties(operation: Operation) -> Json:
    if operation.tool is None and "since" in operation.query:
        return {
            "since": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "a version: the file's SHA-256"}
        }
    if operation.tool is None and operation.own:
        return dict(operation.own)
    if operation.tool is None:
        flag = {"type": "string", "enum": ["0", "1"], "default": "0", "description": "1: as a stream of lines"}
        return {"stream": flag}
    return {**operation.tool.query_model.model_json_schema()["properties"], **operation.own}


def _parameter(where: str, name: str, schema: Json, operation: Operation) -> Json:
    """A parameter that may be left out is never null: there is no such thing in a URL."""
    description = schema.get("description")
    schema = {key: value for key, value in schema.items() if key not in ("title", "description")}
    alternatives = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    # Of a text and an array of texts, a URL has the array, written as a text.
    for each in [each for each in alternatives if each["type"] == "array"] or alternatives:
        schema |= each
    if schema.get("default", 0) in (None, []):
        del schema["default"]
    required = where == "path" or name in operation.required
    parameter: Json = {"name": name, "in": where, "required": required, "schema": schema}
    if description:
        parameter["description"] = description
    if name in operation.asked:
        parameter["example"] = operation.asked[name]
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": name in operation.own}
    return parameter


def _responses(operation: Operation, schemas: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    content = {}
    for content_type, schema in schemas.items():
        content[content_type] = {"schema": schema, "example": _example(operation.id, _SUFFIXES[content_type])}
    for status, has_body in {operation.status: True, **operation.also}.items():
        headers = _refer("X-Request-ID", *operation.tells, *_TOLD_WITH.get(status, ()))
        good = {"description": operation.summary, "headers": headers}
        yield str(status), {**good, "content": content} if has_body else good
    by_status: dict[int, list[Problem]] = {}
    for code in operation.problems:
        example = problem_like(operation.id, code, operation.tool or HTSTool, screening=operation.screens)
        by_status.setdefault(example["status"], []).append(example)
    for status, examples in sorted(by_status.items()):
        yield str(status), _problem(_TITLES[status], examples)


def _problem(description: str, examples: list[Problem]) -> Json:
    """A response whose body is one of some problems, with an example of each, which says what all of them have."""
    codes = [each["code"] for each in examples]
    kind: Any = KINDS.get(codes[0], Problem)
    narrowed: Json = {"properties": {"status": {"const": examples[0]["status"]}, "code": {"enum": codes}}}
    if kind is Problem and all("outcome" in each for each in examples):
        narrowed["required"] = ["outcome"]
    content = {
        "schema": {"allOf": [{"$ref": _REF.format(model=kind.__name__)}, narrowed]},
        "examples": {each["code"]: {"summary": each["title"], "value": each} for each in examples},
    }
    waits = any(each["retry_after_s"] is not None for each in examples)
    return {
        "description": description,
        "headers": _refer("X-Request-ID", *(["Retry-After"] if waits else [])),
        "content": {"application/problem+json": content},
    }


def _method_not_allowed() -> Json:
    """No operation has it: it is what a path answers to those that it does not have."""
    answered = _problem("The path has no such method; Allow names those that it has", [method_not_allowed()])
    return {**answered, "headers": _refer("X-Request-ID", "Allow")}


def _refer(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _example(name: str, suffix: str = "json") -> Any:
    """What the sandbox was asked, or answered, once."""
    content = (files("service.contract") / "examples" / f"{name}.{suffix}").read_bytes()
    if suffix == "json":
        return orjson.loads(content)
    text = content.decode()
    return orjson.loads(text.splitlines()[0]) if suffix == "ndjson" else text
