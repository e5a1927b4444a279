"""How the contract tells of bodies that are files of rows, and of what is asked beside them."""

from collections.abc import Mapping
from typing import Any

from service.batches.rows import COLUMNS
from service.handlers.batch_question import OPTIONS

__all__ = ["BATCH_PARAMETERS", "BATCH_QUERY", "FILE_OF_ROWS"]

Json = dict[str, Any]

_TEXT: Json = {"type": ["string", "null"]}
_ROW: Json = {
    "type": "object",
    "description": "a row; names of members may also be other well-known ones, others are ignored",
    "properties": {
        "name": {"type": "string", "description": "the party's name, 2 to 200 characters"},
        "ref": {"type": ["string", "number", "null"], "description": "the caller's own reference, echoed as a text"},
        "type": {**_TEXT, "description": "Individual, Entity, Vessel or Aircraft"},
        "country": {**_TEXT, "description": "by code or name"},
        "nationality": {**_TEXT, "description": "by code or name"},
        "address": _TEXT,
        "dob": {"type": ["string", "number", "null"], "description": "as in 1984-01-08, 8 Jan 1984 or 1984"},
        "ids": {
            "type": ["array", "string", "null"],
            "items": {"type": ["string", "number"]},
            "description": "identifiers; in one text they are separated by commas, semicolons or pipes",
        },
    },
}
_SAID_OF_ROWS = "what is no such row is told as an invalid one, and costs no other"

_CSV = """\
Company;Kd-Nr;Land
Atlas Sanatgaran;A-1;AM
Quiet Meadow Bakery;A-2;DE
Harbour Lights;A-3;Atlantis
;A-4;FR
"""
_ROWS = [{"name": "Atlas Sanatgaran", "ref": "A-1", "country": "AM"}, {"name": "Quiet Meadow Bakery", "ref": 2}]

#: By content type: what a body is, and one. Any other shape of a row is taken, too, and told.
FILE_OF_ROWS: Mapping[str, Json] = {
    "text/csv": {
        "schema": {
            "type": "string",
            "description": "a header line that names the columns, then a line a row; encoding and delimiter are found "
            "out",
        },
        "example": _CSV,
    },
    "application/x-ndjson": {
        "schema": {"description": f"an object on each line; {_SAID_OF_ROWS}"},
        "example": _ROWS[0],
    },
    "application/json": {
        "schema": {
            "description": f"an array of objects; {_SAID_OF_ROWS}",
            "anyOf": [{"type": "array", "items": {"anyOf": [_ROW, {}]}}, {"type": "object"}],
        },
        "example": _ROWS,
    },
}
BATCH_QUERY: Mapping[str, str] = {**OPTIONS, "map": "map", "format": "format"}
BATCH_PARAMETERS: Mapping[str, Json] = {
    "map": {
        "type": "array",
        "items": {"type": "string", "pattern": f"^ *(?:{'|'.join(COLUMNS)}) *="},
        "description": "which column of the file is which of ours, as name=Company; several in one, separated by "
        "commas, or one each; without a name behind the =, that column of ours is not read",
    },
    "format": {
        "type": "string",
        "enum": ["ndjson", "csv"],
        "description": "how the answer is written (default: as the Accept header says, else ndjson)",
    },
    "via": {
        "type": "string",
        "enum": ["list", "api"],
        "description": "list: the list held here; api: the agency's search (default: GATEWAY_SANCTIONS_SOURCE)",
    },
}
