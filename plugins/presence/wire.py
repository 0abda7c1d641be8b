"""What core and door say to each other about presence: closed JSON messages, one a packet.

Core tells how it is. The door hands over what somebody pressed, switched or chose. Neither side
trusts the other: the door shows nothing but what is described here, and the core does nothing but
what its own settings allow.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.errors import DoorError
from assistant.events import Alarm
from plugins.door.wire import LARGEST_PACKET

Mood: TypeAlias = Literal[
    "idle", "listening", "thinking", "speaking", "muted", "error", "no_microphone"
]
MOODS: tuple[Mood, ...] = get_args(Mood)
Happening: TypeAlias = Literal["done", "refused", "alarm", "confirm"]
"""done, refused: an intent; alarm: something is wrong from now on; confirm: a button is waited for.
"""
HAPPENINGS: tuple[Happening, ...] = get_args(Happening)
Act: TypeAlias = Literal["mute", "unmute", "erase", "confirm", "decline"]

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Option = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,29}$")]
Count = Annotated[int, Field(ge=0, le=99_999)]
MEMORY_STEP = 8
"""Megabytes: finer than that it is not told."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Shown(_Message):
    """Core to door: how it is."""

    say: Literal["shown"] = "shown"
    mood: Mood
    muted: bool
    policy: Option
    intent: Name | None = None
    """Of the intent that was last understood."""
    alarms: Annotated[tuple[Alarm, ...], Field(max_length=32, strict=False)] = ()
    confirm: bool = False
    """Whether a press of the button is waited for."""
    memory: Annotated[int, Field(ge=0, le=65_536, multiple_of=MEMORY_STEP)] = 0
    """Megabytes."""
    utterances: Count = 0
    """Today."""
    kept: Count = 0
    """Today."""
    sent: Count = 0
    """Today."""


class Happened(_Message):
    """Core to door: something happened."""

    say: Literal["happened"] = "happened"
    what: Happening
    intent: Name | None = None
    alarm: Alarm | None = None


class Do(_Message):
    """Door to core: somebody wants this done."""

    do: Act


class Choose(_Message):
    """Door to core: somebody chose a policy, by the name that the settings give it."""

    do: Literal["policy"] = "policy"
    option: Option


class There(_Message):
    """Door to core: whether the broker is there, so that a button can be pressed."""

    do: Literal["there"] = "there"
    open: bool


Told: TypeAlias = Shown | Happened
Command: TypeAlias = Do | Choose | There
_TOLD: TypeAdapter[Told] = TypeAdapter(Annotated[Told, Field(discriminator="say")])
_COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="do")])


def packed(message: Told | Command) -> bytes:
    """A message as one packet."""
    packet = message.model_dump_json(exclude_none=True).encode()
    assert len(packet) <= LARGEST_PACKET  # every field is short
    return packet


def read_told(packet: bytes) -> Told:
    """A message of the core's. Raises DoorError, which quotes nothing of it."""
    try:
        return _TOLD.validate_json(packet)
    except (ValidationError, ValueError):
        raise DoorError("presence: a message that is none of core's") from None


def read_command(packet: bytes) -> Command:
    """A message of the door's. Raises DoorError, which quotes nothing of it."""
    try:
        return _COMMAND.validate_json(packet)
    except (ValidationError, ValueError):
        raise DoorError("presence: a message that is none of the door's") from None
