"""What is asked of many rows at once, beside the rows: how to read them, how to screen them, how to tell."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from service.batches.columns import parse_mapping
from service.batches.intake import FileFormat, RowReader
from service.batches.options import screening_options
from service.batches.report import ReportFormat, wanted_format
from service.batches.rows import ScreeningOptions
from service.keys import CONFIG
from service.query import parameters_and_faults
from tools.query_faults import FaultCollector

__all__ = ["FORMATS", "OPTIONS", "BatchQuestion", "batch_question", "options_of", "row_reader"]

#: The parameters that hold for all rows, as `GET /v1/sanctions` calls them.
OPTIONS: Mapping[str, str] = {name: name for name in ("threshold", "sources", "algorithm", "via")}
#: What a body may be called. None: its first character tells; so it does where a client says what it always says.
FORMATS: dict[str, FileFormat | None] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/json": "json",
    "text/plain": None,
    "application/octet-stream": None,
    "application/x-www-form-urlencoded": None,
}


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """`mapping` is ours -> theirs, as `RowReader` takes it."""

    options: ScreeningOptions
    mapping: Mapping[str, str]
    report_format: ReportFormat


def batch_question(request: web.Request) -> BatchQuestion:
    """What the query string and the Accept header say. Raises InvalidQuery."""
    faults = FaultCollector()
    asked = parameters_and_faults(request, faults, {**OPTIONS, "format": "format"}, repeatable=("map",))
    with faults.reading():
        report_format = wanted_format(asked.pop("format", None), request.headers.get("Accept"))
    with faults.reading():
        options = options_of(request, asked)
    with faults.reading():
        mapping = parse_mapping(request.query.getall("map", []))
    faults.raise_if_any()
    return BatchQuestion(options, mapping, report_format)


def options_of(request: web.Request, asked: Mapping[str, str]) -> ScreeningOptions:
    """The options that `asked` says by the names in `OPTIONS`, checked as one party's are. Raises InvalidQuery."""
    return screening_options(asked, request.app[CONFIG].sanctions_source)


def row_reader(request: web.Request, mapping: Mapping[str, str], max_rows: int) -> RowReader:
    """What reads the body's rows. Raises HTTPUnsupportedMediaType, and FileFault when its charset is not read here."""
    said = request.content_type if request.headers.get("Content-Type") else "application/octet-stream"
    if said not in FORMATS:
        raise web.HTTPUnsupportedMediaType(
            reason="the body must be text/csv, application/x-ndjson, or application/json with an array of rows"
        )
    return RowReader(FORMATS[said], mapping, max_rows, charset=request.charset)
