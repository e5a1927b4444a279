"""What changed between two versions of the list: entries added, removed, and changed by field.

Entries are told apart by `consolidated.key_of`. A step is the difference between two versions that were in force one
after the other; it is kept when the older version is not any more, and steps add up.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Literal

import orjson

from tools.errors import ProviderGarbled
from tools.payload import tidy
from tools.sanctions_lists import list_named
from tools.screening.consolidated import Key, Layout, ListFile, Record, key_of, record_at
from tools.screening.files import write_whole
from tools.screening.manifest import read_json
from tools.screening.store import ListStore
from tools.screening.unreadable import CarriedEntry, VersionFile

__all__ = ["Change", "Changes", "changes_since", "compare", "keep_step"]

#: New with every import on some lists, and part of the key on the others.
_NOT_COMPARED = ("_id", "id")

Kind = Literal["added", "removed", "changed"]
Values = Mapping[str, object]


@dataclass(slots=True)
class Change:
    """What became of one entry: its `list` (code, or the agency's string), its `name`, what it said `before` and says
    `after`.

    Of one that was added `before` is empty, of one that was removed `after`; otherwise both have the fields that
    differ. A field that is blank is absent. Values are as the file writes them.
    """

    kind: Kind
    list: str
    name: str
    before: Values
    after: Values

    def then(self, later: "Change") -> "Change | None":
        """What both come to; None: nothing in the end."""
        first, second = {*self.before, *self.after}, {*later.before, *later.after}
        fields = list(dict.fromkeys((*self.before, *self.after, *later.before, *later.after)))
        before = {each: (self if each in first else later).before.get(each) for each in fields}
        after = {each: (later if each in second else self).after.get(each) for each in fields}
        if self.kind == "added" and later.kind == "removed":
            return None
        if self.kind == "added":
            return Change("added", later.list, later.name, {}, _there(after))
        if later.kind == "removed":
            return Change("removed", self.list, self.name, _there(before), {})
        differ = [each for each in fields if before[each] != after[each]]
        if not differ:
            return None
        before, after = ({each: side[each] for each in differ} for side in (before, after))
        return Change("changed", later.list, later.name, _there(before), _there(after))


@dataclass(slots=True)
class Changes:
    """What became of the list from version `since` to version `until` (hashes), by the entries' keys.

    `fields_compared` is False when the two were written in different formats, so that only whole entries can be told.
    """

    since: str
    until: str
    entries: dict[Key, Change] = field(default_factory=dict)
    fields_compared: bool = True

    def of_kind(self, kind: Kind) -> list[Change]:
        """Those that were added, removed or changed, in the order of the file."""
        return [change for change in self.entries.values() if change.kind == kind]

    def then(self, later: "Changes") -> "Changes":
        """What both steps come to; `later` begins where this one ends."""
        total = Changes(self.since, later.until, dict(self.entries), self.fields_compared and later.fields_compared)
        for key, change in later.entries.items():
            earlier = total.entries.pop(key, None)
            both = change if earlier is None else earlier.then(change)
            if both is not None:
                total.entries[key] = both
        return total

    def told(self) -> bytes:
        """As JSON."""
        entries = [{"key": key, **asdict(change)} for key, change in self.entries.items()]
        return orjson.dumps({**asdict(replace(self, entries={})), "entries": entries})

    @classmethod
    def read(cls, path: Path) -> "Changes":
        """Those in a file of ours. Raises OSError, ValueError when it is damaged."""
        told = read_json(path)
        try:
            entries = {tuple(each.pop("key")): Change(**each) for each in told.pop("entries")}
            return cls(**told, entries=entries)
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"{path.name} is damaged: {exc!r}") from exc


def compare(old: VersionFile, new: VersionFile) -> Changes:
    """What changed from one version to another. Raises OSError.

    What cannot be read in either is passed over; entries that are carried over belong to a version as those of its file
    do. A column that only one of the files has is no change of its entries.
    """
    old_file, new_file = ListFile(old.path), ListFile(new.path)
    is_same_format = old_file.layout.format == new_file.layout.format
    left_out = set(_NOT_COMPARED)
    if is_same_format:
        left_out |= set(old_file.layout.columns) ^ set(new_file.layout.columns)
    older, newer = _places(old, old_file, left_out), _places(new, new_file, left_out)
    shared = _shared_keys(older) | _shared_keys(newer)
    before, after = _keyed(older, shared), _keyed(newer, shared)
    found = Changes(old.version, new.version, fields_compared=is_same_format)
    with old.path.open("rb") as old_content, new.path.open("rb") as new_content:
        for key, place in after.items():
            earlier = before.pop(key, None)
            if earlier is not None and (not is_same_format or earlier.digest == place.digest):
                continue
            record = place.record(new_content, new_file.layout)
            values = _values(record.raw, left_out)
            if earlier is None:
                found.entries[key] = _change("added", record, {}, values)
                continue
            was = _values(earlier.record(old_content, old_file.layout).raw, left_out)
            differ = [each for each in {**was, **values} if was.get(each) != values.get(each)]
            if differ:
                sides = ({each: side[each] for each in differ if each in side} for side in (was, values))
                found.entries[key] = _change("changed", record, *sides)
        for key, place in before.items():
            record = place.record(old_content, old_file.layout)
            found.entries[key] = _change("removed", record, _values(record.raw, left_out), {})
    return found


def keep_step(store: ListStore, step: Changes) -> None:
    """Keep what changed from a version in force to the next. Raises OSError."""
    path = _path(store, step.since, step.until)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, step.told())


def changes_since(store: ListStore, version: str) -> Changes | None:
    """What changed from `version`, the last time that it was in force, to the version that was put in force last.

    None when it never was, was too long ago, or what is kept of it is damaged. Raises OSError.
    """
    history = [each.sha256 for each in store.history()]
    if version not in history:
        return None
    last = len(history) - 1 - history[::-1].index(version)
    total = Changes(version, version)
    for since, until in pairwise(history[last:]):
        try:
            total = total.then(Changes.read(_path(store, since, until)))
        except (FileNotFoundError, ValueError):
            return None
    return total


def _path(store: ListStore, since: str, until: str) -> Path:
    return store.root / "changes" / f"{since}-{until}.json"


@dataclass(slots=True)
class _Place:
    """Where an entry of a version is: in its file, or among those that are carried over; and what tells it."""

    key: Key
    name: str
    offset: int
    length: int
    digest: int
    carried: CarriedEntry | None = None

    def record(self, content: BinaryIO, layout: Layout) -> Record:
        if self.carried is not None:
            return self.carried.record
        content.seek(self.offset)
        return record_at(content.read(self.length), 0, layout)


def _places(version: VersionFile, file: ListFile, left_out: Collection[str]) -> list[_Place]:
    found = list[_Place]()
    unreadable = {row.number for row in version.unreadable}

    def take(record: Record, carried: CarriedEntry | None = None) -> None:
        name, digest = tidy(str(record.raw.get("name") or "")), _digest(_values(record.raw, left_out))
        found.append(_Place(key_of(record.raw), name, record.offset, record.length, digest, carried))

    with suppress(ProviderGarbled):
        for record in file.records():
            if record.broken is None and record.number not in unreadable:
                take(record)
    for each in version.carried:
        take(each.record, each)
    return found


def _shared_keys(places: Iterable[_Place]) -> set[Key]:
    """The keys that several entries have: the agency's number is not unique."""
    return {key for key, times in Counter(place.key for place in places).items() if times > 1}


def _keyed(places: Iterable[_Place], shared: Collection[Key]) -> dict[Key, _Place]:
    """Each entry by its key. Of those that share one the name belongs to it, and of one name, which of them it is."""
    found, met = dict[Key, _Place](), Counter[Key]()
    for place in places:
        key = place.key if place.key not in shared else (*place.key, place.name.casefold())
        met[key] += 1
        found[key if met[key] == 1 else (*key, f"#{met[key]}")] = place
    return found


def _values(raw: Values, left_out: Collection[str]) -> dict[str, object]:
    return {column: value for column, value in raw.items() if value and column not in left_out}


def _digest(values: Values) -> int:
    """Equal for equal values of this process. (Of a CSV record all values are texts.)"""
    try:
        return hash(tuple(values.items()))
    except TypeError:
        return hash(orjson.dumps(values, option=orjson.OPT_SORT_KEYS))


def _change(kind: Kind, record: Record, before: Values, after: Values) -> Change:
    source = tidy(str(record.raw.get("source") or ""))
    return Change(kind, list_named(source).code or source, tidy(str(record.raw.get("name") or "")), before, after)


def _there(values: Values) -> Values:
    return {each: value for each, value in values.items() if value is not None}
