"""What the four agencies answer in the bench: bodies of their own shapes and usual sizes, made once.

A page of the screening list has 2 KB, an export of the tariff 10 KB, a page of rulings 50 KB.
"""

import re

import orjson

from tests.cross_answers import found, ruling
from tests.csl_answers import page, sdn
from tests.fda_answers import refused, success
from tests.hts_oracle import raw_row

__all__ = ["CROSS_PAGE", "CSL_PAGE", "FDA_PAGE", "HTS_RELEASE", "LAST_RULING", "LISTED", "body_for"]

#: The party that every page of the screening list holds. An answer without it is a wrong one.
LISTED = "BENCH TRADING COMPANY"
#: Likewise, the last one on every page of rulings.
LAST_RULING = "N300099"

#: In place of it the heading is written that was asked for.
_HEADING = b"8888"
_RANGE = re.compile(rb"[?&]from=([0-9]{4})")


def _csl_page() -> bytes:
    where = {"address": "1 Harbor Street", "city": "Port", "state": None, "postal_code": "1000", "country": "IR"}
    first = sdn(LISTED, score=80, addresses=[where], alt_names=["BENCH TRADE CO.", "BTC LIMITED"], remarks="Made up.")
    second = sdn("OTHER TRADING COMPANY", 8, score=80, addresses=[where], alt_names=["OTHER TRADE CO."])
    return orjson.dumps(page(first, second))


def _hts_export() -> bytes:
    """One heading with its lines, none of which has a footnote that leads to another one."""
    rows = [raw_row("8888", 0, "Goods of the bench, and parts thereof")]
    for number in range(1, 20):
        subheading = f"8888.{number:02}.00"
        rows += [
            raw_row(subheading, 1, f"Goods of kind {number}, whether or not assembled", "3.4%", other="40%"),
            raw_row(f"{subheading}.20", 2, "Of a kind that is described at some length", units=["No.", "kg"]),
        ]
    return orjson.dumps(rows)


def _cross_page() -> bytes:
    subject = "The tariff classification of battery packs from China, with their housings and cables"
    related = [f"N{200000 + at}" for at in range(7)]
    numbers = (f"N{300000 + at}" for at in range(100))
    return orjson.dumps(found(*(ruling(number, subject=subject, relatedRulings=related) for number in numbers)))


CSL_PAGE, CROSS_PAGE, _HTS_EXPORT = _csl_page(), _cross_page(), _hts_export()
FDA_PAGE = orjson.dumps(success(*(refused(number) for number in range(1, 11)), total=10))
HTS_RELEASE = orjson.dumps({"name": "2026HTSRev17", "title": "Revision 17 (2026)", "description": "the bench's"})


def body_for(target: bytes) -> bytes:
    """The body that answers a request for `target` (path and query). A path of no agency's gets the screening list's.

    An export is of the heading that was asked for, so that each heading is another question.
    """
    if b"/exportList" in target:
        asked = _RANGE.search(target)
        return _HTS_EXPORT if asked is None else _HTS_EXPORT.replace(_HEADING, asked[1])
    if b"/currentRelease" in target:
        return HTS_RELEASE
    if b"/import_refusals" in target:
        return FDA_PAGE
    if b"/cross/" in target:
        return CROSS_PAGE
    return CSL_PAGE
