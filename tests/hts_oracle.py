"""Rows of the tariff for the tests, and a slow second opinion on what they inherit.

`CHAPTERS` holds a few rows written here and, where the folder of samples is there, whole chapters of the real schedule.
The oracle knows nothing of the product: it walks backwards over the raw rows.
"""

from pathlib import Path
from typing import Any

import orjson

RawRow = dict[str, Any]
COLUMNS = ("general", "special", "other")


def raw_row(number: str, indent: int, description: str, general: str = "", **more: Any) -> RawRow:
    """A row as `exportList` sends it."""
    return {
        "htsno": number,
        "indent": str(indent),
        "description": description,
        "superior": None if number else "true",
        "units": [],
        "general": general,
        "special": "",
        "other": "",
        "footnotes": [] if number else None,
        "quotaQuantity": None,
        "additionalDuties": None,
        "addiitionalDuties": None,
    } | more


def endnote(text: str) -> list[dict[str, Any]]:
    """The footnotes of a row that has one."""
    return [{"columns": ["general"], "value": text, "type": "endnote"}]


BATTERIES = [
    raw_row("8507", 0, "Electric storage batteries, including separators therefor:"),
    raw_row("8507.60.00", 1, "Lithium-ion batteries", "3.4%", special="Free (A,AU)", other="40%")
    | {"footnotes": endnote("See 9903.88.15 and 9903.91.01. ")},
    raw_row("8507.60.00.10", 2, "Of a kind used in electrically powered vehicles", units=["No.", "kg"]),
    raw_row("8507.60.00.20", 2, "Other ", units=["No.", "kg"], footnotes=endnote("See 9903.88.69. ")),
    raw_row("8507.80", 1, "Other storage batteries:"),
    raw_row("8507.80.82.00", 3, "Other", "3.4%", other="40%"),
    raw_row("", 1, "Parts:"),
    raw_row("8507.90.40.00", 2, "Of lead-acid storage batteries", "3.5%", special="Free (A,AU)", other="40%"),
]
TOYS = [
    raw_row("9503.00.00", 0, "Tricycles, scooters and similar wheeled toys", "Free", other="70%"),
    raw_row("", 1, "Labeled for age:"),
    raw_row("9503.00.00.11", 2, "Under 3 years of age", units=["No."]),
]
CHINA = [
    raw_row("", 0, "Articles the product of China:"),
    raw_row(
        "9903.88.15", 1, "As provided for in U.S. note 20(r)", "The duty provided in the applicable subheading + 7.5%"
    ),
    raw_row(
        "9903.88.69",
        1,
        "Effective with respect to entries on or after June 15, 2024 and through May 31, 2025, articles each covered "
        "by an exclusion granted by the U.S. Trade Representative",
        "The duty provided in the applicable subheading",
    ),
]
CHINA_2024 = [
    raw_row(
        "9903.91.01",
        0,
        "Effective with respect to entries on or after September 27, 2024, articles the product of China",
        "The duty provided in the applicable subheading + 25%",
    ),
]
SAFEGUARDS = [
    raw_row("", 0, "Beef:"),
    raw_row("9904.02.01", 1, "Valued less than 30¢/kg", additionalDuties="66.6¢/kg"),
    raw_row("9904.02.02", 1, "Valued 30¢/kg or more", additionalDuties=" "),
]

SAMPLES = (Path(__file__).parents[1] / "../shared/samples/hts").resolve()
CHAPTERS: dict[str, list[RawRow]] = {
    "written here": [*BATTERIES, *TOYS, *CHINA, *CHINA_2024, *SAFEGUARDS],
    **{path.stem: orjson.loads(path.read_bytes()) for path in sorted(SAMPLES.glob("chapter_*.json"))},
}


def ancestors(rows: list[RawRow], at: int) -> list[int]:
    """The positions of the rows that row `at` stands under, nearest first."""
    found, indent = [], int(rows[at]["indent"])
    for above in range(at - 1, -1, -1):
        if indent == 0:
            break
        if int(rows[above]["indent"]) < indent:
            found.append(above)
            indent = int(rows[above]["indent"])
    return found


def rated_position(rows: list[RawRow], at: int) -> int | None:
    """Where the rates of row `at` stand: the nearest row, itself first, with a general rate; else with any."""
    upwards = [at, *ancestors(rows, at)]
    for stated in (["general"], ["general", "special", "other"]):
        for each in upwards:
            if any(rows[each][column].strip() for column in stated):
                return each
    return None
