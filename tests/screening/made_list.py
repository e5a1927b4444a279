"""Writes a list of full size in the real layout: 26,000 entries and 30,000 aliases over all 13 lists, from a seed.

No name is a real party's: family names and company names are made of syllables. `python -m tests.screening.made_list
FILE` writes it; `write_made_list` does so for tests, of any size.
"""

import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.sanctions_lists import LISTS

COLUMNS = (
    *("_id", "source", "entity_number", "type", "programs", "name", "title", "addresses", "federal_register_notice"),
    *("start_date", "end_date", "standard_order", "license_requirement", "license_policy", "call_sign", "vessel_type"),
    *("gross_tonnage", "gross_registered_tonnage", "vessel_flag", "vessel_owner", "remarks", "source_list_url"),
    *("alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth", "source_information_url"),
    "ids",
)
#: Entries per list in one of 26,000, about as in 2026; all others are on the SDN list.
_SHARES = {"EL": 3400, "DTC": 1000, "ISN": 700, "DPL": 640, "SSI": 290, "UVL": 250, "MBS": 120, "MEU": 105, "CMIC": 70}
_SHARES |= {"CAP": 20, "FSE": 15, "PLC": 8}
_TREASURY = {"SDN", "SSI", "MBS", "CMIC", "CAP", "FSE", "PLC"}
_COUNTRIES = """RU IR CN SY KP CU VE MX CO IQ LB YE PK AF BY AE TR PA"""
_ENDS = ("", "", "", "ov", "ev", "in", "enko", "yan", "i", "zadeh", "ez", "ano", "ski", "pour", "uri", "ani", "ong")
_GIVEN = """
    Ahmad Ali Hassan Hussein Ibrahim Khalid Mahmoud Mohammad Mustafa Omar Reza Said Yusuf Abdul Fatima Maryam
    Alexander Andrei Boris Dmitry Igor Ivan Mikhail Nikolai Oleg Sergei Vladimir Yuri Elena Irina Natalia Olga
    Carlos Diego Francisco Jorge Jose Juan Luis Manuel Miguel Pedro Rafael Maria Ana Carmen Hong Jian Jun Li Min
    Wei Xin Yan Chol Hyok Jong Kwang Myong Song Yong Ri Kim Pak Choe Thein Aung Kyaw Zaw Joseph Paul Emmanuel
"""
_SYLLABLES = """
    ab ad al am an ar as ba be bo chi da de di do du el fa ga ge gu ha hi ho is ja jo ka ke khu ki ko la le li
    lo lu ma me mi mo mu na ne ni no nu or pa pe po qa ra re ri ro ru sa se sha shi si so su ta te ti to tu us
    va ve vi vo wa xi ya ye yo yu za ze zha zo
"""
_TRADES = """
    TRADING SHIPPING ENGINEERING INDUSTRIES INTERNATIONAL GENERAL MARINE PETROLEUM HOLDING INVESTMENT AVIATION
    BANK CONSTRUCTION ELECTRONICS TECHNOLOGY RESEARCH GROUP IMPORT EXPORT LOGISTICS TRANSPORT STEEL CHEMICAL
    MINING FOUNDATION
"""
_FORMS = ("LTD", "LLC", "CO., LTD.", "S.A.", "S.A. DE C.V.", "FZE", "CORP.", "INC.", "JSC", "OOO", "GMBH", "", "")


def write_made_list(path: Path, *, seed: int = 7, entries: int = 26_000, aliases: int = 30_000) -> None:
    """Write `entries` rows that have `aliases` aliases together. The same arguments write the same bytes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", dialect="unix")
        table.writeheader()
        table.writerows(made_rows(seed=seed, entries=entries, aliases=aliases))


def made_rows(*, seed: int = 7, entries: int = 26_000, aliases: int = 30_000) -> Iterator[dict[str, str]]:
    """The rows, by column; each list has at least one of 13 entries or more."""
    draw = random.Random(seed)
    codes = [code for code, share in _SHARES.items() for _ in range(max(1, share * entries // 26_000))]
    codes += ["SDN"] * (entries - len(codes))
    codes = sorted(codes[:entries], key=list(LISTS).index)
    counts = [0] * len(codes)
    for at in draw.choices(range(len(codes)), k=aliases):
        counts[at] += 1
    for number, (code, count) in enumerate(zip(codes, counts, strict=True), 1):
        yield _row(draw, number, code, count)


def _row(draw: random.Random, number: int, code: str, alias_count: int) -> dict[str, str]:
    kind = (
        draw.choices(("Individual", "Entity", "Vessel", "Aircraft"), (52, 40, 6, 2))[0] if code == "SDN" else "Entity"
    )
    treasury = code in _TREASURY
    country = draw.choice(_COUNTRIES.split())
    address = f"No. {draw.randint(1, 400)}, {_made(draw, 2)} Street, {_made(draw, 2)}, {country}"
    row = {
        "_id": str(number) if treasury else f"{draw.getrandbits(224):056x}",
        "source": LISTS[code].name,
        "entity_number": str(number) if treasury else "",
        "type": kind if treasury else "",
        "programs": draw.choice(("SDGT", "IRAN", "RUSSIA-EO14024", "SDNTK; SDGT")) if treasury else "",
        "name": _name(draw, kind),
        "alt_names": "; ".join(_name(draw, kind) for _ in range(alias_count)),
        "addresses": "" if kind in ("Vessel", "Aircraft") else address,
        "start_date": f"{draw.randint(1995, 2026)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        "source_list_url": "https://sanctionslist.ofac.treas.gov/Home/SdnList",
        "source_information_url": "https://ofac.treasury.gov/",
    }
    if kind == "Individual":
        row["dates_of_birth"] = f"{draw.randint(1940, 2000)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        row["nationalities"] = country
        row["ids"] = f"Passport, {chr(65 + number % 26)}{draw.randint(10**6, 10**7 - 1)}, {country}"
    elif kind == "Vessel":
        row["call_sign"] = f"{chr(65 + number % 26)}{chr(65 + number // 26 % 26)}{draw.randint(1000, 9999)}"
        row |= {"vessel_type": "Crude Oil Tanker", "vessel_flag": "Panama"}
        row["ids"] = f"Vessel Registration Identification, IMO {9_000_000 + number}"
    if not treasury:
        row["federal_register_notice"] = f"{draw.randint(60, 91)} FR {draw.randint(1000, 90000)}"
    return row


def _name(draw: random.Random, kind: str) -> str:
    if kind == "Individual":
        given = " ".join(draw.sample(_GIVEN.split(), draw.choice((1, 1, 2, 2, 3))))
        return f"{draw.choice(('', '', '', 'AL-'))}{_made(draw, 2)}{draw.choice(_ENDS)}".upper() + f", {given}"
    if kind == "Vessel":
        return " ".join(
            [_made(draw, draw.choice((2, 3))), *draw.choice(((), ("STAR",), (str(draw.randint(1, 30)),)))]
        ).upper()
    if kind == "Aircraft":
        return f"EP-{''.join(draw.choices('ABCDEFGHIJKLMNOPQRSTUVWXYZ', k=3))}"
    words = [_made(draw, draw.choice((2, 3))) for _ in range(draw.choice((1, 1, 2)))]
    return (
        " ".join([*words, *draw.sample(_TRADES.split(), draw.choice((1, 2, 2))), draw.choice(_FORMS)]).upper().strip()
    )


def _made(draw: random.Random, syllables: int) -> str:
    return "".join(draw.choices(_SYLLABLES.split(), k=syllables)).capitalize()


if __name__ == "__main__":
    write_made_list(Path(sys.argv[1]))
