"""Which two letters name a country: ISO 3166-1 alpha-2, state of 2026, and XK, which agencies use for Kosovo."""

from itertools import groupby

__all__ = ["COUNTRIES", "COUNTRY_PATTERN"]

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""

COUNTRIES = frozenset(_CODES.split())


def _in_either_case(letters: str) -> str:
    return "".join(f"{each}{each.lower()}" for each in letters)


def _pattern() -> str:
    by_first = groupby(sorted(COUNTRIES), key=lambda code: code[0])
    pairs = (
        f"[{_in_either_case(first)}][{_in_either_case(''.join(code[1] for code in codes))}]"
        for first, codes in by_first
    )
    return rf"^\s*(?:{'|'.join(pairs)})\s*$"


#: The same as a regular expression, for schemas: in either case, blanks around it.
COUNTRY_PATTERN = _pattern()
