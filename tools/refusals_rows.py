"""Reads what FDA's Data Dashboard answers: the status in the body, and rows of refused lines.

Source: the interface's documentation at datadashboard.fda.gov. Its status travels in the body and has numbers of its
own: 400 is success, 412 is "no results". HTTP says 200 to all of them, as far as is known.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from tools.errors import ProviderFailed, ProviderGarbled, ProviderRejected
from tools.exchange import Response, Verdict, judge
from tools.payload import Fields, Unread, tidy
from tools.refusals_charges import Charge, charge_of

__all__ = ["Page", "Refusal", "charge_ids", "judge_refusals", "read_page", "read_refusal", "refused_on"]

_UPSTREAM = "fda"
_SUCCESS = 400
_NO_RESULTS = 412
#: Of so many rows one column is missing by a change of the interface, not by chance.
_MANY_ROWS = 10
#: With no columns named, the interface sends all of these.
_COLUMNS = frozenset(
    {"FEINumber", "FirmName", "AddressLine1", "AddressLine2", "City", "State", "ZipCode", "CountryCode", "CountryName"}
    | {"DistrictCode", "DistrictDescription", "IndustryCode", "IndustryCodeDescription", "ProductCategory"}
    | {"ProductCode", "ProductCodeDescription", "RefusalDate", "ShipmentID", "FDASampleAnalysis"}
    | {"PrivateLabAnalysis", "RefusalCharges"}
)


# Not frozen, which would make one thrice as dear; all the same, nobody changes one.
@dataclass(slots=True, kw_only=True)
class Refusal:
    """One refused line of an entry; several lines may belong to one shipment.

    The firm is the manufacturer or shipper. `shipment_id` is the agency's and opaque. A line is refused because it
    appears to violate the law (FD&C Act 801(a)). What the agency left blank, or sent in a shape that cannot be read, is
    None.
    """

    firm: str | None
    fei: str | None
    address: str | None
    city: str | None
    state: str | None
    zip_code: str | None
    country: str | None
    country_name: str | None
    product_code: str | None
    product: str | None
    product_category: str | None
    industry_code: str | None
    industry: str | None
    district_code: str | None
    district: str | None
    refused_on: date | None
    charges: tuple[Charge, ...]
    shipment_id: str | None
    fda_sample_analysis: str | None
    private_lab_analysis: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they came. `total` is the agency's count, where it was asked and given.

    `received` counts the rows with those that are none.
    """

    rows: tuple[Fields, ...]
    total: int | None
    received: int


def read_page(response: Response, unread: list[Unread]) -> Page:
    """Return the rows of an answer; what of them cannot be read is put into `unread`, now or when it is looked at.

    Raises ProviderRejected, ProviderFailed or ProviderGarbled: those never read as "none".
    """
    # Whether HTTP's own status repeats that of the body is not known; of "no results" it may.
    if response.status != _NO_RESULTS:
        response.require_ok()
    # The documentation has errors both as an object and as a list of such objects.
    body = response.json()
    is_list = isinstance(body, list)
    envelope = Fields.of(body[0] if isinstance(body, list) and body else body, _UPSTREAM, "the answer")
    status = envelope.count("statuscode")
    if status == _NO_RESULTS:
        return _no_results(envelope)
    response.require_ok()
    if status != _SUCCESS:
        raise _refused(envelope, status)
    if is_list:
        raise envelope.garbled("success came in a list, where only errors are told so")
    came = envelope.list_due("result")
    total = envelope.count("totalrecordcount") if "totalrecordcount" in envelope.raw else None
    if envelope.count("resultcount") != len(came):
        raise envelope.garbled(f"'resultcount' is {envelope.count('resultcount')}, but {len(came)} rows came")
    if total is not None and (len(came) > total or (total and not came)):
        raise envelope.garbled(f"'totalrecordcount' is {total}, but {len(came)} rows came")
    rows = Fields.rows(came, _UPSTREAM, "row", unread)
    if came and not rows:
        raise envelope.garbled("none of its rows is an object")
    if len(rows) >= _MANY_ROWS and (gone := _COLUMNS.difference(*(row.raw for row in rows))):
        raise envelope.garbled(f"{min(gone)!r} is missing in every row")
    for row in rows:  # whatever else it has may be large, and rows are kept by the thousand
        row.raw = {name: row.raw[name] for name in _COLUMNS if name in row.raw}
    return Page(tuple(rows), total, len(came))


def judge_refusals(response: Response) -> Verdict:
    """What an answer came to, by the status in its body where it has one."""
    verdict = judge(response)
    if verdict != "ok":
        return verdict
    try:
        body = response.json()
    except ProviderGarbled:
        return "failed"
    envelope = body[0] if isinstance(body, list) and body else body
    status = envelope.get("statuscode") if isinstance(envelope, dict) else None
    if status in (_SUCCESS, _NO_RESULTS):
        return "ok"
    if isinstance(status, int) and 500 <= status < 600:
        return "retryable"
    return "rejected" if isinstance(status, int) and 401 <= status < 500 else "failed"


def _no_results(envelope: Fields) -> Page:
    if envelope.raw.get("result") or envelope.raw.get("resultcount") or envelope.raw.get("totalrecordcount"):
        raise envelope.garbled("it says that there are no results, and brings some")
    return Page((), 0, 0)


def _refused(envelope: Fields, status: int) -> ProviderRejected | ProviderFailed | ProviderGarbled:
    message = envelope.raw.get("message")
    said = f"fda answered {status}: {tidy(message)[:200] if isinstance(message, str) else 'without a message'}"
    if 401 <= status < 500:
        return ProviderRejected(said, status=status, upstream=_UPSTREAM)
    if 500 <= status < 600:
        return ProviderFailed(said, status=status, upstream=_UPSTREAM)
    return envelope.garbled(f"'statuscode' is {status}, which its documentation does not have")


def charge_ids(row: Fields) -> tuple[str, ...]:
    """The ids of a row's charges; empty when the agency names none."""
    said = row.nullable_text("RefusalCharges")
    return () if said is None else _ids_in(said)


# A few hundred combinations make up nearly all refusals.
@lru_cache(maxsize=4096)
def _ids_in(said: str) -> tuple[str, ...]:
    return tuple(each for part in said.split(",") if (each := part.strip()))


def refused_on(row: Fields) -> date | None:
    """Return the day of the refusal."""
    said = row.nullable_text("RefusalDate")
    day = None if said is None else _day(said)
    if day is None and said is not None:
        row.lacks("RefusalDate", "'RefusalDate' is not a date")
    return day


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T00:00:00(?:\.0+)?)?", text):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def read_refusal(row: Fields) -> Refusal:
    """Return one row as a refusal."""
    lines = row.nullable_texts("AddressLine1", "AddressLine2")
    firm, fei = row.nullable_texts("FirmName", "FEINumber")
    city, state = row.nullable_texts("City", "State")
    zip_code = row.nullable_text("ZipCode")
    country, country_name, product_code, product, category = row.nullable_texts(
        "CountryCode", "CountryName", "ProductCode", "ProductCodeDescription", "ProductCategory"
    )
    industry_code = row.nullable_text("IndustryCode")
    industry, district_code, district = row.nullable_texts(
        "IndustryCodeDescription", "DistrictCode", "DistrictDescription"
    )
    day = refused_on(row)
    charges = tuple(map(charge_of, charge_ids(row)))
    shipment_id = row.nullable_text("ShipmentID")
    analysis, private_analysis = row.nullable_texts("FDASampleAnalysis", "PrivateLabAnalysis")
    return Refusal(
        firm=firm,
        fei=fei,
        address=", ".join(filter(None, lines)) or None,
        city=city,
        state=state,
        zip_code=zip_code,
        country=country,
        country_name=country_name,
        product_code=product_code,
        product=product,
        product_category=category,
        industry_code=industry_code,
        industry=industry,
        district_code=district_code,
        district=district,
        refused_on=day,
        charges=charges,
        shipment_id=shipment_id,
        fda_sample_analysis=analysis,
        private_lab_analysis=private_analysis,
    )
