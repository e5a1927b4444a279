"""FDA's import refusals as the sandbox holds them: rows of the agency's own export files.

Files: `fda/*.json`, answers of the interface (`{"result": [...]}`, or rows alone), and `fda/*.csv`, the files that FDA
offers for download. Columns that a file does not have are null. The agency's table of charges may lie beside them.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources.abc import Traversable
from typing import Any

from service.sandbox.export_files import SandboxDataError, files_of, read_json, read_table

__all__ = ["COLUMNS", "RawRefusal", "load"]

RawRefusal = Mapping[str, Any]

#: The columns of a row, in the interface's order.
COLUMNS = (
    "FEINumber",
    "FirmName",
    "AddressLine1",
    "AddressLine2",
    "City",
    "State",
    "ZipCode",
    "CountryCode",
    "CountryName",
    "DistrictCode",
    "DistrictDescription",
    "IndustryCode",
    "IndustryCodeDescription",
    "ProductCategory",
    "ProductCode",
    "ProductCodeDescription",
    "RefusalDate",
    "ShipmentID",
    "FDASampleAnalysis",
    "PrivateLabAnalysis",
    "RefusalCharges",
    "FirmProfile",
)

#: What the download files call the columns.
_DOWNLOAD = {
    "MFG_FIRM_FEI_NUM": "FEINumber",
    "LGL_NAME": "FirmName",
    "LINE1_ADRS": "AddressLine1",
    "LINE2_ADRS": "AddressLine2",
    "CITY_NAME": "City",
    "PROVINCE_STATE": "State",
    "ISO_CNTRY_CODE": "CountryCode",
    "PRODUCT_CODE": "ProductCode",
    "REFUSAL_DATE": "RefusalDate",
    "DISTRICT": "DistrictCode",
    "FDA_SAMPLE_ANALYSIS": "FDASampleAnalysis",
    "PRIVATE_LAB_ANALYSIS": "PrivateLabAnalysis",
    "REFUSAL_CHARGES": "RefusalCharges",
    "PRDCT_CODE_DESC_TEXT": "ProductCodeDescription",
}
_CHARGES_TABLE = "ASC_ID"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def load(folder: Traversable) -> tuple[RawRefusal, ...]:
    """The rows in `folder`. Raises SandboxDataError, with one line, when a file has another shape."""
    rows: list[RawRefusal] = []
    for file in files_of(folder, ".json", ".csv"):
        read = _from_csv(file) if file.name.endswith(".csv") else _from_json(file)
        for number, row in enumerate(read, 1):
            if not isinstance(row.get("RefusalDate"), str) or not _DATE.fullmatch(row["RefusalDate"]):
                raise SandboxDataError(f"sandbox data: {file}: row {number}: has no 'RefusalDate' (2026-01-31)")
            rows.append({column: row.get(column) for column in COLUMNS})
    if not rows:
        raise SandboxDataError(f"sandbox data: {folder} has no file with refusals")
    return tuple(rows)


def _from_json(file: Traversable) -> list[dict[str, Any]]:
    body = read_json(file)
    if isinstance(body, dict) and isinstance(body.get("response"), dict):
        body = body["response"]
    rows = next((body[key] for key in ("result", "rows") if key in body), None) if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SandboxDataError(f"sandbox data: {file} has no list of refusals")
    return [] if rows and _CHARGES_TABLE in rows[0] else rows


def _from_csv(file: Traversable) -> Iterator[dict[str, Any]]:
    for row in read_table(file, lambda names: set() if _CHARGES_TABLE in names else _DOWNLOAD.keys()):
        if _CHARGES_TABLE in row:
            return
        refusal: dict[str, Any] = {ours: row[theirs] for theirs, ours in _DOWNLOAD.items()}
        yield refusal | {
            "RefusalDate": _day(row["REFUSAL_DATE"]),
            "IndustryCode": row["PRODUCT_CODE"][:2],
            "RefusalCharges": row["REFUSAL_CHARGES"].replace(" ", ""),
            "ShipmentID": "/".join(
                filter(None, (row.get(key) for key in ("ENTRY_NUM", "RFRNC_DOC_ID", "LINE_NUM", "LINE_SFX_ID")))
            ),
        }


def _day(text: str) -> str:
    """`09-Dec-24` as the interface writes it; a text that is no such date stays, to be refused with its row."""
    try:
        return datetime.strptime(text.strip(), "%d-%b-%y").date().isoformat()  # noqa: DTZ007 - a date without a time
    except ValueError:
        return text.strip()
