"""Import refusals: the lines of goods that the U.S. Food and Drug Administration refused at the border.

Source: `POST /v1/import_refusals` of FDA's Data Dashboard. Not to be taken for openFDA's enforcement reports, which are
recalls. A refused line appears to violate the law; that none is found does not make goods admissible, and import alerts
are not in this data.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from tools.agency import AgencyTool
from tools.errors import NotConfigured, ProviderRejected
from tools.exchange import Exchange, Part, Plan, Reading, Request, ask
from tools.payload import Unread, in_few_words
from tools.policy.freshness import Freshness
from tools.query_text import CountryCode, DateOnly, searchable
from tools.refusals_rows import Page, Refusal, judge_refusals, read_page
from tools.refusals_tally import ChargeCount, FirmCount, MonthCount, Tally

__all__ = ["FDAProductCode", "PageSize", "RefusalsQuery", "RefusalsResult", "RefusalsTool", "plan"]

_UPSTREAM = "fda"
#: Rows that are asked for at once. Some are refused more than 1000 or 100; 100 works for all who reported it.
_PAGE_SIZES = (5000, 1000, 100)
#: Of what cannot be read, so many values are remembered from page to page.
_UNREAD_KEPT = 100
#: How the agency may refuse a size, by a status of its own or of HTTP's; which it takes is not settled. Others name
#: another cause.
_SIZE_REFUSED, _SIZE_REFUSED_BY_HTTP = frozenset({409, 415, 417}), frozenset({400, 413, 422})
#: Pages that are asked for at most, so that small ones come to an end in time.
_MAX_PAGES = 40
_ROUND = 100
_HOUR_S = 3600.0
_FRESHNESS = Freshness(fresh_s=6 * _HOUR_S, revalidate_s=24 * _HOUR_S, on_error_s=7 * 24 * _HOUR_S)
# Rows that one answer counts at most: the newest decade of the largest country fits.
_MAX_ROWS = 100_000
_FEI = re.compile(r"[0-9]{1,10}")
_PRODUCT_CODE = re.compile(r"[0-9]{2}[A-Z][A-Z0-9-]{2,4}")


def _product_code(text: str) -> str:
    code = text.strip().upper()
    if not _PRODUCT_CODE.fullmatch(code):
        raise PydanticCustomError("fda_product_code", "must be an FDA product code, as in 16AGT64")
    return code


#: A product code of FDA's, in upper case.
FDAProductCode = Annotated[
    str,
    AfterValidator(_product_code),
    Field(json_schema_extra={"pattern": r"^\s*[0-9]{2}[A-Za-z][A-Za-z0-9-]{2,4}\s*$"}),
]


class RefusalsQuery(BaseModel):
    """Which refusals: by country, product, firm, establishment or time, one of them at least; all have to apply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: CountryCode | None = Field(None, description="country of the firm, by code or name")
    product: str | None = Field(
        None, description="FDA product code (16AGT64), or words of its description, 2 to 200 characters"
    )
    firm: str | None = Field(None, description="part of the manufacturer's or shipper's name, 2 to 200 characters")
    fei: Annotated[str, Field(json_schema_extra={"pattern": f"^{_FEI.pattern}$"})] | None = Field(
        None, description="FDA Establishment Identifier of the firm, up to 10 digits"
    )
    since: DateOnly | None = Field(None, description="first day of refusal, YYYY-MM-DD")
    until: DateOnly | None = Field(None, validate_default=True, description="last day of refusal, YYYY-MM-DD")
    limit: int = Field(100, ge=1, le=10_000, description="how many refusals to answer at most, newest first")

    @field_validator("product", "firm")
    @classmethod
    def _tells_something(cls, text: str | None) -> str | None:
        if text is None:
            return None
        text = searchable(text, 2, 200)
        # The agency looks for them by SQL's LIKE, where signs alone may mean "anything".
        if sum(each.isalnum() for each in text) < 2:
            raise PydanticCustomError("refusals_text", "must hold two letters or digits at least")
        return text

    @field_validator("fei")
    @classmethod
    def _plain_number(cls, fei: str | None) -> str | None:
        if fei is not None and not _FEI.fullmatch(fei):
            raise PydanticCustomError("fei", "must be a number of 1 to 10 digits")
        return fei

    @field_validator("until")
    @classmethod
    def _is_a_question(cls, until: date | None, info: ValidationInfo) -> date | None:
        # Checked here and not on the whole, so that it is said together with what else is wrong.
        since = info.data.get("since")
        if since is not None and until is not None and since > until:
            raise PydanticCustomError("refusals_dates", "must not be later than until", {"parameter": "since"})
        others = ("country", "product", "firm", "fei", "since")
        # A field that cannot be read is not in the data, and has a fault of its own.
        if not until and all(info.data.get(each, each) in (None, "") for each in others):
            raise PydanticCustomError(
                "refusals_query",
                "is required, or else one of product, firm, fei, since and until",
                {"parameter": "country"},
            )
        return until


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalsResult:
    """The newest refusals, and counts over all that were read (`counted`).

    `total` is the agency's own count, or where it gave none, how many were read. `truncated` says that `refusals` holds
    fewer than there are; `truncated_reason` why. Counts by firm name the hundred most refused of `firms`. `limits` are
    values that could not be read.
    """

    refusals: tuple[Refusal, ...]
    total: int
    counted: int
    by_charge: tuple[ChargeCount, ...]
    by_month: tuple[MonthCount, ...]
    by_firm: tuple[FirmCount, ...]
    firms: int
    truncated: bool
    truncated_reason: str | None
    limits: tuple[str, ...] = ()


class PageSize:
    """How many rows the agency lets be asked for at once, as far as this process has found out."""

    def __init__(self) -> None:
        self.rows = _PAGE_SIZES[0]

    @property
    def max_rows(self) -> int:
        """Return how many rows one answer counts at most."""
        return min(_MAX_ROWS, _MAX_PAGES * self.rows)


class RefusalsTool(AgencyTool):
    """Import refusals with decoded charges. Needs the user and the key that FDA issued for its Data Dashboard."""

    name: ClassVar[str] = "refusals"
    description: ClassVar[str] = (
        "FDA import refusals by country, product, firm, establishment or time: the newest, with decoded charges, and "
        "counts by charge, month and firm."
    )
    upstream: ClassVar[str | None] = _UPSTREAM
    source_name: ClassVar[str] = "FDA Data Dashboard, import refusals"
    default_base_url: ClassVar[str] = "https://api-datadashboard.fda.gov/v1"
    default_rate: ClassVar[str] = "0"
    query_model: ClassVar[type[BaseModel]] = RefusalsQuery

    def __init__(
        self, *, authorization_user: str | None = None, authorization_key: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(
            secrets={"authorization_user": authorization_user, "authorization_key": authorization_key}, **kwargs
        )
        self._user, self._key = authorization_user, authorization_key
        self._page_size = PageSize()

    def plan(self, query: RefusalsQuery) -> Plan[RefusalsResult]:
        """See the module's `plan`."""
        return plan(query, self.base_url, self._user, self._key, self._page_size)


def plan(
    query: RefusalsQuery, base_url: str, user: str | None, key: str | None, page_size: PageSize | None = None
) -> Plan[RefusalsResult]:
    """Ask page by page and count, up to 100,000 rows; where only small pages are let through, fewer.

    Raises NotConfigured without user and key, ProviderRejected, ProviderFailed and ProviderGarbled by what the body
    says. An empty result means that the agency said so itself.
    """
    if not user or not key:
        raise NotConfigured(
            "no user and key of FDA's Data Dashboard (authorization_user, authorization_key; of the service: "
            "GATEWAY_FDA_AUTHORIZATION_USER, GATEWAY_FDA_AUTHORIZATION_KEY)",
            upstream=_UPSTREAM,
        )
    size = page_size or PageSize()
    exchange = partial(_count, query, base_url, user, key, size)
    part = Part((query.model_dump_json(),), RefusalsResult, _FRESHNESS, exchange, partial(_is_whole, size))
    return Reading((yield from ask(part)), version=None)


def _is_whole(size: PageSize, result: RefusalsResult) -> bool:
    """Return whether all was read that the agency has, or as much as we ever read."""
    return result.counted >= min(result.total, size.max_rows)


def _count(query: RefusalsQuery, base_url: str, user: str, key: str, size: PageSize) -> Exchange[RefusalsResult]:
    tally, total, received = Tally(query.limit), None, 0
    unread: list[Unread] = []
    before: Page | None = None
    rows = size.rows
    while True:
        response = yield Request(
            "POST",
            f"{base_url}/import_refusals",
            _UPSTREAM,
            headers={"Authorization-User": user, "Authorization-Key": key},
            json=_body(query, start=received + 1, rows=rows, ask_total=before is None),
            only_reads=True,
            classify=judge_refusals,
        )
        try:
            page = read_page(response, unread)
        except ProviderRejected as exc:
            smaller = next((each for each in _PAGE_SIZES if each < rows), None)
            causes = _SIZE_REFUSED if response.status == 200 else _SIZE_REFUSED_BY_HTTP
            if smaller is None or exc.status not in causes:
                raise
            rows = smaller
            continue
        size.rows = min(rows, size.rows)
        total = page.total if before is None else total
        # A page that comes again would come for ever.
        is_again = before is not None and bool(page.rows) and page.rows[:1] == before.rows[:1]
        if not is_again:
            tally.add(page.rows)
            received += page.received
            del unread[_UNREAD_KEPT:]
        enough = received >= (size.max_rows if total is None else min(total, size.max_rows))
        # Without the agency's count, the last page is one that nobody can have cut: a bound is a round number.
        is_last = not page.received or (total is None and page.received % _ROUND != 0)
        if enough or is_again or is_last:
            return _result(query, tally, total, received, size.max_rows, unread, is_whole=not is_again)
        before = page


def _body(query: RefusalsQuery, start: int, rows: int, *, ask_total: bool) -> dict[str, object]:
    """Sorted by the primary key: by a date that many rows share, rows could be missed between two pages."""
    body: dict[str, object] = {
        "start": start,
        "rows": rows,
        "sort": "",
        "sortorder": "",
        "filters": _filters(query),
        "columns": [],
    }
    # The agency counts anew each time that it is asked, so it is asked once.
    return body | {"returntotalcount": True} if ask_total else body


def _filters(query: RefusalsQuery) -> dict[str, list[str] | list[int]]:
    filters: dict[str, list[str] | list[int]] = {}
    if query.country is not None:
        filters["CountryCode"] = [query.country]
    if query.product is not None:
        code = query.product.upper()
        if _PRODUCT_CODE.fullmatch(code):
            filters["ProductCode"] = [code]
        else:
            filters["ProductCodeDescription"] = _in_each_case(query.product)
    if query.firm is not None:
        filters["FirmName"] = _in_each_case(query.firm)
    if query.fei is not None:
        filters["FEINumber"] = [int(query.fei)]
    if query.since is not None:
        filters["RefusalDateFrom"] = [_day(query.since)]
    if query.until is not None:
        filters["RefusalDateTo"] = [_day(query.until)]
    return filters


def _in_each_case(text: str) -> list[str]:
    """Whether the agency minds the case of letters is not known; of several values any may fit."""
    return list(dict.fromkeys((text, text.upper(), text.title())))


def _day(day: date) -> str:
    return day.isoformat()


def _result(
    query: RefusalsQuery,
    tally: Tally,
    total: int | None,
    received: int,
    max_rows: int,
    unread: list[Unread],
    *,
    is_whole: bool,
) -> RefusalsResult:
    refusals = tally.newest()
    known = received if total is None else max(total, received)
    reasons = []
    if received >= max_rows and total != received:
        reasons.append(
            f"the first {received} were read and counted; there are or may be more, and newer ones among them"
        )
    elif known > received:
        reasons.append(f"the agency counts {known} and sent {received}")
    elif total is None and not is_whole:
        reasons.append(f"the agency gave no count of all, and sent the same {received} again when asked for more")
    if tally.counted < received:
        reasons.append(f"of the {received} rows that the agency sent {tally.counted} can be read")
    if len(refusals) < tally.counted:
        reasons.append(f"limit {query.limit}")
    return RefusalsResult(
        refusals=refusals,
        total=known,
        counted=tally.counted,
        by_charge=tally.by_charge(),
        by_month=tally.by_month(),
        by_firm=tally.by_firm(),
        firms=tally.firms,
        truncated=bool(reasons),
        truncated_reason="; ".join(reasons) or None,
        limits=in_few_words(unread),
    )
