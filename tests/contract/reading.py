"""The contract as its readers get it, and the same for tests that want to know what it does not say."""

from typing import Any

import orjson

from service.contract import document
from service.envelope import as_json

CONTRACT: dict[str, Any] = orjson.loads(as_json(document()))


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Of an object whose members are named: with no other. Callers must bear another; we do not want to send it."""
    return schema if "properties" not in schema else {"additionalProperties": False, **schema}


CLOSED: dict[str, Any] = {
    **CONTRACT,
    "components": {
        **CONTRACT["components"],
        "schemas": {name: _closed(schema) for name, schema in CONTRACT["components"]["schemas"].items()},
    },
}
