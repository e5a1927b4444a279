"""Reads entries of the Consolidated Screening List as the search interface sends them.

Source: `/v1/search` at data.trade.gov. One object per entry, nearly flat; which keys are there differs by list, and a
value that is missing may be absent, null, `""` or `[]`.
"""

from dataclasses import dataclass
from datetime import date

from tools.errors import ProviderGarbled
from tools.payload import Fields, Unread
from tools.sanctions_lists import Action, list_named

__all__ = [
    "Address",
    "EntryId",
    "ListEntry",
    "Page",
    "ScoredEntry",
    "Vessel",
    "may_hide_a_hit",
    "read_entry",
    "read_page",
]

_UPSTREAM = "csl"


@dataclass(slots=True)
class Address:
    """One address; `country` has two letters where the agency knows it."""

    address: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None


@dataclass(slots=True)
class EntryId:
    """An identifier, or what the Treasury lists store beside identifiers (gender, website, a risk)."""

    type: str | None
    number: str | None
    country: str | None
    issue_date: str | None
    expiration_date: str | None


@dataclass(slots=True)
class Vessel:
    """What a list says of a vessel."""

    call_sign: str | None
    type: str | None
    flag: str | None
    owner: str | None
    gross_tonnage: str | None
    gross_registered_tonnage: str | None


# Not frozen, which would make one thrice as dear with so many members; all the same, nobody changes one.
@dataclass(slots=True, kw_only=True)
class ListEntry:
    """One entry. `list` is its code, None when `list_name` (the agency's string) is not one of the 13 known ones.

    Dates are the agency's texts; `action` and `action_details` are the list's row of our policy table. `id` is the
    agency's own, which changes with every import on the DTC and MEU lists.
    """

    name: str
    list: str | None
    list_name: str
    list_is_known: bool
    action: str
    action_details: Action
    type: str | None
    title: str | None
    programs: tuple[str, ...]
    alt_names: tuple[str, ...]
    addresses: tuple[Address, ...]
    country: str | None
    nationalities: tuple[str, ...]
    citizenships: tuple[str, ...]
    dates_of_birth: tuple[str, ...]
    places_of_birth: tuple[str, ...]
    ids: tuple[EntryId, ...]
    vessel: Vessel | None
    start_date: str | None
    end_date: str | None
    federal_register_notice: str | None
    standard_order: str | None
    license_requirement: str | None
    license_policy: str | None
    remarks: str | None
    url: str | None
    information_url: str | None
    id: str | None

    def __hash__(self) -> int:
        # Equal entries have these in common, and hardly any others do; all members would be hashed for each entry.
        return hash((self.name, self.list_name, self.id))

    @property
    def countries(self) -> frozenset[str]:
        """Every country that the entry names, by its two letters."""
        named = {self.country, *self.nationalities, *self.citizenships}
        named.update([address.country for address in self.addresses])
        named.update([each.country for each in self.ids])
        return frozenset([code.upper() for code in named if code is not None and len(code) == 2])

    def ended_before(self, day: date) -> bool:
        """Whether its end date lies before `day`. A blank or unreadable one does not."""
        try:
            return self.end_date is not None and date.fromisoformat(self.end_date[:10]) < day
        except ValueError:
            return False


@dataclass(slots=True)
class ScoredEntry:
    """An entry with the agency's score, 0 to 1 (None: it gave none)."""

    entry: ListEntry
    score: float | None


@dataclass(slots=True)
class Page:
    """One page of a search, and what it says of the whole.

    `total` counts the entries found, `by_list` the same by list code (None: a list that we do not know); `searched`
    are the codes of the lists that were searched, where the agency says so. `unread` are values that could not be read.
    """

    total: int
    entries: tuple[ScoredEntry, ...]
    by_list: tuple[tuple[str | None, int], ...]
    searched: tuple[str | None, ...] | None
    received: int
    unread: tuple[Unread, ...]


def read_page(body: object) -> Page:
    """Return one answer of the search. Raises ProviderGarbled when that is not what an answer is made of."""
    page = Fields.of(body, _UPSTREAM, "the answer")
    total, results, unread = page.count("total"), page.list_due("results"), list[Unread]()
    if len(results) > total:
        raise page.garbled(f"'total' is {total}, but {len(results)} results came")
    entries = []
    for each in Fields.rows(results, _UPSTREAM, "result", unread):
        try:
            entries.append(ScoredEntry(read_entry(each), _score(each)))
        except ProviderGarbled as exc:  # it has no name at all
            unread.append(Unread("name", str(exc)))
    return Page(total, tuple(entries), _by_list(page), _searched(page), len(results), tuple(unread))


def may_hide_a_hit(unread: Unread) -> bool:
    """Return whether an unread value may be what the asked party would have been found by."""
    return unread.key in ("result", "name", "alt_names", "ids", "number")


def read_entry(raw: Fields) -> ListEntry:
    """Return one entry. Raises ProviderGarbled when it has no name, or when nothing is recorded and it is damaged.

    In place of a name that cannot be read stands the first alias.
    """
    name, listed_by = raw.optional_texts("name", "source")
    programs, alt_names = _lists(raw, "programs", "alt_names")
    if name is None and raw.unread is not None and alt_names:
        raw.lacks("name", "'name' cannot be read: an alias stands in the place of its name")
        name = alt_names[0]
    if name is None:
        raise raw.garbled("'name' is blank" if "name" in raw.raw else "'name' is missing")
    if listed_by is None:
        raw.lacks("source", "'source' is missing: its list is not stated")
    source = list_named(listed_by or "")
    kind, title = raw.optional_texts("type", "title")
    addresses = tuple(map(_address, raw.objects("addresses")))
    country = raw.optional_text("country")
    nationalities, citizenships, dates_of_birth, places_of_birth = _lists(
        raw, "nationalities", "citizenships", "dates_of_birth", "places_of_birth"
    )
    ids = tuple(map(_identifier, raw.objects("ids")))
    vessel = _vessel(raw)
    start_date, end_date, notice, standard_order, requirement, policy, remarks, url, about = raw.optional_texts(
        *("start_date", "end_date", "federal_register_notice", "standard_order", "license_requirement"),
        *("license_policy", "remarks", "source_list_url", "source_information_url"),
    )
    return ListEntry(
        name=name,
        list=source.code,
        list_name=source.name,
        list_is_known=source.code is not None,
        action=source.action.code,
        action_details=source.action,
        type=kind,
        title=title,
        programs=programs,
        alt_names=alt_names,
        addresses=addresses,
        country=country,
        nationalities=nationalities,
        citizenships=citizenships,
        dates_of_birth=dates_of_birth,
        places_of_birth=places_of_birth,
        ids=ids,
        vessel=vessel,
        start_date=start_date,
        end_date=end_date,
        federal_register_notice=notice,
        standard_order=standard_order,
        license_requirement=requirement,
        license_policy=policy,
        remarks=remarks,
        url=url,
        information_url=about,
        id=raw.optional_text("id"),
    )


def _lists(raw: Fields, *keys: str) -> list[tuple[str, ...]]:
    """Lists of texts; a text in the place of one has its parts separated by semicolons, as in the agency's file."""
    return [
        tuple([part for each in texts[0].split(";") if (part := each.strip())])
        if texts and type(raw.raw.get(key)) is str
        else texts
        for key, texts in zip(keys, raw.lists_of_texts(*keys), strict=True)
    ]


def _by_list(page: Fields) -> tuple[tuple[str | None, int], ...]:
    """Nothing rests on these counts but doubt, so what has another shape is passed over."""
    facets = page.raw.get("sources")
    told = [each for each in facets if type(each) is dict] if type(facets) is list else []
    counts = [(list_named(str(each.get("value"))).code, each.get("count")) for each in told]
    return tuple([(code, count) for code, count in counts if type(count) is int])


def _searched(page: Fields) -> tuple[str | None, ...] | None:
    """The older envelope (and that of the file of all lists) names the lists in place of counting by list."""
    if not page.raw.get("sources_used"):
        return None
    return tuple([list_named(each.text("source")).code for each in page.objects("sources_used")])


def _score(raw: Fields) -> float | None:
    """The agency's score: whole numbers to 100 so far; one up to 1 can only be a fraction."""
    value = raw.raw.get("score")
    if value is None:
        return None
    if (type(value) is not int and type(value) is not float) or not 0 <= value <= 100:
        raw.lacks("score", "'score' is not a number from 0 to 100")
        return None
    return float(value) if value <= 1 else round(value / 100, 4)


def _address(raw: Fields) -> Address:
    address, city, state = raw.optional_texts("address", "city", "state")
    return Address(address, city, state, raw.optional_text("postal_code"), raw.optional_text("country"))


def _identifier(raw: Fields) -> EntryId:
    kind, number = raw.optional_text("type"), raw.optional_text("number")
    return EntryId(kind, number, *raw.optional_texts("country", "issue_date", "expiration_date"))


def _vessel(raw: Fields) -> Vessel | None:
    said = raw.optional_texts(
        *("call_sign", "vessel_type", "vessel_flag", "vessel_owner", "gross_tonnage", "gross_registered_tonnage")
    )
    return Vessel(*said) if any(said) else None
