"""What we take from a Wyoming peer: closed types. Keys that we don't know are let by."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import WyomingError
from plugins.wyoming.wire import Frame

LONGEST_TEXT = 2_000
"""Letters of a text that somebody asks about."""
LONGEST_NAME = 200

Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Milliseconds = Annotated[float, Field(ge=0, le=1e15)]
"""Home Assistant sends fractions; the protocol says whole numbers."""


class Message(BaseModel):
    """Data of a frame."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class Sound(Message):
    """`audio-start` and `audio-chunk`: what the samples are."""

    rate: Annotated[int, Field(ge=8_000, le=96_000, description="8000 to 96000 a second")]
    width: Annotated[Literal[1, 2, 4], Field(description="1, 2 or 4 bytes")]
    channels: Annotated[int, Field(ge=1, le=8, description="1 to 8")]
    timestamp: Milliseconds | None = None


class Detect(Message):
    """`detect`: which wake words are wanted; None: any."""

    names: Annotated[list[Name], Field(max_length=64)] | None = None


class Said(Message):
    """`recognize` and `transcript`: a text."""

    text: Annotated[str, Field(max_length=LONGEST_TEXT)]


class Ping(Message):
    """`ping`."""

    text: Name | None = None


M = TypeVar("M", bound=Message)


def read(frame: Frame, kind: type[M]) -> M:
    """The frame's data. Raises WyomingError, which quotes nothing of it."""
    try:
        return kind.model_validate(dict(frame.data))
    except ValidationError as error:
        place = error.errors(include_input=False, include_url=False)[0]["loc"]
        key = str(place[0]) if place else ""
        field = kind.model_fields.get(key)
        may = f" ({field.description})" if field is not None and field.description else ""
        name = key if field is not None else "data"
        raise WyomingError(f"{kind.__name__.lower()}: {name} is not what it may be{may}") from None
