"""What a policy file says of a destination: which values of which slots it may get."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from policies.sections import Section
from policies.values import Duration, EntityType, Id, Name, Text, expected


class NumberRange(Section):
    """Numbers from a minimum to a maximum, in steps."""

    minimum: Annotated[float, Field(ge=-1e9, le=1e9)]
    maximum: Annotated[float, Field(ge=-1e9, le=1e9)]
    step: Annotated[float, Field(gt=0, le=1e9)] = 1.0

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.minimum > self.maximum:
            raise expected("a minimum that is no larger than the maximum")
        if (self.maximum - self.minimum) / self.step > 1e6:
            raise expected("at most a million steps from minimum to maximum")
        return self


class SharedSlot(Section):
    """What a slot may carry to a destination: a value that is not described stops the intent."""

    choices: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        None, description="these values of our own lists"
    )
    range: NumberRange | None = Field(None, description="these numbers")
    placeholders: Annotated[tuple[EntityType, ...], Field(min_length=1)] | None = Field(
        None, description="that something private of this type was said: its type, never itself"
    )
    words: Annotated[int, Field(ge=1, le=200)] | None = Field(
        None, description="free speech, at most so many letters"
    )
    omit: Literal[True] | None = Field(
        None, description="true: the slot may be said, and is left out of what is sent"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = self.model_fields_set
        if not given:
            raise expected("one or more of choices, range, placeholders, words; or omit")
        if "omit" in given and len(given) > 1:
            raise expected("omit alone")
        for values in (self.choices, self.placeholders):
            if values is not None and len(set(values)) != len(values):
                raise expected("each value once")
        return self


class SharedIntent(Section):
    """The slots of an intent that a destination may get."""

    slots: dict[Name, SharedSlot] = Field(
        {}, description="a slot that is not here stops the intent"
    )


class SharedText(Section):
    """The redacted text itself: text mode, and only under a consent for this destination."""

    letters: Annotated[int, Field(ge=1, le=1000)] = Field(description="at most so many letters")
    placeholders: tuple[EntityType, ...] = Field((), description="types that may stand in it")


class SharedAudio(Section):
    """Raw sound, to a peer at home that runs the pipeline itself, such as Home Assistant."""

    seconds: Annotated[int, Field(ge=1, le=60)] = Field(
        description="of sound, from the wake word on, each time"
    )


class Budget(Section):
    """How much a destination may learn, in bits: log2 of what could have been said instead."""

    bits_per_message: Annotated[float, Field(ge=0, le=1e6)]
    bits_per_day: Annotated[float, Field(ge=0, le=1e9)]
    messages_per_day: Annotated[int, Field(ge=1, le=100_000)]


class Destination(Section):
    """Somebody outside the device, and the closed schema of what they may get."""

    purpose: Id = Field(description="what for; a consent has to name the same")
    retention_period: Duration = Field(description="how long they said they keep it")
    budget: Budget
    intents: dict[Name, SharedIntent] = Field({}, description="these and no other")
    text: SharedText | None = Field(
        None, description="`sotto policy check` fails where this is set: it can't be proved closed"
    )
    audio: SharedAudio | None = Field(
        None, description="raw sound and its words; `sotto policy check` fails where this is set"
    )
