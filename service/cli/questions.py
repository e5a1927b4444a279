"""Which commands ask a tool, and what the tool calls their arguments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.agency import AgencyTool
from tools.errors import InvalidQuery
from tools.hts import HTSTool
from tools.refusals import RefusalsTool
from tools.rulings import RulingsTool
from tools.sanctions import SanctionsTool

__all__ = ["QUESTIONS", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """One command. `words` has, for each field of the tool's query that it takes, how that is given.

    `one_of`: exactly one of these fields is to be given; `with_other` are those that its first goes without.
    """

    command: str
    tool: type[AgencyTool]
    help: str
    words: Mapping[str, str]
    one_of: tuple[str, ...] = ()
    with_other: tuple[str, ...] = ()

    def refuse_what_does_not_go_together(self, given: Iterable[str]) -> None:
        """Raise InvalidQuery when a field is among `given` that would be passed over in silence."""
        there = set(given)
        if self.one_of and self.one_of[0] in there:
            for field in self.with_other:
                if field in there:
                    others = " and ".join(self.words[each] for each in self.one_of[1:])
                    raise InvalidQuery(f"{field}: only together with {others}", parameter=field)


def _options(*fields: str) -> dict[str, str]:
    return {each: f"--{each}" for each in fields}


QUESTIONS = (
    Question(
        "hts",
        HTSTool,
        "a tariff line, or a search in the tariff",
        {"code": "CODE", "keyword": "--search", **_options("limit")},
        one_of=("code", "keyword"),
        with_other=("limit",),
    ),
    Question(
        "sanctions",
        SanctionsTool,
        "screen a party against the Consolidated Screening List",
        {
            "name": "NAME",
            **_options(
                *(
                    "country",
                    "nationality",
                    "type",
                    "dob",
                    "id",
                    "ids",
                    "address",
                    "sources",
                    "threshold",
                    "via",
                    "algorithm",
                )
            ),
            "fuzzy": "--no-fuzzy",
        },
    ),
    Question(
        "refusals",
        RefusalsTool,
        "FDA import refusals",
        _options("country", "product", "firm", "fei", "since", "until", "limit"),
    ),
    Question(
        "rulings",
        RulingsTool,
        "CBP rulings by words or by tariff number",
        {"keyword": "WORDS", **_options("hts", "collection", "since", "until", "limit")},
        one_of=("keyword", "hts"),
    ),
    Question("ruling", RulingsTool, "one CBP ruling with its text", {"number": "NUMBER"}),
)
