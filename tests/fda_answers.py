"""Rows and answers of FDA's Data Dashboard, in the agency's shapes."""

from typing import Any

RawRow = dict[str, Any]


def refused(number: int = 1, **more: Any) -> RawRow:
    """A row with all columns of the interface."""
    return {
        "FEINumber": f"{3000000000 + number}",
        "FirmName": f" Firm {number} Ltd",
        "AddressLine1": "1120 Somewhere Road",
        "AddressLine2": "",
        "City": "Locationville",
        "State": None,
        "ZipCode": "",
        "CountryCode": "CN",
        "CountryName": "China",
        "DistrictCode": "NYK-DO",
        "DistrictDescription": None,
        "IndustryCode": "16",
        "IndustryCodeDescription": "Fishery/Seafood Prod",
        "ProductCategory": "Foods",
        "ProductCode": "16AGT64",
        "ProductCodeDescription": "TUNA",
        "RefusalDate": "2026-08-06",
        "ShipmentID": f"1FX-{number}-0/20002/1",
        "FDASampleAnalysis": "No ",
        "PrivateLabAnalysis": "Yes ",
        "RefusalCharges": "118,508",
        "FirmProfile": None,
    } | more


def success(*rows: RawRow, total: int | None = None) -> dict[str, Any]:
    """The answer with `rows`; `total` stands in it when given."""
    counts = {} if total is None else {"totalrecordcount": total}
    return {"statuscode": 400, "message": "Success.", **counts, "resultcount": len(rows), "result": list(rows)}


NO_RESULTS = {"statuscode": 412, "message": "No results found."}
