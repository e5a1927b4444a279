"""Which of a file's columns is which of ours: by name, or as the caller maps them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.batches.file_faults import FileFault
from service.batches.rows import COLUMNS
from tools.query_faults import FaultCollector

__all__ = ["KNOWN_AS", "Columns", "columns_of", "known_columns", "parse_mapping"]

#: Names that columns have elsewhere, letters and digits alone; of several in one file the first one here is taken.
#: `id` is none of them: it may be the caller's own number, or that of a passport. So a caller has to say which.
KNOWN_AS: Mapping[str, tuple[str, ...]] = {
    "name": (
        *("name", "fullname", "partyname", "legalname", "companyname", "company", "entityname", "customername"),
        *("suppliername", "vendorname", "accountname", "businessname", "counterparty", "counterpartyname"),
        *("organization", "organisation", "organizationname", "organisationname"),
        *("firma", "firmenname", "firmenbezeichnung", "unternehmen", "kundenname", "lieferantenname"),
        *("nom", "raisonsociale", "nombre", "razonsocial", "ragionesociale"),
    ),
    "ref": (
        *("ref", "reference", "refno", "refnumber", "referenceno", "referencenumber", "externalref", "externalid"),
        *("customerid", "customerno", "customernumber", "supplierid", "supplierno", "vendorid", "vendorno"),
        *("accountid", "clientid", "partnerid", "partyid", "recordid", "rowid"),
        *("referenz", "kdnr", "kundennr", "kundennummer", "kundenid", "lieferantennr", "lieferantennummer"),
    ),
    "type": ("type", "partytype", "entitytype"),
    "country": (
        *("country", "countrycode", "countryiso", "countryiso2", "isocountry", "countryname", "ctry", "land", "pays"),
        *("pais", "país", "paese", "countryofresidence", "residencecountry", "addresscountry"),
        *(
            "countryofincorporation",
            "countryofregistration",
            "jurisdiction",
            "nation",
            "страна",
            "国家",
            "ülke",
            "kraj",
        ),
    ),
    "nationality": (
        *(
            "nationality",
            "nationalities",
            "citizenship",
            "citizen",
            "staatsangehörigkeit",
            "nationalität",
            "nationalite",
        ),
        *("nationalité", "nacionalidad", "nazionalità"),
    ),
    "address": (
        *("address", "fulladdress", "postaladdress", "registeredaddress", "addressline", "addressline1", "address1"),
        *("streetaddress", "street", "anschrift", "adresse"),
        *("direccion", "dirección", "indirizzo"),
    ),
    "dob": ("dob", "dateofbirth", "birthdate", "birthday", "geburtsdatum", "datedenaissance", "fechadenacimiento"),
    "ids": (
        *("ids", "identifiers", "identifier", "idnumbers", "idnumber", "taxid", "taxnumber", "vatid", "vatnumber"),
        *("passport", "passportno", "passportnumber", "imo", "imonumber", "registrationno", "registrationnumber"),
    ),
}
#: Where several columns are called so, none is read.
_MAY_BE_LEFT = frozenset({"nationality", "address"})
#: Beside one of these, `name` is but a part of a name.
_PARTS_OF_A_NAME = frozenset(
    {"firstname", "forename", "givenname", "vorname", "prenom", "lastname", "surname", "familyname", "nachname"}
)
#: So many names are told of columns that are not read, and so much of each.
_MOST_TOLD, _MOST_CHARACTERS = 100, 100
_NEXT_PAIR = re.compile(rf",(?=\s*(?:{'|'.join(COLUMNS)})\s*=)")
_EXPLANATION = re.compile(r"[,(\[:/]")
_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """`used` is ours -> theirs; `ignored` are theirs that are not read, the first hundred."""

    used: Mapping[str, str]
    ignored: tuple[str, ...]


def columns_of(
    theirs: Sequence[str], mapping: Mapping[str, str], *, may_lack: bool = False
) -> tuple[Columns, dict[str, int]]:
    """Which of `theirs` is read as what, and where each of ours stands in it.

    `mapping` is ours -> theirs and counts for more than names do; an empty theirs: that column of ours is not read.
    Raises FileFault when there is no column for the name, no telling which, or (unless they `may_lack`) none that the
    mapping names.
    """
    by_name: dict[str, list[int]] = {}
    for at, each in enumerate(theirs):
        by_name.setdefault(_plain(each), []).append(at)
    places: dict[str, int] = {}
    missing: list[str] = []
    for ours, wanted in mapping.items():
        place = _mapped(wanted, theirs, by_name) if wanted else None
        if place is not None:
            places[ours] = place
        elif wanted and (ours == "name" or not may_lack):
            missing.append(f"no column is called {wanted[:60]!r}, which is to hold {ours}")
    if missing:
        there = ", ".join(repr(each.strip()[:40]) for each in theirs[:20])
        raise FileFault("no_such_column", f"{'; '.join(missing)}: {there}")
    for ours, names in KNOWN_AS.items():
        found = next((each for each in names if each in by_name), None)
        if ours in mapping:
            continue
        if found is None:
            begins = [at for at, each in enumerate(theirs) if _head(each) in names and at not in places.values()]
            if len(begins) == 1:
                places[ours] = begins[0]
            continue
        free = [at for at in by_name[found] if at not in places.values()]
        if len(free) > 1 and ours in _MAY_BE_LEFT:
            continue
        if len(free) > 1:
            raise FileFault("ambiguous_columns", f"{len(free)} columns are called {theirs[free[0]][:100]!r}")
        if free:
            places[ours] = free[0]
    if "name" not in places:
        told = ", ".join(repr(each.strip()[:40]) for each in theirs[:20])
        raise FileFault(
            "no_name_column", f"no column is known to hold the name; say which one does, as in map=name=...: {told}"
        )
    if "name" not in mapping and _head(theirs[places["name"]]) in ("name", "nom"):
        part = next((each for each in theirs if _plain(each) in _PARTS_OF_A_NAME), None)
        if part is not None:
            raise FileFault(
                "split_name",
                f"the column {part.strip()[:40]!r} stands beside {theirs[places['name']].strip()[:40]!r}: a party is "
                "screened by its whole name; put it into one column, or say map=name=... when one column has it",
            )
    used = {ours: _told(theirs[at]) for ours, at in places.items()}
    ignored = [_told(each) for at, each in enumerate(theirs) if at not in places.values() and each.strip()]
    return Columns(used, tuple(ignored[:_MOST_TOLD])), places


def known_columns(theirs: Sequence[str], mapping: Mapping[str, str]) -> int:
    """Return how many columns of ours are found among `theirs`, whether or not they will do."""
    plain = {_plain(each) for each in theirs} | {_head(each) for each in theirs}
    known = {ours for ours, names in KNOWN_AS.items() if ours not in mapping and not plain.isdisjoint(names)}
    return len(known) + sum(bool(wanted) and not plain.isdisjoint({_plain(wanted)}) for wanted in mapping.values())


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """What callers write as `name=Company,ref=Kd-Nr`, in one text or in several: ours -> theirs.

    A comma separates only before one of our names. Raises InvalidQuery (`map`), with all that is wrong.
    """
    found: dict[str, str] = {}
    faults = FaultCollector()
    for text in texts:
        for pair in _NEXT_PAIR.split(text):
            ours, sign, theirs = pair.partition("=")
            ours, theirs = ours.strip(), theirs.strip()
            if not sign or ours not in COLUMNS:
                faults.add(
                    "map", f"{pair[:60]!r} is not one of {', '.join(COLUMNS)}, followed by = and a column's name"
                )
            elif ours in found:
                faults.add("map", f"{ours} is given more than once")
            elif not theirs and ours == "name":
                faults.add("map", "name must be a column of the file")
            else:
                found[ours] = theirs
    both = [theirs for theirs in found.values() if theirs and list(found.values()).count(theirs) > 1]
    if both:
        faults.add("map", f"{both[0][:60]!r} cannot be two columns of ours")
    faults.raise_if_any()
    return found


def _mapped(wanted: str, theirs: Sequence[str], by_name: Mapping[str, list[int]]) -> int | None:
    exact = [at for at, each in enumerate(theirs) if each.strip() == wanted]
    alike = [at for at, each in enumerate(theirs) if each.strip().casefold() == wanted.casefold()]
    found = exact or alike or by_name.get(_plain(wanted) or wanted, [])
    if len(found) > 1:
        raise FileFault("ambiguous_columns", f"{len(found)} columns are called {wanted[:60]!r}")
    return found[0] if found else None


def _told(name: str) -> str:
    # JSON may have half a character in a member's name.
    return name.strip()[:_MOST_CHARACTERS].encode("utf-8", "replace").decode()


def _head(name: str) -> str:
    """What stands before an explanation: `Name, legal or trading`, `Date of birth (YYYY-MM-DD)`."""
    return _plain(_EXPLANATION.split(name, maxsplit=1)[0])


def _plain(name: str) -> str:
    return _NO_LETTERS.sub("", name.casefold())
