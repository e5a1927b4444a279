"""The shapes that this version expects of the agencies' answers, as data, and how an answer differs from one. Pure.

A shape is looser than a tool's own reader where agencies leave things out by habit, and stricter where a key that is
gone would make answers poorer in silence: a reader takes no `alt_names` for "it has none". Sources of each table: the
agency's documentation where it has one, and recorded answers (2024 to 2026).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tools.payload import kind_of

__all__ = ["SHAPES", "Difference", "Shape", "differences", "shape_of"]

#: Whether a key stands in every object, in at least one of an answer's, or just where the agency has something to say.
Presence = Literal["always", "somewhere", "optional"]

#: Of what an agency calls its keys, so many characters are shown.
_KEY_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Shape:
    """A JSON value: its `kinds`, in the words of `tools.payload.kind_of`; the `keys` of an object; a list's `items`."""

    kinds: tuple[str, ...]
    presence: Presence = "always"
    keys: Mapping[str, "Shape"] | None = None
    items: "Shape | None" = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected, at `path` (`results[].name`).

    `missing`: a key is not there, in `count` of `total` objects; `unknown`: a key that this version does not know;
    `kind`: a value is `found` in place of what was `expected`.
    """

    what: Literal["missing", "unknown", "kind"]
    path: str
    count: int
    total: int
    found: str = ""
    expected: str = ""
    renamed_to: str | None = None


@dataclass(slots=True)
class _Tally:
    """What was met on the way through an answer, by path."""

    objects: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)
    shapes: dict[str, Shape] = field(default_factory=dict)


def differences(body: object, shape: Shape) -> tuple[Difference, ...]:
    """Return how `body`, decoded JSON, differs from `shape`; what is missing first. Empty: it is as expected."""
    tally = _Tally()
    _walk(body, shape, "", tally)
    missing = [each for path in tally.objects for each in _missing(path, tally)]
    wrong = [
        Difference("kind", path, count, tally.values[path], found, " or ".join(tally.shapes[path].kinds))
        for (path, found), count in tally.wrong.items()
    ]
    unknown = [
        Difference("unknown", path, count, tally.objects[_parent(path)]) for path, count in tally.unknown.items()
    ]
    return (*_with_new_names(missing, unknown), *wrong, *unknown)


def _walk(value: object, shape: Shape, path: str, tally: _Tally) -> None:
    tally.values[path] += 1
    tally.shapes[path] = shape
    kind = kind_of(value)
    if kind not in shape.kinds:
        tally.wrong[path, kind] += 1
    elif isinstance(value, dict) and shape.keys is not None:
        tally.objects[path] += 1
        for key, inner in value.items():
            below = _below(path, key)
            if key in shape.keys:
                _walk(inner, shape.keys[key], below, tally)
            else:
                tally.unknown[below] += 1
    elif isinstance(value, list) and shape.items is not None:
        for each in value:
            _walk(each, shape.items, f"{path}[]", tally)


def _missing(path: str, tally: _Tally) -> Iterator[Difference]:
    total = tally.objects[path]
    for key, shape in (tally.shapes[path].keys or {}).items():
        below = _below(path, key)
        absent = total - tally.values[below]
        if (absent and shape.presence == "always") or (absent == total and shape.presence == "somewhere"):
            yield Difference("missing", below, absent, total)


def _with_new_names(missing: Iterable[Difference], unknown: Iterable[Difference]) -> Iterator[Difference]:
    """`missing`, each with the new key that may stand in its place: where one key is gone and one is new."""
    gone, new = list(missing), list(unknown)
    for each in gone:
        beside = [other.path for other in gone if _parent(other.path) == _parent(each.path)]
        candidates = [other.path for other in new if _parent(other.path) == _parent(each.path)]
        if len(beside) == len(candidates) == 1:
            yield Difference(each.what, each.path, each.count, each.total, renamed_to=candidates[0].rpartition(".")[2])
        else:
            yield each


def _below(path: str, key: str) -> str:
    # A dot in a key would look like two keys.
    shown = key.replace(".", "_")[:_KEY_LENGTH]
    return f"{path}.{shown}" if path else shown


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


# -- the tables --

_TEXT = Shape(("a text",))
_BLANK_TEXT = Shape(("a text", "null"))
_LABEL = Shape(("a text", "a number", "null"))
_NUMBER = Shape(("a number",))
_FLAG = Shape(("a truth value",))
_TEXTS = Shape(("a list", "null"), items=_TEXT)
_ANYTHING = Shape(("a text", "a number", "a truth value", "null", "a list", "an object"))


def _optional(shape: Shape, presence: Presence = "optional") -> Shape:
    return Shape(shape.kinds, presence, shape.keys, shape.items)


def _all(shape: Shape, *keys: str) -> dict[str, Shape]:
    return dict.fromkeys(keys, shape)


def _object(keys: Mapping[str, Shape]) -> Shape:
    return Shape(("an object",), keys=keys)


def _rows(row: Shape) -> Shape:
    return Shape(("a list",), items=row)


#: 12 keys in each of 35,810 rows of `exportList` of December 2024; the misspelled one is the agency's own.
_TARIFF_ROW: Mapping[str, Shape] = {
    **_all(_TEXT, "htsno", "description"),
    "indent": Shape(("a text", "a number")),
    **_all(_BLANK_TEXT, "superior", "general", "special", "other", "quotaQuantity"),
    "units": _TEXTS,
    "footnotes": Shape(
        ("a list", "null"),
        items=_object(
            {
                "columns": _TEXTS,
                "value": _TEXT,
                **_all(_optional(_BLANK_TEXT), "type", "marker"),
            }
        ),
    ),
    "additionalDuties": _BLANK_TEXT,
    "addiitionalDuties": _optional(_BLANK_TEXT),
}
#: `search` has more than `exportList`; what the newer keys hold has not been recorded, and nothing rests on it.
_FOUND_TARIFF_ROW: Mapping[str, Shape] = {
    **_TARIFF_ROW,
    **_all(_optional(_ANYTHING), "statisticalSuffix", "effectivePeriod", "status", "score"),
}

_ADDRESS = _object(_all(_optional(_BLANK_TEXT), "address", "city", "state", "postal_code", "country"))
_IDENTIFIER = _object(
    _all(_optional(_LABEL), "type", "number") | _all(_optional(_BLANK_TEXT), "country", "issue_date", "expiration_date")
)
#: Which keys an entry has differs by list. Those of the Treasury's have what stands under "somewhere", and the name
#: that the doctor asks for is one of theirs.
_LISTED: Mapping[str, Shape] = {
    **_all(_TEXT, "source", "name"),
    "id": _LABEL,
    **_all(_optional(_TEXTS, "somewhere"), "alt_names", "programs"),
    **_all(_optional(_BLANK_TEXT, "somewhere"), "type", "source_list_url"),
    **_all(_optional(_TEXTS), "nationalities", "citizenships", "dates_of_birth", "places_of_birth"),
    "addresses": Shape(("a list", "null"), "somewhere", items=_ADDRESS),
    "ids": Shape(("a list", "null"), "somewhere", items=_IDENTIFIER),
    "entity_number": _optional(_LABEL),
    **_all(
        _optional(_BLANK_TEXT),
        *("country", "title", "start_date", "end_date", "federal_register_notice", "standard_order", "remarks"),
        *("license_requirement", "license_policy", "call_sign", "vessel_type", "vessel_flag", "vessel_owner"),
        "source_information_url",
    ),
    **_all(_optional(_LABEL), "gross_tonnage", "gross_registered_tonnage"),
    "score": Shape(("a number", "null"), "optional"),
}

#: With no columns named the interface sends all 22 (its own OpenAPI).
_REFUSAL: Mapping[str, Shape] = {
    "FEINumber": _LABEL,
    "FirmName": _TEXT,
    **_all(
        _BLANK_TEXT,
        *("AddressLine1", "AddressLine2", "City", "State", "CountryCode", "CountryName", "DistrictCode"),
        *("DistrictDescription", "IndustryCodeDescription", "ProductCategory", "ProductCode"),
        *("ProductCodeDescription", "FDASampleAnalysis", "PrivateLabAnalysis"),
    ),
    "RefusalDate": _TEXT,
    **_all(_LABEL, "ZipCode", "IndustryCode", "ShipmentID", "RefusalCharges"),
    "FirmProfile": _optional(_ANYTHING),
}

_RELATIONS = ("relatedRulings", "modifiedBy", "modifies", "revokedBy", "revokes")
#: A text since about August 2026 and a list before; some nodes may still send the list.
_TARIFFS = Shape(("a text", "a list", "null"), items=_TEXT)
_RULING: Mapping[str, Shape] = {
    "id": _optional(_LABEL),
    "rulingNumber": _TEXT,
    **_all(_BLANK_TEXT, "subject", "categories", "rulingDate", "collection"),
    **_all(_FLAG, "isUsmca", "isNafta"),
    **_all(_TEXTS, *_RELATIONS),
    "tariffs": _TARIFFS,
    "operationallyRevoked": Shape(("a truth value", "null")),
    "commodityGrouping": _optional(_BLANK_TEXT),
}
#: On the letter's own route the relations are null, even of revoked rulings, since about September 2026.
_LETTER: Mapping[str, Shape] = {
    **_RULING,
    **{name: _optional(_RULING[name]) for name in (*_RELATIONS, "operationallyRevoked")},
    "isRevokedByOperationalLaw": _optional(Shape(("a truth value", "null"))),
    "text": _TEXT,
    "url": _optional(_BLANK_TEXT),
}

#: By agency and by the first step of the path below its base URL.
SHAPES: Mapping[tuple[str, str], Shape] = {
    ("hts", "currentRelease"): _object({"name": _TEXT} | _all(_optional(_BLANK_TEXT), "title", "description")),
    ("hts", "exportList"): _rows(_object(_TARIFF_ROW)),
    ("hts", "search"): _rows(_object(_FOUND_TARIFF_ROW)),
    ("csl", "search"): _object(
        {
            "total": _NUMBER,
            "results": _rows(_object(_LISTED)),
            # Counts by list in the newer envelope; the older one has what stands below, and both are read.
            "sources": Shape(("a list", "null"), "optional", items=_object({"value": _TEXT, "count": _NUMBER})),
            **_all(_optional(_ANYTHING), "sources_used", "search_performed_at", "offset"),
        }
    ),
    ("fda", "import_refusals"): _object(
        {
            "statuscode": _NUMBER,
            "message": _optional(_BLANK_TEXT),
            "totalrecordcount": _NUMBER,
            "resultcount": _NUMBER,
            "result": _rows(_object(_REFUSAL)),
        }
    ),
    ("cross", "search"): _object({"totalHits": _NUMBER, "rulings": _rows(_object(_RULING))}),
    ("cross", "ruling"): _object(_LETTER),
}


def shape_of(upstream: str, path: str) -> Shape | None:
    """Return what is expected of `path` below the base URL of an agency; None where nothing is written down."""
    return SHAPES.get((upstream, path.strip("/").partition("/")[0]))
