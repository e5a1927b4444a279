"""What may be asked of a screening: who, against which lists, and from which score on an entry is a hit."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from tools.input_warnings import InputWarning
from tools.party_details import (
    Address,
    CountryText,
    DateOfBirth,
    Detail,
    EntryType,
    TypeText,
    detail_text,
    entry_type,
    warnings_of,
)
from tools.query_text import in_any_case, searchable
from tools.sanctions_asked import names_in, plain_text, tells_something
from tools.sanctions_hits import Party
from tools.sanctions_identifiers import identifier_warnings
from tools.sanctions_lists import LISTS
from tools.sanctions_names import AskedName, words_of
from tools.sanctions_scripts import UnreadPart, unread_parts
from tools.screening.algorithms import DEFAULT_THRESHOLD
from tools.screening.subject import Subject

__all__ = ["API_THRESHOLD", "SanctionsQuery"]

_ALL_LISTS = tuple(LISTS)
#: Least score of a hit of the agency's search, where none is given.
API_THRESHOLD = 0.8
#: So many names at most are looked for by one question, each by itself.
_MOST_NAMES = 24
#: Overrides of direction: what is seen is not what is compared.
_REVERSED = re.compile("[\u202d\u202e]")
#: And so many identifiers compared.
_MOST_IDS = 100


#: Texts in one, separated by commas, or in an array. What else JSON may hold is read as a text, too: no identifier
#: stops a name from being screened.
Identifiers = Annotated[tuple[str, ...], WithJsonSchema({"examples": ["836230001,EP-MNX", ["836230001", "EP-MNX"]]})]


Via = Literal["list", "api", "both"]
Algorithm = Literal["gateway-1", "ofac"]
#: What may stand in those fields that take a word of ours, in any case.
_WORDS_OF: Mapping[str, tuple[str, ...]] = {
    "via": get_args(Via),
    "algorithm": get_args(Algorithm),
}


class SanctionsQuery(BaseModel):
    """Who is screened, against which lists, and from which score on an entry is a hit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="the party's name, 2 to 200 characters, two letters or digits at least")
    country: CountryText = Field(
        None,
        description="the party's country, by code or name (CH, CHE, 756, Switzerland); weighs hits, never takes one "
        "away, is not sent",
    )
    nationality: CountryText = Field(
        None,
        description="the person's nationality, written likewise; for country programs, weighs nothing, is not sent",
    )
    sources: tuple[str, ...] | None = Field(
        None, description=f"lists to ask, by code, separated by commas (default: all): {', '.join(LISTS)}"
    )
    fuzzy: bool = Field(True, description="let the agency find similar names too")
    threshold: float | None = Field(
        None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description=f"least score of a hit, 0 to 1 (default: {DEFAULT_THRESHOLD:g} of the list, {API_THRESHOLD:g} of "
        "the agency's search, whose own are 0.8, 0.9 and 1)",
    )
    address: Address = Field(
        None, description="the party's address, up to 500 characters; compared with the hits', is not sent"
    )
    type: TypeText = Field(
        None,
        description="Individual, Entity, Vessel or Aircraft: leave out entries that the agency says are of another "
        "type; those without one stay",
    )
    dob: DateOfBirth = Field(
        None,
        description="the person's date of birth, as in 1984-01-08, 8 Jan 1984 or 1984; weighs hits, never takes one "
        "away",
    )
    id: Detail = Field(
        None,
        description="an identifier of the party to compare with hits: passport, tax, registration or IMO number, call "
        "sign, tail number, BIC",
    )
    ids: Identifiers = Field((), description="more of them; as words separated by commas, or as an array")
    via: Via | None = Field(
        None,
        description="list: the list held here; api: the agency's search; both: one beside the other, and where they "
        "differ (default: GATEWAY_SANCTIONS_SOURCE)",
    )
    algorithm: Algorithm = Field(
        "gateway-1", description="how names of the list are compared; ofac has the shape of OFAC's own search"
    )

    @field_validator("name")
    @classmethod
    def _tells_something(cls, name: str) -> str:
        if _REVERSED.search(name):
            raise PydanticCustomError("party_name", "must not hold signs that reverse the order of its letters")
        name = searchable(plain_text(name), 2, 200)
        words = words_of(name)
        # A name that is not read at all is a name; what it comes to is no fault of the question.
        if not tells_something(words) and not unread_parts(name):
            if len("".join(words)) < 2:
                raise PydanticCustomError("party_name", "must hold two letters or digits at least")
            # Asked for such words alone, the agency searches for nothing, and finds it.
            raise PydanticCustomError("party_name", "holds nothing but words that the agency's search leaves out")
        if len(names_in(name)) > _MOST_NAMES:
            raise PydanticCustomError("party_name", f"holds more than {_MOST_NAMES} names: screen each by itself")
        return name

    @field_validator("threshold", mode="before")
    @classmethod
    def _a_number(cls, threshold: object) -> object:
        if isinstance(threshold, bool):  # which would be 0 or 1
            raise PydanticCustomError("threshold", "must be a number from 0 to 1")
        return threshold

    @field_validator("sources", mode="before")
    @classmethod
    def _separated(cls, sources: object) -> object:
        return _as_texts(sources)

    @field_validator("sources")
    @classmethod
    def _known_lists(cls, sources: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if sources is None:
            return None
        codes = tuple(dict.fromkeys(each.strip().upper() for each in sources))
        unknown = [code for code in codes if code not in LISTS]
        if unknown or not codes:
            said = f"{unknown[0][:40]!r} is no list; " if unknown else ""
            raise PydanticCustomError("sources", "{said}there are: {lists}", {"said": said, "lists": ", ".join(LISTS)})
        return codes

    @field_validator("via", "algorithm", mode="before")
    @classmethod
    def _in_any_case(cls, word: object, info: ValidationInfo) -> object:
        return in_any_case(word, _WORDS_OF[info.field_name or ""])

    @field_validator("ids", mode="before")
    @classmethod
    def _ids_separated(cls, ids: object) -> object:
        ids = _as_texts(ids)
        each_by_itself = ids if isinstance(ids, tuple) else (ids,)
        return tuple([text for each in each_by_itself if (text := detail_text(each)) is not None])

    @property
    def all_ids(self) -> tuple[str, ...]:
        """The identifiers that are compared, read as plain text."""
        return tuple([plain_text(text) for _, text in self._compared_ids()])

    @property
    def warnings(self) -> tuple[InputWarning, ...]:
        """The details that could not be read, or can be read in several ways."""
        of_details = warnings_of(country=self.country, nationality=self.nationality, dob=self.dob, kind=self.type)
        unread = [
            InputWarning(
                "script_not_covered", "name", part.text, f"{part.script}: compared only as it stands, not read"
            )
            for part in self.unread
        ]
        return (*of_details, *unread, *self._id_warnings())

    def _compared_ids(self) -> list[tuple[str, str]]:
        """The identifiers that are compared, each with the field that it was given in."""
        first = [] if self.id is None else [("id", self.id)]
        return first + [("ids", each) for each in self.ids[:_MOST_IDS]]

    def _id_warnings(self) -> Iterator[InputWarning]:
        for field, text in self._compared_ids():
            yield from identifier_warnings(field, plain_text(text))
        if len(self.ids) > _MOST_IDS:
            detail = f"{len(self.ids)} identifiers were given, and {_MOST_IDS} were compared"
            yield InputWarning("too_many_ids", "ids", self.ids[_MOST_IDS], detail)

    @property
    def unread(self) -> tuple[UnreadPart, ...]:
        """The parts of the name that are in a script without a reading: none of them may be `clear`."""
        return unread_parts(self.name)

    @property
    def entry_type(self) -> EntryType | None:
        """The type that entries are narrowed to."""
        return entry_type(self.type)

    @property
    def lists(self) -> tuple[str, ...]:
        """The codes of the lists to ask."""
        return self.sources if self.sources is not None else _ALL_LISTS

    @property
    def names(self) -> tuple[str, ...]:
        """The names to look for: all that `name` holds."""
        return names_in(self.name)

    @property
    def parties(self) -> tuple[Party, ...]:
        """What hits are weighed with, made ready for many comparisons: one for each of the names."""
        address = None if self.address is None else AskedName(self.address)
        return tuple([Party(AskedName(each), self.country, address, self.all_ids, self.dob) for each in self.names])

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Who is looked for in the list held here, one for each of the names."""
        return tuple(
            [Subject(each, self.entry_type, self.country, self.dob, self.all_ids, self.address) for each in self.names]
        )


def _as_texts(given: object) -> object:
    if isinstance(given, str):
        return tuple([each.strip() for each in given.split(",")])
    return tuple(given) if isinstance(given, list) else given
