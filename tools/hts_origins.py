"""What the schedule makes of a country of origin: column 2, and the programmes whose symbols a line prints.

Data with a date, `POLICY_VERSION`; to be derived anew from General Note 3 at each revision of the schedule. A printed
symbol is not a preference: rules of origin, direct shipment and certification decide, and none of that is here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "COLUMN_2_ORIGINS",
    "POLICY_VERSION",
    "PrintedProgramme",
    "Programme",
    "origin_named_in",
    "programmes_for",
]

POLICY_VERSION = "2026-11-23"

#: General Note 3(b); RU and BY since 2022-04-09, by P.L. 117-110.
COLUMN_2_ORIGINS = frozenset({"CU", "KP", "RU", "BY"})

Confidence = Literal["sure", "likely", "sure and likely", "sure and unsure", "unsure"]


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme: its symbols, and the origins that it is for.

    `origins` None: the list is long or changes by the year, and is not held here; no origin outside of `region` is on
    it (empty: none is known). Empty: any origin of column 1.
    """

    symbols: tuple[str, ...]
    name: str
    origins: frozenset[str] | None
    state: str
    confidence: Confidence
    region: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedProgramme:
    """A programme that a line prints, beside the rate that it prints there (`printed`).

    `lists_origin`: true, or null where the list of its countries is not held here.
    """

    symbol: str
    name: str
    printed: str
    lists_origin: Literal[True] | None
    state: str
    confidence: Confidence
    eligibility: Literal["not determined"] = "not determined"


def _only(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


_ANY = frozenset[str]()
_AGREEMENTS = {
    "AU": "Australia", "BH": "Bahrain", "CL": "Chile", "CO": "Colombia", "IL": "Israel", "JO": "Jordan",
    "KR": "Korea", "MA": "Morocco", "OM": "Oman", "PA": "Panama", "PE": "Peru", "SG": "Singapore",
}  # fmt: skip
_CBERA = _only("AG AW BS BB BZ VG CW DM GD GY HT JM MS KN LC VC TT")

_SUB_SAHARAN_AFRICA = _only(
    "AO BF BI BJ BW CD CF CG CI CM CV DJ ER ET GA GH GM GN GQ GW KE KM LR LS MG ML MR MU MW MZ NA NE NG RW SC SD SL SN "
    "SO SS ST SZ TD TG TZ UG ZA ZM ZW"
)

_PROGRAMMES = (
    Programme(
        ("A", "A*", "A+"),
        "Generalized System of Preferences",
        None,
        "Lapsed since 2021-01-01: the general rate applies; no renewal found.",
        "sure and likely",
    ),
    Programme(
        ("D",), "African Growth and Opportunity Act", None, "Ends 2026-12-31; yearly list.", "sure", _SUB_SAHARAN_AFRICA
    ),
    Programme(("E", "E*"), "Caribbean Basin Economic Recovery Act", _CBERA, "Permanent.", "likely"),
    Programme(
        ("R",),
        "Caribbean Basin Trade Partnership Act",
        _only("BB BZ CW GY HT JM LC TT"),
        "In force to 2030-09.",
        "likely",
    ),
    Programme(("P", "P+"), "CAFTA-DR", _only("CR DO SV GT HN NI"), "In force.", "sure"),
    Programme(
        ("S", "S+"),
        "USMCA",
        _only("CA MX"),
        "In force; the outcome of the review of 2026 is not known here.",
        "sure and unsure",
    ),
    *(
        Programme((code,), f"Agreement with {country}", frozenset({code}), "In force.", "sure")
        for code, country in _AGREEMENTS.items()
    ),
    Programme(("JP",), "U.S.-Japan Trade Agreement", _only("JP"), "In force.", "sure"),
    Programme(("NP",), "Nepal preference", _only("NP"), "Ended 2025-12-31.", "likely"),
    Programme(("B",), "Automotive Products Trade Act", _ANY, "By product and use.", "likely"),
    Programme(("C",), "Agreement on Trade in Civil Aircraft", _ANY, "By product and use.", "likely"),
    Programme(("K",), "Agreement on Trade in Pharmaceutical Products", _ANY, "By product.", "likely"),
    Programme(("L",), "Intermediate chemicals for dyes", _ANY, "By product.", "likely"),
    Programme(
        ("N",),
        "West Bank, Gaza Strip, qualifying industrial zones",
        None,
        "By zone.",
        "likely",
        _only("EG IL JO PS"),
    ),
    Programme(("Y",), "Insular possessions", None, "By place.", "likely", _only("AS GU MP UM VI")),
    Programme(("Z",), "Freely associated states", _only("MH FM PW"), "In force.", "likely"),
)

_BY_SYMBOL = {symbol: programme for programme in _PROGRAMMES for symbol in programme.symbols}

#: A rate and the symbols that it is for: `Free (A,AU,E*)`, `2.5% (JP)`.
_RATE_FOR = re.compile(r"(?P<rate>[^()]*)\((?P<symbols>[^()]*)\)")
_SYMBOL = re.compile(r"[A-Z]{1,2}[*+]?")

#: "Articles the product of China", at the end of a text or before "as provided for". Whatever else follows may widen
#: it: "of France, of Germany", "or where any amount of primary aluminum is smelted in Russia".
_PRODUCT_OF = re.compile(
    r"(?<!than )(?<!except )\barticles (?:that are )?the product of ([A-Z]\w+)(?:\s*:?\s*$|,\s+as provided for\b)",
    re.IGNORECASE,
)
_ANY_ORIGIN = re.compile(
    r"\b(?:products?|goods) of\b|\bany amount\b|\boriginating\b|\bcountr(?:y|ies)\b", re.IGNORECASE
)
_NAMED = {
    "austria": "AT", "canada": "CA", "china": "CN", "france": "FR", "germany": "DE", "japan": "JP", "russia": "RU",
    "ukraine": "UA",
}  # fmt: skip


def programmes_for(origin: str, special: str | None) -> tuple[PrintedProgramme, ...]:
    """The programmes that the special column `special` prints and that list `origin`, or may.

    Those for any origin of column 1 list it unless it is one of column 2. A symbol that is not in the table is shown as
    one that we do not know.
    """
    found: list[PrintedProgramme] = []
    for match in _RATE_FOR.finditer(special or ""):
        rate = " ".join(match["rate"].split())
        for symbol in (each.strip() for each in match["symbols"].split(",")):
            if not _SYMBOL.fullmatch(symbol):
                continue
            programme = _BY_SYMBOL.get(symbol) or _unknown(symbol)
            lists = _lists(programme, origin)
            if lists is not False:
                found.append(
                    PrintedProgramme(
                        symbol=symbol,
                        name=programme.name,
                        printed=rate,
                        lists_origin=lists,
                        state=programme.state,
                        confidence=programme.confidence,
                    )
                )
    return tuple(found)


def origin_named_in(texts: Iterable[str]) -> str | None:
    """The one country whose products a heading says that it is about, by its two letters; None: none, or not sure.

    `texts` are the heading's own and those that it stands under.
    """
    all_texts = tuple(texts)
    named = [each for text in all_texts for each in _PRODUCT_OF.findall(text)]
    if len(named) != sum(len(_ANY_ORIGIN.findall(text)) for text in all_texts):
        return None
    codes = {_NAMED.get(each.lower()) for each in named}
    return codes.pop() if len(codes) == 1 else None


def _unknown(symbol: str) -> Programme:
    return Programme((symbol,), "not known to us", None, "Not known to us: see General Note 3.", "unsure")


def _lists(programme: Programme, origin: str) -> bool | None:
    if origin in COLUMN_2_ORIGINS:
        return False
    if programme.origins is None:
        return False if programme.region and origin not in programme.region else None
    return not programme.origins or origin in programme.origins
