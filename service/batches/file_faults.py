"""What is wrong with a whole file, so that it cannot be read on."""

from typing import Any, Literal

from service.errors import Problem, problem

__all__ = ["INVALID_FILE", "FaultCode", "FileFault", "file_problem"]

INVALID_FILE = "invalid_file"

FaultCode = Literal[
    "empty_file",
    "unknown_encoding",
    "not_text",
    "header_unreadable",
    "no_name_column",
    "no_such_column",
    "ambiguous_columns",
    "split_name",
    "no_array",
    "broken_array",
    "unclosed_quotes",
    "too_many_rows",
    "too_many_bytes",
    "broken_body",
    "sender_stalled",
    "upload_given_up",
]
_TOO_LARGE: frozenset[FaultCode] = frozenset({"too_many_rows", "too_many_bytes"})


class FileFault(Exception):
    """The file cannot be read on. `code` is stable, the message is for people; `row` rows had been read by then."""

    def __init__(self, code: FaultCode, message: str, *, row: int = 0) -> None:
        super().__init__(message)
        self.code, self.row = code, row


def file_problem(fault: FileFault, request_id: str, *, screening: bool = False) -> Problem:
    """The body of the problem that tells a caller of `fault`: 413 when there is too much of it, else 400.

    In place of the answer to a `screening` it also says that there was none.
    """
    more: dict[str, Any] = {"parameter": "body", "fault": fault.code, "row": fault.row}
    if screening:
        more["outcome"] = "not_screened"
    if fault.code in _TOO_LARGE:
        return problem(413, "too_large", "The file is too large", f"body: {fault}", request_id, **more)
    return problem(400, INVALID_FILE, "The file cannot be read", f"body: {fault}", request_id, **more)
