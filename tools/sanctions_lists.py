"""The lists of the Consolidated Screening List: what each is called, and what a hit on it asks of people.

Data with a date, `POLICY_VERSION`. Every row names its public basis and how sure we are of it; nothing is said beyond
its row. Source of the strings: the files and the importer of the International Trade Administration (trade.gov).
"""

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "LISTS",
    "NOT_COVERED",
    "POLICY_VERSION",
    "UNKNOWN_LIST",
    "VERIFY",
    "Action",
    "ScreeningList",
    "list_named",
]

POLICY_VERSION = "2026-11-30"

#: The Consolidated Screening List's own condition of use.
VERIFY = "Verify on the official list and in the Federal Register before acting."

#: Lists that people may take for granted, and that the Consolidated Screening List does not hold.
NOT_COVERED = (
    "UFLPA Entity List (forced labor; the import party list)",
    "withhold-release orders",
    "EU consolidated financial sanctions list",
    "UN Security Council consolidated list",
    "UK sanctions list",
    "Boycott Requester List (15 CFR 760)",
    "Military-intelligence end users, MIEU (15 CFR 744.22; never in the Consolidated Screening List)",
    "entities that listed parties own (50 % rules)",
)

Confidence = Literal["sure", "likely", "sure and likely"]

_AFFILIATES = (
    "BIS's Affiliates Rule (50 %) was suspended from 2025-11-10 to 2026-11-09 and returns by itself on 2026-11-10: "
    "treat it as in force until an extension is verified."
)
_OFAC_50 = "Reaches entities owned 50 % or more by listed parties, in aggregate, directly or not."
_NO_50 = "OFAC's 50 % rule does not apply to this list."
_NO_RULE = "No ownership rule is recorded here for this list."


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a hit asks of people: a code, words, and the legal basis.

    `direction` says which trade it is about, `about_imports` whether it bars or burdens an import by itself.
    """

    code: str
    direction: str
    about_imports: str
    meaning: str
    legal_basis: str
    confidence: Confidence
    ownership: str
    then: str = VERIFY
    policy_version: str = POLICY_VERSION


@dataclass(frozen=True, slots=True)
class ScreeningList:
    """One list: its code (None: not known to us), the agency's full string, and its action."""

    code: str | None
    name: str
    action: Action


_ROWS = (
    ScreeningList(
        "SDN",
        "Specially Designated Nationals (SDN) - Treasury Department",
        Action(
            code="stop_block",
            direction="import and export",
            about_imports="yes",
            meaning="No dealings unless authorised; property is blocked or the transaction rejected, and reported "
            "within 10 business days.",
            legal_basis="31 CFR chapter V; 31 CFR 501.603, 501.604",
            confidence="sure",
            ownership=f"{_OFAC_50} {_AFFILIATES}",
        ),
    ),
    ScreeningList(
        "FSE",
        "Foreign Sanctions Evaders (FSE) - Treasury Department",
        Action(
            code="stop_no_block",
            direction="import and export",
            about_imports="yes",
            meaning="Transactions by U.S. persons are prohibited; property is not blocked.",
            legal_basis="E.O. 13608",
            confidence="likely",
            ownership=_NO_RULE,
        ),
    ),
    ScreeningList(
        "SSI",
        "Sectoral Sanctions Identifications List (SSI) - Treasury Department",
        Action(
            code="restricted",
            direction="export",
            about_imports="rarely",
            meaning="Per directive: new debt or equity; directive 4: goods and services for oil projects. Not blocked.",
            legal_basis="E.O. 13662; 31 CFR 589",
            confidence="sure",
            ownership=_OFAC_50,
        ),
    ),
    ScreeningList(
        "MBS",
        "Non-SDN Menu-Based Sanctions List (NS-MBS List) - Treasury Department",
        Action(
            code="read_entry",
            direction="as the entry says",
            about_imports="per entry",
            meaning="Only the measures that the entry names; not a blocking list as such.",
            legal_basis="CAATSA section 235 (sure); E.O. 14024 (likely)",
            confidence="sure and likely",
            ownership="OFAC's 50 % rule does not apply to CAATSA section 235 measures; other measures: read the entry.",
        ),
    ),
    ScreeningList(
        "CAP",
        "Capta List (CAP) - Treasury Department",
        Action(
            code="banking",
            direction="payment",
            about_imports="payment",
            meaning="Correspondent or payable-through accounts are barred or conditioned; the payment route is the "
            "issue.",
            legal_basis="31 CFR 561; E.O. 14024 directive 2",
            confidence="sure",
            ownership=_NO_RULE,
        ),
    ),
    ScreeningList(
        "CMIC",
        "Non-SDN Chinese Military-Industrial Complex Companies List (CMIC) - Treasury Department",
        Action(
            code="securities",
            direction="securities",
            about_imports="no",
            meaning="No dealing in its publicly traded securities; trade in goods is unaffected.",
            legal_basis="E.O. 13959 as amended by E.O. 14032; 31 CFR 586",
            confidence="sure",
            ownership=_NO_50,
        ),
    ),
    ScreeningList(
        "PLC",
        "Palestinian Legislative Council List (PLC) - Treasury Department",
        Action(
            code="reject",
            direction="payment",
            about_imports="payment",
            meaning="Banks reject transactions; property is not blocked.",
            legal_basis="31 CFR 594, 595, 597",
            confidence="likely",
            ownership=_NO_RULE,
        ),
    ),
    ScreeningList(
        "DPL",
        "Denied Persons List (DPL) - Bureau of Industry and Security",
        Action(
            code="stop_export",
            direction="export",
            about_imports="no",
            meaning="No dealing in items subject to the EAR contrary to the order. Where standard_order is N: read the "
            "order.",
            legal_basis="15 CFR 736.2(b)(4); 15 CFR part 764, supplement 1",
            confidence="sure",
            ownership=_NO_RULE,
        ),
    ),
    ScreeningList(
        "EL",
        "Entity List (EL) - Bureau of Industry and Security",
        Action(
            code="licence",
            direction="export",
            about_imports="no",
            meaning="A licence is required for the items that the entry names when it is purchaser, consignee or "
            "end-user; exceptions are generally unavailable. license_policy is BIS's review posture, not a permission. "
            "Bare addresses are likely to be listed too.",
            legal_basis="15 CFR 744.11, 744.16; 15 CFR part 744, supplement 4",
            confidence="sure",
            ownership=_AFFILIATES,
        ),
    ),
    ScreeningList(
        "MEU",
        "Military End User (MEU) List - Bureau of Industry and Security",
        Action(
            code="licence",
            direction="export",
            about_imports="no",
            meaning="A licence is required for items of supplement 2; the list is not exhaustive.",
            legal_basis="15 CFR 744.21; 15 CFR part 744, supplement 7",
            confidence="sure",
            ownership=_AFFILIATES,
        ),
    ),
    ScreeningList(
        "UVL",
        "Unverified List (UVL) - Bureau of Industry and Security",
        Action(
            code="due_diligence",
            direction="export",
            about_imports="no",
            meaning="No licence exceptions; a UVL statement before exports that need no licence; EEI filing.",
            legal_basis="15 CFR 744.15, 740.2(a)(17), 758.1",
            confidence="sure",
            ownership=_NO_RULE,
        ),
    ),
    ScreeningList(
        "DTC",
        "ITAR Debarred (DTC) - State Department",
        Action(
            code="stop_itar",
            direction="export",
            about_imports="no",
            meaning="Barred from ITAR activity; a red flag elsewhere.",
            legal_basis="22 USC 2778(g); 22 CFR 127.7",
            confidence="sure",
            ownership=_NO_RULE,
        ),
    ),
    ScreeningList(
        "ISN",
        "Nonproliferation Sanctions (ISN) - State Department",
        Action(
            code="read_notice",
            direction="export and import",
            about_imports="sometimes",
            meaning="Procurement and licence bans, sometimes an import ban, often limited in time.",
            legal_basis="the Federal Register notice; INKSNA, AECA",
            confidence="likely",
            ownership=_NO_RULE,
        ),
    ),
)

#: The 13 lists by code, in the order of their codes.
LISTS = {str(row.code): row for row in sorted(_ROWS, key=lambda row: str(row.code))}

#: The action for a source string that is none of the 13: the most severe one, until somebody has read the entry.
UNKNOWN_LIST = Action(
    code=LISTS["SDN"].action.code,
    direction="unknown",
    about_imports="unknown",
    meaning="The agency names a list that we do not know. Treat it as the most severe one until you have read it.",
    legal_basis="unknown",
    confidence="sure",
    ownership="unknown",
)

#: Rows by their full strings, as the agency writes them and in one case.
_BY_NAME = {name: row for row in _ROWS for name in (row.name, row.name.casefold())}


def list_named(source: str) -> ScreeningList:
    """The list of the agency's string `source`; one without code, and with the most severe action, if none is."""
    known = _BY_NAME.get(source) or _BY_NAME.get(" ".join(source.split()).casefold())
    return known or ScreeningList(None, source, UNKNOWN_LIST)
