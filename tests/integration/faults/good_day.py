"""What each agency answers on a good day: to every question another answer, which the question alone decides."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests import cross_answers, csl_answers, fda_answers
from tests.service.hts_upstream import RELEASE, found, row

__all__ = ["AGENCIES", "LISTED", "REFUSED", "good_answer", "rate_of", "replaced_by"]

AGENCIES = ("hts", "csl", "fda", "cross")
#: How the names begin that are on the list.
LISTED = "Listed "
#: Refusals of each firm. They come in two pages.
REFUSED = 3
_FIRST_PAGE = 2


def rate_of(heading: str) -> str:
    """The general rate of everything under `heading` (four digits)."""
    return f"{int(heading) % 97 / 10}%"


def replaced_by(number: str) -> str:
    """The number of the ruling that revoked `number`."""
    return f"H{number[1:]}"


def good_answer(agency: str, target: str, body: bytes) -> object | None:
    """What `agency` says to the request for `target` (path and query) with `body`; None: there is no such route."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query))
    what = parts.path.strip("/").split("/")
    match agency, what:
        case "hts", ["currentRelease"]:
            return RELEASE
        case "hts", ["exportList"]:
            return _schedule(query["from"])
        case "hts", ["search"]:
            return [
                found(row(f"{heading}.60.00", 0, query["keyword"], rate_of(heading))) for heading in ("8507", "8508")
            ]
        case "csl", ["search"]:
            return _entries(query["name"], int(query["offset"]))
        case "fda", ["import_refusals"]:
            return _refusals(orjson.loads(body))
        case "cross", ["search"]:
            return _rulings(query["term"])
        case "cross", ["ruling", number]:
            return cross_answers.letter(number, text=f"NY {number}\r\n\r\nDear Sir: the goods are batteries.\r\n")
    return None


def _schedule(heading: str) -> list[dict[str, object]]:
    return [
        row(heading, 0, f"Goods of {heading}"),
        row(f"{heading}.60.00", 1, "Lithium-ion", rate_of(heading), other="40%"),
        row(f"{heading}.60.00.20", 2, "Other", units=["No.", "kg"]),
        row(f"{int(heading) + 1:04d}", 0, "The next heading"),
    ]


def _entries(name: str, offset: int) -> Mapping[str, object]:
    """A listed name is on the second page, behind one that is nothing like it."""
    if not name.startswith(LISTED):
        return csl_answers.page()
    if offset == 0:
        return csl_answers.page(csl_answers.sdn("QQQQ ZZZZ", 1, score=10), total=2)
    return csl_answers.page(csl_answers.sdn(name, 2, score=100), total=2)


def _refusals(asked: Mapping[str, Mapping[str, list[str]] | int]) -> Mapping[str, object]:
    filters, start = asked["filters"], asked["start"]
    assert isinstance(filters, dict)
    assert isinstance(start, int)
    numbers = range(1, _FIRST_PAGE + 1) if start == 1 else range(start, REFUSED + 1)
    firm, country = filters["FirmName"][0], filters["CountryCode"][0]
    rows = [fda_answers.refused(number, FirmName=firm, CountryCode=country) for number in numbers]
    return fda_answers.success(*rows, total=REFUSED if "returntotalcount" in asked else None)


def _rulings(term: str) -> Mapping[str, object]:
    """A ruling and the one that revoked it; asked for words, their number is made of the words' digits."""
    number = term if term[:1] in "NH" and term[1:].isdigit() else f"N{''.join(filter(str.isdigit, term)):0>6}"
    after = replaced_by(number)
    return cross_answers.found(
        cross_answers.ruling(number, subject=f"Of {term}", revokedBy=[after]),
        cross_answers.ruling(after, subject=f"Of {term}", revokes=[number]),
    )
