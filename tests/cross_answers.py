"""Rulings and answers of CBP's CROSS, in the agency's shapes."""

from typing import Any

RawRuling = dict[str, Any]

RELATIONS = ("relatedRulings", "modifiedBy", "modifies", "revokedBy", "revokes")


def ruling(number: str, **more: Any) -> RawRuling:
    """A ruling as a search lists it."""
    return {
        "id": 0,
        "rulingNumber": number,
        "subject": "The tariff classification of a battery",
        "categories": "Classification",
        "rulingDate": "2006-08-08T00:00:00",
        "isUsmca": False,
        "isNafta": False,
        "collection": "ny" if number[0] == "N" else "hq",
        **{key: [] for key in RELATIONS},
        "tariffs": "8504.40.9550",
        "operationallyRevoked": False,
        "commodityGrouping": "",
    } | more


def letter(number: str, **more: Any) -> RawRuling:
    """A ruling as its own route tells it: with its text, and nulls where the search has relations."""
    return {
        **ruling(number),
        **dict.fromkeys((*RELATIONS, "tariffs", "categories")),
        "isRevokedByOperationalLaw": False,
        "text": "HQ 968227\r\n\r\nDear Sir:\fThe goods\x07are batteries.\r\n",
        "url": "/docs/hq/2006/968227.doc",
    } | more


def found(*rulings: RawRuling, total: int | None = None) -> dict[str, Any]:
    """An answer of the search."""
    return {"rulings": list(rulings), "totalHits": len(rulings) if total is None else total}
