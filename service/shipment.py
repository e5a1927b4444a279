"""What may be asked about one shipment: its goods, its way, its parties."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from service.query import refuse_members_twice
from tools.countries import CountryReading, read_country
from tools.party_details import Address, CountryText
from tools.query_faults import invalid_query
from tools.query_text import DateOnly, in_any_case, searchable
from tools.refusals import FDAProductCode
from tools.sanctions_query import SanctionsQuery
from tools.tariff_numbers import TariffDigits

__all__ = ["Direction", "Lane", "Party", "Product", "Role", "Shipment", "ToolName", "parse_shipment"]

Direction = Literal["import", "export"]
Role = Literal["manufacturer", "seller", "buyer", "consignee", "importer", "end_user", "carrier", "bank", "other"]
ToolName = Literal["hts", "sanctions", "refusals", "rulings"]

#: The customs territory: the States, the District of Columbia, and Puerto Rico (19 CFR 101.1).
_HERE = frozenset({"US", "PR"})
#: Behind UTC; the last place of the customs territory where a day ends.
_HAWAII = timedelta(hours=10)


def _plain(least: int, most: int) -> AfterValidator:
    return AfterValidator(lambda text: searchable(text, least, most))


def _screenable(name: str) -> str:
    """A party's name, as the screening takes it."""
    try:
        return SanctionsQuery(name=name).name
    except ValidationError as exc:
        raise PydanticCustomError("party_name", "{said}", {"said": exc.errors(include_url=False)[0]["msg"]}) from exc


def _word(words: object) -> BeforeValidator:
    """One of our `words` (a Literal), in any case."""
    return BeforeValidator(lambda given: in_any_case(given, get_args(words)))


Reference = Annotated[str, _plain(1, 200)]


class _Question(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Product(_Question):
    """The goods. What is asked hangs on the numbers; the description is kept with the answer and sent to nobody."""

    description: Annotated[str, _plain(1, 500)] = Field(description="what the goods are, 1 to 500 characters")
    hts_code: TariffDigits = Field(
        description="tariff number of 4, 6, 8 or 10 digits, with the schedule's dots or without: 8507.60.00.20"
    )
    fda_product_code: FDAProductCode | None = Field(
        None, description="FDA product code, as in 16AGT64: narrows the refusals to these goods"
    )


class Lane(_Question):
    """The way. The origin decides rates and programs, not where the goods are shipped from.

    A country is echoed by its two letters where it is certain, else as it was given.
    """

    origin: CountryText = Field(description="country of origin of the goods, by code or name: CN, CHN, China")
    export_country: CountryText = Field(None, description="country that they are shipped from, by code or name")
    destination: CountryText = Field(description="country that they go to, by code or name; of an import, US")

    @property
    def origin_codes(self) -> tuple[str, ...]:
        """The codes of every reading of the origin; none: it was not understood."""
        return _reading(self.origin).codes


class Party(_Question):
    """Somebody who takes part, screened on its own."""

    name: Annotated[str, AfterValidator(_screenable)] = Field(description="the party's name, 2 to 200 characters")
    role: Annotated[Role, _word(Role)] = Field(description="what it does in this shipment")
    country: CountryText = Field(description="its country, by code or name; weighs hits, never takes one away")
    nationality: CountryText = Field(None, description="the person's nationality, by code or name")
    address: Address = Field(None, description="its address, up to 500 characters; compared with the hits'")
    ref: Reference | None = Field(None, description="the caller's own reference of the party")


class Shipment(_Question):
    """One shipment into or out of the United States.

    Without a `direction` it follows from the end of the lane that is US; null: neither end is.
    """

    direction: Annotated[Direction | None, _word(Direction)] = Field(
        None, description="whether the goods come into the United States or leave them (default: by the lane)"
    )
    product: Product
    lane: Lane
    entry_date: DateOnly | None = Field(
        None, description="day of entry, YYYY-MM-DD; only today's schedule can be had, so no other day"
    )
    parties: tuple[Party, ...] = Field(min_length=1, max_length=50, description="who takes part, 1 to 50")
    ref: Reference | None = Field(None, description="the caller's own reference of the shipment")
    require: tuple[Annotated[ToolName, _word(ToolName)], ...] = Field(
        (), max_length=4, description="sources without which there is to be no snapshot, but a problem (503)"
    )

    # Checked at the members and not on the whole, so that it is said together with what else is wrong.

    @field_validator("lane")
    @classmethod
    def _goes_where_it_says(cls, lane: Lane, info: ValidationInfo) -> Lane:
        direction, to = info.data.get("direction"), _reading(lane.destination)
        # One that was not understood is not assessed; the parties are screened all the same.
        if direction == "import" and to.codes and _HERE.isdisjoint(to.codes):
            raise PydanticCustomError("lane", "of an import must be US", {"parameter": "lane.destination"})
        if direction == "export" and to.codes and _HERE.issuperset(to.codes):
            raise PydanticCustomError("lane", "of an export must not be US", {"parameter": "lane.destination"})
        return lane

    @field_validator("entry_date")
    @classmethod
    def _is_today(cls, day: date | None, info: ValidationInfo) -> date | None:
        days: tuple[date, ...] | None = (info.context or {}).get("days")
        if day is not None and days is not None and day not in days:
            raise PydanticCustomError(
                "entry_date",
                "only the schedule of today ({days}) can be had, not that of {day}",
                {"days": " or ".join(map(str, days)), "day": str(day)},
            )
        return day

    @model_validator(mode="after")
    def _has_a_direction(self) -> "Shipment":
        if self.direction is None:
            to = _reading(self.lane.destination)
            object.__setattr__(self, "direction", self._direction_of_lane(to))  # frozen once it is made
        return self

    def _direction_of_lane(self, to: CountryReading) -> Direction | None:
        if to.codes and _HERE.issuperset(to.codes):
            return "import"
        start = _reading(self.lane.export_country or self.lane.origin).codes
        return None if _HERE.isdisjoint(start) else "export"

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions whose country programs hold: both, when neither end of the lane is in the United States."""
        ends = (self.lane.export_country, self.lane.destination)
        abroad = [codes for each in ends if (codes := _reading(each).codes) and _HERE.isdisjoint(codes)]
        if self.direction is None or len(abroad) == len(ends):
            return ("import", "export")
        return (self.direction,)


def _reading(country: str | None) -> CountryReading:
    return read_country(country or "")


def parse_shipment(body: bytes, now: datetime) -> Shipment:
    """The shipment that stands in a JSON `body`. Raises InvalidQuery that names the member, as in `parties.0.name`."""
    refuse_members_twice(body)
    try:
        return Shipment.model_validate_json(body, context={"days": _today(now)})
    except ValidationError as exc:
        raise invalid_query(exc, Shipment) from exc


def _today(now: datetime) -> tuple[date, ...]:
    """The day, or the two days, that it is now from Hawaii to UTC."""
    utc = now.astimezone(UTC)
    return tuple(dict.fromkeys(((utc - _HAWAII).date(), utc.date())))
