"""Small lists to match against: entries that say little but their names, and their index in a folder."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.quality.list_file import entry_named
from tools.sanctions_entries import EntryId, ListEntry, Vessel
from tools.screening.index import build_index
from tools.screening.match import Matcher

__all__ = ["entry", "matcher_of"]


def entry(
    name: str,
    kind: str | None = "Individual",
    *,
    aliases: tuple[str, ...] = (),
    code: str = "SDN",
    nationality: str | None = None,
    dob: str | None = None,
    passport: str | None = None,
    call_sign: str | None = None,
    remarks: str | None = None,
) -> ListEntry:
    """An entry of one list."""
    return replace(
        entry_named(name, kind),
        list=code,
        alt_names=aliases,
        nationalities=(nationality,) if nationality else (),
        dates_of_birth=(dob,) if dob else (),
        ids=(EntryId("Passport", passport, None, None, None),) if passport else (),
        vessel=Vessel(call_sign, None, None, None, None, None) if call_sign else None,
        remarks=remarks,
    )


def matcher_of(folder: Path, entries: Iterable[ListEntry]) -> Matcher:
    """A matcher of the entries, whose index is written into `folder`."""
    build_index(iter(entries), folder)
    return Matcher.load(folder)
