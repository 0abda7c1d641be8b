"""What core and door say to each other about the house: closed JSON messages, one a packet.

Core asks for a service of the closed table, or for states. The door hands over the things of the
house, and what Home Assistant made of what was asked. Neither side trusts the other.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from assistant.errors import DoorError
from plugins.door.wire import LARGEST_PACKET
from plugins.home_assistant.alarms import AlarmKind
from plugins.home_assistant.names import LONGEST_NAME, is_entity_id, is_plain
from plugins.home_assistant.services import FLAGS, RANGES, SERVICES, WORDS, Plain

MOST_ENTITIES = 20_000
MOST_AREAS = 2_000
MOST_ALIASES = 8
AT_ONCE = 64
"""Entities in one message of core's."""
Problem: TypeAlias = Literal[
    "away", "unknown-entity", "unknown-service", "refused", "no-answer", "failed", "busy"
]
"""Why something was not done. no-answer: nobody knows whether it was."""


def _plain(name: str) -> str:
    if not is_plain(name):
        raise ValueError("a name of plain words")
    return name


def _entity(text: str) -> str:
    if not is_entity_id(text):
        raise ValueError("an entity id")
    return text


Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_plain)]
EntityId = Annotated[str, AfterValidator(_entity)]
Key = Annotated[str, Field(pattern=r"^[^\x00-\x20\x7f]+$", max_length=100)]
"""Home Assistant's id of an area or a floor."""
Number = Annotated[int, Field(ge=1, le=2**53)]
Aliases = Annotated[tuple[Name, ...], Field(max_length=MOST_ALIASES, strict=False)]
Word = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
Value = Annotated[str, Field(max_length=255)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Call(_Message):
    """Core to door: do this service on these entities."""

    do: Literal["call"] = "call"
    id: Number
    service: str
    entities: Annotated[tuple[EntityId, ...], Field(min_length=1, max_length=AT_ONCE, strict=False)]
    data: dict[str, Plain] = {}

    @model_validator(mode="after")
    def _is_in_the_table(self) -> Self:
        fields = SERVICES.get(self.service)
        if fields is None or not self.data.keys() <= fields:
            raise ValueError("no such service")
        if not all(_fits(name, value) for name, value in self.data.items()):
            raise ValueError("no such value")
        domain = f"{self.service.partition('.')[0]}."
        if not all(entity.startswith(domain) for entity in self.entities):
            raise ValueError("another domain")
        return self


def _fits(name: str, value: Plain) -> bool:
    if name in FLAGS:
        return isinstance(value, bool)
    if name in WORDS:
        return isinstance(value, str) and re.match(WORDS[name], value) is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = RANGES.get(name, (1, 0))
    return low <= value <= high


class Look(_Message):
    """Core to door: what are the states of these entities?"""

    do: Literal["look"] = "look"
    id: Number
    entities: Annotated[tuple[EntityId, ...], Field(min_length=1, max_length=AT_ONCE, strict=False)]


class Floor(_Message):
    """A floor."""

    id: Key
    name: Name
    aliases: Aliases = ()


class Area(_Message):
    """An area."""

    id: Key
    name: Name
    aliases: Aliases = ()
    floor: Key | None = None


class Entity(_Message):
    """An entity: its id has its domain."""

    id: EntityId
    name: Name
    aliases: Aliases = ()
    area: Key | None = None
    device_class: Word | None = None
    colors: bool | None = None
    """Of a light: whether it has colours; None: nobody knows."""
    dims: bool | None = None
    """Of a light: whether it can be dimmed."""


class State(_Message):
    """Door to core: whether Home Assistant is there, and if not, why."""

    say: Literal["state"] = "state"
    open: bool
    kind: AlarmKind | None = None
    detail: Annotated[str, Field(max_length=500)] = ""


class Begin(_Message):
    """Door to core: the things of the house follow; what there was before is over."""

    say: Literal["begin"] = "begin"
    floors: Annotated[int, Field(ge=0, le=MOST_AREAS)]
    areas: Annotated[int, Field(ge=0, le=MOST_AREAS)]
    entities: Annotated[int, Field(ge=0, le=MOST_ENTITIES)]


class Part(_Message):
    """Door to core: some of them."""

    say: Literal["part"] = "part"
    floors: Annotated[tuple[Floor, ...], Field(strict=False)] = ()
    areas: Annotated[tuple[Area, ...], Field(strict=False)] = ()
    entities: Annotated[tuple[Entity, ...], Field(strict=False)] = ()


class End(_Message):
    """Door to core: that was all."""

    say: Literal["end"] = "end"


class Done(_Message):
    """Door to core: Home Assistant said that it was done."""

    say: Literal["done"] = "done"
    id: Number


class Failed(_Message):
    """Door to core: it was not done, or nobody knows whether it was."""

    say: Literal["failed"] = "failed"
    id: Number
    problem: Problem


class Seen(_Message):
    """The state of an entity, and those of its attributes that answers are made of."""

    id: EntityId
    state: Value
    unit_of_measurement: Annotated[str, Field(max_length=30)] | None = None
    current_temperature: float | None = None
    temperature: float | None = None
    current_position: float | None = None
    volume_level: float | None = None


class States(_Message):
    """Door to core: states that were asked for; with `more` others follow."""

    say: Literal["states"] = "states"
    id: Number
    states: Annotated[tuple[Seen, ...], Field(strict=False)]
    more: bool = False


Request: TypeAlias = Call | Look
Answer: TypeAlias = State | Begin | Part | End | Done | Failed | States
_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="say")])


def packed(message: Request | Answer) -> bytes:
    """A message as one packet; raises DoorError where it is too large."""
    packet = message.model_dump_json(exclude_defaults=True, exclude_none=True)
    tagged = _tagged(message, packet).encode()
    if len(tagged) > LARGEST_PACKET:
        raise DoorError(f"a message of more than {LARGEST_PACKET} bytes; it was not sent")
    return tagged


def _tagged(message: Request | Answer, packet: str) -> str:
    """The message with what it is in front; that is a default, and left out with the others."""
    key, value = ("do", message.do) if isinstance(message, Call | Look) else ("say", message.say)
    rest = packet[1:]
    return f'{{"{key}":"{value}"{"" if rest == "}" else ","}{rest}'


def read_request(packet: bytes) -> Request:
    """A message of the core's. Raises DoorError, which quotes nothing of it."""
    try:
        return _REQUEST.validate_json(packet)
    except (ValidationError, ValueError):
        raise DoorError("a message that is none of core's; the sender was hung up on") from None


def read_answer(packet: bytes) -> Answer:
    """A message of the door's. Raises DoorError, which quotes nothing of it."""
    try:
        return _ANSWER.validate_json(packet)
    except (ValidationError, ValueError):
        raise DoorError("a message that is none of the door's") from None


def packed_size(model: Floor | Area | Entity) -> int:
    """Bytes of a thing in a packet."""
    return len(model.model_dump_json(exclude_defaults=True).encode())
