"""What may be asked of a screening: who, against which lists, and from which score on an entry is a hit."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from tools.input_warnings import InputWarning
from tools.party_details import Address, CountryText, DateOfBirth, EntryType, TypeText, entry_type, warnings_of
from tools.query_text import searchable
from tools.sanctions_hits import Party
from tools.sanctions_lists import LISTS
from tools.sanctions_names import IGNORED_WORDS, AskedName, words_of
from tools.screening.algorithms import DEFAULT_THRESHOLD
from tools.screening.subject import Subject

__all__ = ["API_THRESHOLD", "SanctionsQuery"]

_ALL_LISTS = tuple(LISTS)
#: Least score of a hit of the agency's search, where none is given.
API_THRESHOLD = 0.8


#: Texts in one, separated by commas, or in an array.
Separated = Annotated[
    tuple[str, ...],
    WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}, "maxItems": 20}, {"type": "string"}]}),
]


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
    id: str | None = Field(
        None, description="an identifier of the party (passport, tax, registration, IMO number) to compare with hits"
    )
    ids: Separated = Field((), max_length=20, description="more of them; as words separated by commas, or as an array")
    via: Literal["list", "api", "both"] | None = Field(
        None,
        description="list: the list held here; api: the agency's search; both: one beside the other, and where they "
        "differ (default: GATEWAY_SANCTIONS_SOURCE)",
    )
    algorithm: Literal["gateway-1", "ofac"] = Field(
        "gateway-1", description="how names of the list are compared; ofac has the shape of OFAC's own search"
    )

    @field_validator("name")
    @classmethod
    def _tells_something(cls, name: str) -> str:
        name = searchable(name, 2, 200)
        words = words_of(name)
        if len("".join(words)) < 2:
            raise PydanticCustomError("party_name", "must hold two letters or digits at least")
        # Asked for such words alone, the agency searches for nothing, and finds it.
        if IGNORED_WORDS.issuperset(words):
            raise PydanticCustomError("party_name", "holds nothing but words that the agency's search leaves out")
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

    @field_validator("id")
    @classmethod
    def _comparable(cls, text: str | None) -> str | None:
        return None if text is None else searchable(text, 2, 200)

    @field_validator("ids", mode="before")
    @classmethod
    def _ids_separated(cls, ids: object) -> object:
        return _as_texts(ids)

    @field_validator("ids")
    @classmethod
    def _ids_comparable(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(searchable(each, 2, 200) for each in ids)

    @property
    def all_ids(self) -> tuple[str, ...]:
        """Every identifier that was given."""
        return self.ids if self.id is None else (self.id, *self.ids)

    @property
    def warnings(self) -> tuple[InputWarning, ...]:
        """The details that could not be read, or can be read in several ways."""
        return tuple(warnings_of(country=self.country, nationality=self.nationality, dob=self.dob, kind=self.type))

    @property
    def entry_type(self) -> EntryType | None:
        """The type that entries are narrowed to."""
        return entry_type(self.type)

    @property
    def lists(self) -> tuple[str, ...]:
        """The codes of the lists to ask."""
        return self.sources if self.sources is not None else _ALL_LISTS

    @property
    def party(self) -> Party:
        """What hits are weighed with, made ready for many comparisons."""
        address = None if self.address is None else AskedName(self.address)
        return Party(AskedName(self.name), self.country, address, self.all_ids, self.dob)

    @property
    def subject(self) -> Subject:
        """Who is looked for in the list held here."""
        return Subject(self.name, self.entry_type, self.country, self.dob, self.all_ids, self.address)


def _as_texts(given: object) -> object:
    if isinstance(given, str):
        return tuple([each.strip() for each in given.split(",")])
    return tuple(given) if isinstance(given, list) else given
