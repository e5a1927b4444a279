"""One answer as it is kept: the parsed value, and where it comes from. Never an outcome, which is made anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

__all__ = ["Kept", "decode", "encode"]

T = TypeVar("T")


@dataclass(slots=True)
class Kept(Generic[T]):
    """What an agency answered, at `retrieved_at` (aware UTC), in bytes with the hash `sha256`.

    Either a `value`, or None and in `not_found` what the agency does not have.
    """

    value: T | None
    not_found: str | None
    retrieved_at: datetime
    sha256: str
    is_sample_data: bool


def encode(kept: Kept[Any]) -> bytes:
    """`kept` as JSON."""
    # A copy: orjson's own bytes were cut from a larger piece, whose rest ten thousand of them would hold on to.
    return bytes(memoryview(orjson.dumps(kept)))


def decode(content: bytes, kind: TypeAdapter[Kept[T]]) -> Kept[T] | None:
    """What `encode` made; None when it is something else, as another version of the software leaves it."""
    try:
        kept = kind.validate_json(content)
    except ValidationError:
        return None
    return None if kept.value is None and kept.not_found is None else kept
