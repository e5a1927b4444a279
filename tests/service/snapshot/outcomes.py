"""Shipments, and what tools may come to when asked about them, by their own plans."""

from datetime import UTC, datetime
from typing import Any

from service.shipment import Shipment
from service.tiles.tile import Evaluation
from tests import cross_answers, csl_answers, fda_answers
from tests.driving import drive, drive_by
from tests.hts_oracle import BATTERIES, CHINA, CHINA_2024, RawRow, raw_row
from tools import hts, refusals, rulings, sanctions
from tools.errors import CircuitOpen, NotFound, ProviderFailed, ProviderGarbled, ProviderTimeout, RateLimited
from tools.exchange import Answer, Plan, Reading, Request, Source

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CODE = "8507600020"


def shipment(*, direction: str = "import", names: tuple[str, ...] = ("Acme Trading",), **more: Any) -> Shipment:
    """A shipment of batteries from China; `origin`, `hts_code` and `fda_product_code` go where they belong."""
    origin = more.pop("origin", "CN")
    goods = {name: more.pop(name) for name in ("hts_code", "fda_product_code") if name in more}
    return Shipment.model_validate(
        {
            "direction": direction,
            "product": {"description": "Battery packs", "hts_code": CODE, **goods},
            "lane": {"origin": origin, "destination": "US" if direction == "import" else "DE"},
            "parties": [{"name": name, "role": "seller", "country": "CN"} for name in names],
            **more,
        }
    )


def evaluation() -> Evaluation:
    """At `NOW`; ids count up."""
    numbers = iter(range(1000))
    return Evaluation(NOW, lambda _: f"id-{next(numbers)}")


def answered(plan: Plan[Any], *answers: object) -> Answer[Any]:
    """What a plan makes of `answers`."""
    return told(drive(plan, *answers)[0])


def told(reading: Reading[Any]) -> Answer[Any]:
    """A reading, with a source."""
    source = Source("Agency", "https://agency.test", reading.version, NOW, "live", None, False, 1, (), ("00",), 1.0)
    return Answer(reading.result, source)


def line(code: str = CODE, rows: list[RawRow] | None = None, *links: list[RawRow]) -> Answer[Any]:
    """A tariff line; by default the one that links to a duty, another duty and an exclusion."""
    after = raw_row("8508", 0, "Vacuum cleaners:")
    heading, linked = ([*BATTERIES, after], (CHINA, CHINA_2024)) if rows is None else (rows, links)
    plan = hts.plan(hts.HTSQuery(code=code), "https://hts.test", NOW.date())
    return answered(plan, {"name": "2026HTSRev17"}, heading, *linked)


def screened(name: str, *entries: csl_answers.RawEntry, total: int | None = None) -> Answer[Any]:
    """A screening that found `entries`."""
    query = sanctions.SanctionsQuery(name=name)
    found = csl_answers.page(*entries, total=total)
    return answered(sanctions.plan(query, "https://csl.test", "key"), found)


def refused(*rows: fda_answers.RawRow) -> Answer[Any]:
    """Refusals from China."""
    query = refusals.RefusalsQuery(country="CN")
    found = fda_answers.success(*rows) if rows else fda_answers.NO_RESULTS
    return answered(refusals.plan(query, "https://fda.test", "user", "key"), found)


def ruled(*letters: cross_answers.RawRuling, hts: str = CODE) -> Answer[Any]:
    """Rulings that mention the tariff number."""
    query = rulings.RulingsQuery(hts=hts, limit=100)
    mentioning, nothing = cross_answers.found(*letters), cross_answers.found()

    def reply(request: Request) -> object:
        return mentioning if request.params["term"].startswith("8507") else nothing

    return told(drive_by(rulings.plan(query, "https://cross.test"), reply)[0])


#: Everything that may come in place of an answer, our own fault included.
FAILURES: tuple[Exception, ...] = (
    ProviderFailed("it answered 503", status=503, upstream="x"),
    ProviderGarbled("it sent a page", upstream="x"),
    ProviderTimeout("no answer", upstream="x"),
    RateLimited("too often", retry_after_s=3.0, upstream="x"),
    CircuitOpen("left alone", retry_after_s=9.0, upstream="x"),
    ZeroDivisionError("a secret"),
)
NO_SUCH_LINE = NotFound("the schedule has no such line", upstream="hts")
