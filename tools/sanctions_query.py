"""What may be asked of a screening: who, against which lists, and from which score on an entry is a hit."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from tools.query_text import CountryCode, searchable
from tools.sanctions_hits import Party
from tools.sanctions_lists import LISTS
from tools.sanctions_names import IGNORED_WORDS, AskedName, words_of

__all__ = ["SanctionsQuery"]

_ALL_LISTS = tuple(LISTS)


class SanctionsQuery(BaseModel):
    """Who is screened, against which lists, and from which score on an entry is a hit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="the party's name, 2 to 200 characters, two letters or digits at least")
    country: CountryCode | None = Field(
        None, description="the party's country, two letters; weighs hits, never takes one away, is not sent"
    )
    sources: tuple[str, ...] | None = Field(
        None, description=f"lists to ask, by code, separated by commas (default: all): {', '.join(LISTS)}"
    )
    fuzzy: bool = Field(True, description="let the agency find similar names too")
    threshold: float = Field(
        0.8, ge=0, le=1, allow_inf_nan=False, description="least score of a hit, 0 to 1; the agency's are 0.8, 0.9, 1"
    )
    address: str | None = Field(
        None, description="the party's address, 2 to 200 characters; compared with the hits', is not sent"
    )
    type: Literal["Individual", "Entity", "Vessel", "Aircraft"] | None = Field(
        None, description="leave out entries that the agency says are of another type; those without one stay"
    )
    id: str | None = Field(
        None, description="an identifier of the party (passport, tax, registration, IMO number) to compare with hits"
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

    @field_validator("sources", mode="before")
    @classmethod
    def _separated(cls, sources: object) -> object:
        return sources.split(",") if isinstance(sources, str) else sources

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

    @field_validator("type", mode="before")
    @classmethod
    def _in_any_case(cls, kind: object) -> object:
        return kind.strip().capitalize() if isinstance(kind, str) else kind

    @field_validator("address", "id")
    @classmethod
    def _comparable(cls, text: str | None) -> str | None:
        return None if text is None else searchable(text, 2, 200)

    @property
    def lists(self) -> tuple[str, ...]:
        """The codes of the lists to ask."""
        return self.sources if self.sources is not None else _ALL_LISTS

    @property
    def party(self) -> Party:
        """What hits are weighed with, made ready for many comparisons."""
        address = None if self.address is None else AskedName(self.address)
        return Party(AskedName(self.name), self.country, address, self.id)
