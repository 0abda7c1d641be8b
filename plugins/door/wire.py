"""What core and door say to each other: closed JSON messages, one a packet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from assistant.errors import DoorError
from assistant.types import Choice, Number, Placeholder, Slot, Words
from plugins.door.alarms import AlarmKind
from plugins.door.speakable import LONGEST_REPLY

LARGEST_PACKET = 4096
"""Bytes of a packet between core and door."""

LARGEST_PAYLOAD = 512
"""Bytes of a published message."""

MessageId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Destination = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Line = Annotated[str, Field(max_length=1000)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Value(_Message):
    """A slot's value: one of four kinds. Of what was redacted there is its type only."""

    choice: Annotated[str, Field(max_length=100)] | None = None
    number: float | None = None
    placeholder: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")] | None = None
    words: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1 or self.kind is None:
            raise ValueError("one of choice, number, placeholder, words")
        return self

    @property
    def kind(self) -> str | None:
        """Which of the four it is."""
        return next((name for name, value in self if value is not None), None)

    def slot(self) -> Slot:
        """The same as the nouns name it."""
        if self.choice is not None:
            return Choice(self.choice)
        if self.number is not None:
            return Number(self.number)
        if self.placeholder is not None:
            return Placeholder(self.placeholder, self.placeholder)
        return Words(self.words or "")

    def plain(self) -> dict[str, str | int | float]:
        """The value under its kind; a whole number is written as one."""
        if self.number is not None:
            whole = float(self.number).is_integer()
            return {"number": int(self.number) if whole else self.number}
        return {kind: value for kind, value in self if value is not None}


def value_of(slot: Slot) -> Value:
    """What is sent of a slot. Raises DoorError for one that is too long."""
    try:
        match slot:
            case Choice(value):
                return Value(choice=value)
            case Number(value):
                return Value(number=float(value))
            case Placeholder(type=kind):
                return Value(placeholder=kind)
            case Words(value):
                return Value(words=value)
    except ValidationError:
        raise DoorError("a slot's value is too long or of no kind that can be sent") from None


class Send(_Message):
    """Core to door: publish this. `tell` is kept and tried again by the core; `ask` waits for a
    reply, and is worthless soon."""

    do: Literal["tell", "ask"]
    id: MessageId
    destination: Destination
    intent: Name
    slots: Annotated[dict[Name, Value], Field(max_length=16)] = {}


class Sent(_Message):
    """Door to core: the broker accepted it, and somebody will get it."""

    say: Literal["sent"] = "sent"
    id: MessageId
    payload: Annotated[str, Field(max_length=LARGEST_PAYLOAD)]
    """What left, to the byte."""


class Later(_Message):
    """Door to core: not delivered; keep it and try again."""

    say: Literal["later"] = "later"
    id: MessageId
    kind: AlarmKind
    detail: Line


class Never(_Message):
    """Door to core: it will not go out, because the policy does not describe it."""

    say: Literal["never"] = "never"
    id: MessageId
    detail: Line


class Replied(_Message):
    """Door to core: what a service answered; text to speak, and nothing else."""

    say: Literal["reply"] = "reply"
    id: MessageId
    text: Annotated[str, Field(max_length=LONGEST_REPLY)]


class State(_Message):
    """Door to core: whether the broker is there, and if not, why."""

    say: Literal["state"] = "state"
    open: bool
    kind: AlarmKind | None = None
    detail: Line = ""


Answer: TypeAlias = Sent | Later | Never | Replied | State
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="say")])


def packed(message: Send | Answer) -> bytes:
    """A message as one packet; raises DoorError where it is too large."""
    packet = message.model_dump_json(exclude_none=True).encode()
    if len(packet) > LARGEST_PACKET:
        raise DoorError(f"a message of more than {LARGEST_PACKET} bytes; it was not sent")
    return packet


def read_send(packet: bytes) -> Send:
    """A message of the core's. Raises DoorError, which quotes nothing of it."""
    try:
        return Send.model_validate_json(packet)
    except (ValidationError, ValueError):
        raise DoorError("a message that is none of core's; the sender was hung up on") from None


def read_answer(packet: bytes) -> Answer:
    """A message of the door's. Raises DoorError, which quotes nothing of it."""
    try:
        return _ANSWER.validate_json(packet)
    except (ValidationError, ValueError):
        raise DoorError("a message that is none of the door's") from None


def values_of(slots: Mapping[str, Slot]) -> dict[str, Value]:
    """What is sent of slots."""
    return {name: value_of(slot) for name, slot in slots.items()}
