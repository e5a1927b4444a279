"""What of a question could not be read, or can be read in several ways, and was screened all the same."""

from dataclasses import dataclass

__all__ = ["InputWarning"]


@dataclass(frozen=True, slots=True)
class InputWarning:
    """One detail of a question that the answer does not rest on, or not as it was meant.

    `code` is for programs, `detail` for people; `field` is the question's, `value` what was given.
    """

    code: str
    field: str
    value: str
    detail: str
