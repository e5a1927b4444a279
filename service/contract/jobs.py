"""How the contract tells of jobs: what is asked of them beside the file, and the headers of theirs."""

from collections.abc import Mapping
from typing import Any

from service.batches.idempotency import HEADER
from service.contract.files import BATCH_PARAMETERS, BATCH_QUERY, FILE_OF_ROWS
from service.handlers.file_body import PART
from service.handlers.job_asked import JOB_OPTIONS
from service.handlers.job_results import ONLY

__all__ = ["FILE_OF_A_JOB", "IDEMPOTENCY", "JOB_ID", "JOB_PARAMETERS", "JOB_QUERY", "RESULTS", "RESULTS_RANGE"]

Json = dict[str, Any]

#: Of the examples.
JOB_ID = "sandbox-01a21503-1254-744b-94f2-ce03b8b6e536"

FILE_OF_A_JOB: Mapping[str, Json] = {
    **FILE_OF_ROWS,
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {PART: {"type": "string", "description": "the file, the only part"}},
            "required": [PART],
            "additionalProperties": False,
        },
        "example": {PART: FILE_OF_ROWS["text/csv"]["example"]},
    },
}
JOB_QUERY: Mapping[str, str] = {**JOB_OPTIONS, "map": BATCH_QUERY["map"]}
JOB_PARAMETERS: Mapping[str, Json] = {
    **BATCH_PARAMETERS,
    "list": {
        "type": "string",
        "enum": ["pinned", "newest"],
        "description": "pinned: all rows by the version that is in force when the file comes (the default); newest: "
        "each chunk by the one that is in force then, which its rows name",
    },
    "id": {"type": "string", "description": "the job's id"},
}
RESULTS: Mapping[str, Json] = {
    "status": {
        "type": "string",
        "enum": [each for each in ONLY if each],
        "description": "only such rows; hit: screened, and not clear",
    },
    "format": BATCH_PARAMETERS["format"],
    "id": JOB_PARAMETERS["id"],
}
IDEMPOTENCY: Mapping[str, Json] = {
    HEADER: {
        "type": "string",
        "pattern": r'^("[!#-\[\]-~ ]{1,255}"|[!#-~]{1,255})$',
        "description": "the caller's own: the same file sent again with it is the same job",
    }
}
RESULTS_RANGE: Mapping[str, Json] = {
    "Range": {"type": "string", "description": "rows=FIRST-LAST, rows=FIRST- or rows=-COUNT; rows count from 1"}
}
