"""CBP's rulings as the sandbox holds them: rulings of the agency's own search answers.

Files: `cross/*.json`, answers of the search (`{"rulings": [...]}`). A ruling may carry the `text` of its letter, which
the search of the agency leaves out; without one its subject stands in.
"""

import re
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

from service.sandbox.export_files import SandboxDataError, files_of, read_list_under

__all__ = ["RELATIONS", "RawRuling", "load"]

RawRuling = Mapping[str, Any]

RELATIONS = ("relatedRulings", "modifiedBy", "modifies", "revokedBy", "revokes")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}.*")


def load(folder: Traversable) -> tuple[RawRuling, ...]:
    """The rulings in `folder`, each number once. Raises SandboxDataError, with one line, on another shape."""
    rulings: dict[str, RawRuling] = {}
    for file in files_of(folder, ".json"):
        for number, ruling in enumerate(read_list_under(file, "rulings"), 1):
            if wrong := _what_is_wrong(ruling):
                raise SandboxDataError(f"sandbox data: {file}: ruling {number}: {wrong}")
            rulings.setdefault(ruling["rulingNumber"].upper(), ruling)
    return tuple(rulings.values())


def _what_is_wrong(ruling: RawRuling) -> str | None:
    for key in ("rulingNumber", "subject", "collection"):
        if not isinstance(ruling.get(key), str) or not ruling[key].strip():
            return f"has no {key!r}"
    if not isinstance(ruling.get("rulingDate"), str) or not _DATE.fullmatch(ruling["rulingDate"]):
        return "has no 'rulingDate' (2006-08-08T00:00:00)"
    for key in RELATIONS:
        value = ruling.get(key) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return f"{key!r} is not a list of texts"
    tariffs = ruling.get("tariffs") or ""
    if not isinstance(tariffs, str) and not (isinstance(tariffs, list) and all(isinstance(t, str) for t in tariffs)):
        return "'tariffs' is neither a text nor a list of texts"
    return None if isinstance(ruling.get("text"), str | None) else "'text' is not a text"
