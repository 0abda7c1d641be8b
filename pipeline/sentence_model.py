"""The shape of a file of sentences, as Home Assistant documents it.

See https://developers.home-assistant.io/docs/voice/intent-recognition/template-sentence-syntax
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError


def _scalar(value: object) -> object:
    if isinstance(value, str | int | float):
        return value
    raise PydanticCustomError("scalar", "expected a word, a number, true or false")


def _spoken(value: object) -> object:
    """A list's value may be written as its text alone; a bare number is said in digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return {"in": value, "out": value} if isinstance(value, str) else value


def _value_without_out(value: object) -> object:
    """The text of a template varies, so without `out` the slot holds what was said."""
    spoken = _spoken(value)
    if isinstance(value, str) and not set("[](){}<>|").isdisjoint(value):
        return {"in": value}
    return spoken


Template = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(pattern=r"^\w[\w-]*$", max_length=100)]
Scalar = Annotated[Any, BeforeValidator(_scalar)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SpokenChoice(_Part):
    """One value of a list: what is said, and what it means."""

    text: Template = Field(alias="in")
    out: Scalar = None
    context: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class NumberRange(_Part):
    """The numbers of a list; both ends belong to it."""

    start: int = Field(alias="from", ge=-100_000, le=100_000)
    stop: int = Field(alias="to", ge=-100_000, le=100_000)
    step: int = Field(1, ge=1)
    type: Literal["number", "percentage", "temperature"] = "number"
    fractions: Literal["halves", "tenths"] | None = None
    multiplier: float | None = None
    digits: bool = True
    words: bool = True

    @model_validator(mode="after")
    def _some_numbers(self) -> Self:
        if self.start > self.stop:
            raise PydanticCustomError("range", "'from' is larger than 'to'")
        if (self.stop - self.start) // self.step > 20_000:
            raise PydanticCustomError("range", "more than 20000 numbers; use a larger 'step'")
        if not (self.digits or self.words):
            raise PydanticCustomError("range", "'digits' or 'words' must be true")
        return self


class SlotList(_Part):
    """What may stand for a slot: values, a range, or any words at all."""

    values: list[Annotated[SpokenChoice, BeforeValidator(_value_without_out)]] | None = None
    range: NumberRange | None = None
    wildcard: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in (self.values, self.range, self.wildcard) if kind is not None]
        if len(kinds) != 1:
            raise PydanticCustomError("list", "expected one of 'values', 'range', 'wildcard: true'")
        return self


class Block(_Part):
    """Sentences that mean the same, and the slots they settle."""

    sentences: Annotated[list[Template], Field(min_length=1)]
    slots: dict[Word, Scalar] = {}
    response: Word | None = None
    requires_context: dict[str, Any] = {}
    excludes_context: dict[str, Any] = {}
    expansion_rules: dict[Word, Template] = {}
    lists: dict[Word, SlotList] = {}
    metadata: dict[str, Any] = {}
    required_keywords: list[str] | None = None


class IntentSentences(_Part):
    """The sentences of one intent."""

    data: list[Block]


class Responses(_Part):
    """Reply templates by intent and key."""

    intents: dict[Word, dict[Word, str]] = {}


class SentencesModel(_Part):
    """A whole file."""

    language: Literal["en"] = "en"
    intents: dict[Word, IntentSentences] = {}
    lists: dict[Word, SlotList] = {}
    expansion_rules: dict[Word, Template] = {}
    skip_words: list[Template] = []
    responses: Responses = Responses()

    def plain(self) -> dict[str, Any]:
        """The same as plain values, without what was not set."""
        return {"intents": {}} | self.model_dump(by_alias=True, exclude_unset=True)
