"""U.S. embargoes and country programs: one table, data with a date. Each row says how sure it is, and its legal basis.

State of 2026-11-30. What the table does not say is not assessed. A row is never said to be more than it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tools.countries.regions import CONTESTED, EMBARGOED

__all__ = [
    "HIGH_PRIORITY_GOODS",
    "POLICY_VERSION",
    "TABLE_COUNTRIES",
    "Certainty",
    "Direction",
    "Level",
    "Place",
    "Program",
    "is_embargoed",
    "programs_at",
]

POLICY_VERSION = "2026-11-30"

#: `stop`: not without authorization; `review`: a person is to look; `note`: to be known, and raises nothing.
Level = Literal["stop", "review", "note"]
Direction = Literal["import", "export"]
Certainty = Literal["sure", "likely", "unsure"]
#: Where a country stands: of the goods' way, or of a party.
Place = Literal["origin", "export_country", "destination", "party", "address", "nationality"]

_BOTH: tuple[Direction, ...] = ("import", "export")


@dataclass(frozen=True, slots=True)
class Program:
    """One row: what holds for `countries` (none: any, but those of `but_for`) or for a region of one, by direction.

    `brief` is the text in a headline, beside the law. `hts` are the beginnings of tariff numbers that the row is about
    (none: all goods), digits alone; `places` those at which the country must stand (none: any).
    """

    countries: frozenset[str]
    directions: tuple[Direction, ...]
    level: Level
    text: str
    basis: str
    certainty: Certainty = "sure"
    hts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    but_for: frozenset[str] = frozenset()
    places: tuple[Place, ...] = ()
    brief: str = ""

    def is_about_goods(self, hts_digits: str | None) -> bool:
        """Whether the row is about goods of that tariff number; a shorter number may be one of them. None: unknown."""
        if not self.hts:
            return True
        if hts_digits is None:
            return False
        return any(hts_digits.startswith(each) or each.startswith(hts_digits) for each in self.hts)


def _of(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


#: HS-6 codes of the Common High Priority List (BIS with its partners, 2024-02-23), tier by tier.
HIGH_PRIORITY_GOODS = tuple(
    """
    854231 854232 854233 854239
    851762 852691 853221 853224 854800
    847150 850440 851769 852589 852910 852990 853669 853690 854110 854121 854129 854130 854149 854151 854159 854160
    848210 848220 848230 848250 880730 901310 901380 901420 901480
    847180 848610 848620 848640 853400 854320 902750 903020 903032 903039 903082
    845710 845811 845891 845961 846693
    """.split()
)
#: Country Group A:5 (15 CFR part 740, supplement 1).
_GROUP_A5 = _of(
    "AR AU AT BE BG CA HR CZ DK EE FI FR DE GR HU IS IN IE IT JP LV LT LU NL NZ NO PL PT RO SK SI KR ES SE CH TR GB US"
)
#: Russian goods whose import is banned: energy, fish and seafood, spirits, diamonds, gold, copper, nickel, aluminum,
#: low-enriched uranium.
_RUSSIAN_GOODS = (
    *(f"27{heading:02}" for heading in range(1, 17)),
    *("03", "1604", "1605", "2203", "2204", "2205", "2206", "2207", "2208", "7102", "7108", "74", "75", "76", "284420"),
)
#: Salmon, cod, pollock, crab, their roe and preparations, and diamonds, whatever country processed them last.
_RUSSIAN_ELSEWHERE = (
    *("030213", "030214", "030251", "030255", "030259", "030291", "030311", "030312", "030313", "030363", "030367"),
    *("030369", "030391", "030441", "030444", "030452", "030453", "030471", "030475", "030479", "030481", "030494"),
    *("030495", "030520", "030532", "030539", "030541", "030549", "030551", "030553", "030562", "030569", "030614"),
    *("030633", "030693", "160411", "160419", "160420", "160431", "160432", "160510", "7102"),
)

_TABLE = (
    Program(
        _of("CU"), _BOTH, "stop",
        "Comprehensive embargo: imports and exports need authorization",
        "31 CFR 515; 15 CFR 746.2; E.O. 14404",
        brief="comprehensive embargo",
    ),
    Program(
        _of("IR"), _BOTH, "stop",
        "Comprehensive embargo: prohibited unless authorized",
        "31 CFR 560.201, 560.204; 15 CFR 746.7",
        brief="comprehensive embargo",
    ),
    Program(
        _of("KP"), _BOTH, "stop",
        "Comprehensive embargo: all imports and exports",
        "31 CFR 510; E.O. 13570; 15 CFR 746.4",
        brief="comprehensive embargo",
    ),
    Program(
        _of("UA"), _BOTH, "stop",
        "Region under Russian control: embargoed, whatever country the address says",
        "E.O. 13685; E.O. 14065; 15 CFR 746.6; 31 CFR 589",
        regions=EMBARGOED,
        brief="embargoed",
    ),
    Program(
        _of("UA"), _BOTH, "review",
        "Donetsk or Luhansk oblast: on which side of the line it lies does not show",
        "E.O. 14065; 15 CFR 746.6; 31 CFR 589", "likely",
        regions=CONTESTED,
        brief="perhaps embargoed",
    ),
    Program(
        _of("UA"), _BOTH, "note",
        "Regions under Russian control are embargoed: see that the place is none of them",
        "E.O. 13685; E.O. 14065; 15 CFR 746.6; 31 CFR 589", "likely",
        brief="see that the place is in no embargoed region",
    ),
    Program(
        _of("RU"), ("export",), "stop",
        "License for everything on the Commerce Control List and for EAR99 goods of many tariff numbers; denial",
        "15 CFR 746.5, 746.8, 746.10; 31 CFR 587",
        brief="license, policy of denial",
    ),
    Program(
        _of("RU"), ("import",), "stop",
        "Banned goods: energy, fish, spirits, diamonds, gold, copper, nickel, aluminum; low-enriched uranium (waivers "
        "end by 2028)",
        "E.O. 14066, 14068, 14114; P.L. 118-62", "likely",
        hts=_RUSSIAN_GOODS,
        brief="banned goods",
    ),
    Program(
        _of("RU"), ("import",), "review",
        "Column 2 duty; some goods are banned",
        "P.L. 117-110; E.O. 14066, 14068, 14114",
    ),
    Program(
        _of("BY"), ("export",), "stop",
        "License as for Russia; delistings and general license 13 of 2026: verify",
        "15 CFR 746.5, 746.8, 746.10; 31 CFR 548", "unsure",
        brief="license as for Russia",
    ),
    Program(
        _of("BY"), ("import",), "review",
        "Column 2 duty; blocked persons; delistings and general license 13 of 2026: verify",
        "P.L. 117-110; 31 CFR 548", "unsure",
    ),
    Program(
        _of("SY"), ("export",), "review",
        "Sanctions regulations removed in 2025; still Country Groups D:5 and E:1; EAR99 by license exception SPP",
        "15 CFR 746.9; 740.5; 90 FR 42315", "likely",
        brief="still Country Groups D:5 and E:1",
    ),
    Program(
        _of("SY"), ("import",), "note",
        "Sanctions regulations removed in 2025; listed parties stay blocked",
        "E.O. 14312",
    ),
    Program(
        _of("VE"), _BOTH, "review",
        "Government of Venezuela blocked; Country Group D:5; general licenses 46 to 50 and E.O. 14373 of 2026: verify",
        "31 CFR 591; 15 CFR 744.21", "unsure",
        brief="government blocked",
    ),
    Program(
        _of("NI MM CN HK MO KH"), ("export",), "review",
        "Military end use and end users: a license may be needed",
        "15 CFR 744.21; 740 supp. 1", "likely",
        brief="military end use and end users",
    ),
    Program(
        _of("AF CF CD ER HT IQ LB LY SO SS SD YE ZW"), ("export",), "review",
        "Arms embargo or a program of listed persons",
        "22 CFR 126.1; 15 CFR 740 supp. 1 D:5; 31 CFR ch. V", "likely",
        brief="arms embargo or listings",
    ),
    Program(
        _of("ET"), ("export",), "review",
        "Police and military: verify",
        "22 CFR 126.1(n)", "unsure",
        brief="police and military: verify",
    ),
    Program(
        _of("CN"), ("import",), "note",
        "Goods made in Xinjiang are presumed made by forced labor",
        "P.L. 117-78",
        brief="Xinjiang goods presumed made by forced labor",
    ),
    Program(
        frozenset(), ("import",), "review",
        "Salmon, cod, pollock, crab and diamonds of Russian origin are banned whatever the last country: verify it",
        "E.O. 14068, 14114; OFAC FAQ 1157", "likely",
        hts=_RUSSIAN_ELSEWHERE, but_for=_of("RU US"), places=("origin", "export_country"),
        brief="Russian fish, diamonds banned",
    ),
    Program(
        frozenset(), ("export",), "review",
        "Common High Priority goods: diverted to Russia",
        "BIS Common High Priority List; 15 CFR 746.8", "likely",
        hts=HIGH_PRIORITY_GOODS, but_for=_GROUP_A5, places=("destination",),
        brief="goods diverted to Russia",
    ),
    Program(
        frozenset(), ("import",), "note",
        "Forced labor: detentions are highest by value from Malaysia, Vietnam and Thailand; origin alone does not tell",
        "P.L. 117-78", "likely",
        places=("origin",),
        brief="forced labor",
    ),
)  # fmt: skip

_NATIONALITIES = (
    Program(
        _of("CU"), _BOTH, "stop",
        "A Cuban national, wherever located, may be blocked: authorization is needed",
        "31 CFR 515.201, 515.302", "likely",
        brief="may be blocked",
    ),
    Program(
        _of("IR"), _BOTH, "review",
        "Nationality alone: see where the party is, and for whom it acts",
        "31 CFR 560", "likely",
        brief="see where the party is",
    ),
    Program(
        _of("KP"), _BOTH, "review",
        "Nationality alone: see where the party is, and for whom it acts",
        "31 CFR 510", "likely",
        brief="see where the party is",
    ),
)  # fmt: skip
#: The countries that have a row of their own.
TABLE_COUNTRIES = frozenset[str]().union(*(program.countries for program in _TABLE))
_NOTE_OF_NATIONALITY = "Nationality is not location: see where the party is"


def programs_at(
    place: Place, code: str, region: str | None, direction: Direction, hts_digits: str | None
) -> Iterator[Program]:
    """Yield the rows that hold for a country, or its region, at one place and in one direction.

    Of the country's own rows that is the first; rows of any country come beside it. Nationality is not location, and
    has rows of its own. `hts_digits` None: the goods are not known, and no row that is about some of them holds.
    """
    if place == "nationality":
        yield from _of_nationality(code)
        return
    found = False
    for program in _TABLE:
        if direction not in program.directions or not program.is_about_goods(hts_digits):
            continue
        if program.places and place not in program.places:
            continue
        if not program.countries:
            if code not in program.but_for:
                yield program
        elif not found and code in program.countries and (not program.regions or region in program.regions):
            found = True
            yield program


def _of_nationality(code: str) -> Iterator[Program]:
    own = [program for program in _NATIONALITIES if code in program.countries]
    yield from own
    if not own and code in TABLE_COUNTRIES:
        basis = next(program.basis for program in _TABLE if code in program.countries)
        yield Program(
            frozenset({code}), _BOTH, "note", _NOTE_OF_NATIONALITY, basis, "likely", brief="see where the party is"
        )


def is_embargoed(code: str) -> bool:
    """Return whether trade with the country stops in both directions, whatever the goods."""
    return any(
        program.level == "stop" and program.directions == _BOTH and not program.regions and code in program.countries
        for program in _TABLE
    )
