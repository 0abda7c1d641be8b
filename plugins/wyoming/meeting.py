"""What `sotto run` and `sotto wyoming` say to each other: closed messages and frames of sound.

Two Unix sockets of whole packets, both the network process's. On one our sound goes out, under a
release; on the other a remote microphone's comes in (`pipeline.sources.remote` reads it).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.errors import WyomingError
from assistant.settings import WyomingSettings
from pipeline.sources.remote import SOCKET as MICROPHONE

SATELLITE = "wyoming-satellite.sock"
VARIABLE = "SOTTO_WYOMING_SOCKETS"
"""Names the directory in which systemd opened both (systemd/sotto-wyoming.socket)."""
SOUND = b"\0"
"""How a packet of sound begins; mono 16 kHz PCM follows."""
MOST_SOUND = 4000
"""Bytes of sound in a packet."""
__all__ = ["MICROPHONE", "SATELLITE", "SOUND"]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Woken(_Message):
    """Core to network: sound follows."""

    say: Literal["woken"] = "woken"
    phrase: Annotated[str, Field(max_length=64)] | None = None


class Over(_Message):
    """Core to network: that was all of the sound."""

    say: Literal["over"] = "over"


class Played(_Message):
    """Core to network: the reply was heard."""

    say: Literal["played"] = "played"


class Ready(_Message):
    """Network to core: whether somebody waits for sound."""

    say: Literal["ready"] = "ready"
    waits: bool


class Enough(_Message):
    """Network to core: no more of this sound."""

    say: Literal["enough"] = "enough"


class Replied(_Message):
    """Network to core: the sound before this was a whole reply; play it."""

    say: Literal["replied"] = "replied"


FromCore: TypeAlias = Woken | Over | Played
FromNetwork: TypeAlias = Ready | Enough | Replied
_CORE: TypeAdapter[FromCore] = TypeAdapter(Annotated[FromCore, Field(discriminator="say")])
_NETWORK: TypeAdapter[FromNetwork] = TypeAdapter(Annotated[FromNetwork, Field(discriminator="say")])


def place(settings: WyomingSettings, state: Path, name: str) -> Path:
    """Where a socket is."""
    given = os.environ.get(VARIABLE)
    return (Path(given) if given else settings.directory or state) / name


def listener() -> int:
    """Who listens at the sockets: root, where systemd opened them, else we."""
    return 0 if VARIABLE in os.environ else os.geteuid()


def message(said: FromCore | FromNetwork) -> bytes:
    """A message as a packet."""
    return said.model_dump_json().encode()


def from_core(packet: bytes) -> FromCore | bytes:
    """What a packet of the core's says; sound as bytes. Raises WyomingError for any other."""
    if packet.startswith(SOUND):
        return _sound(packet)
    try:
        return _CORE.validate_json(packet)
    except (ValidationError, ValueError):
        raise WyomingError("a packet that is none of the core's") from None


def from_network(packet: bytes) -> FromNetwork | bytes:
    """What a packet of the network's says; sound as bytes. Raises WyomingError for any other."""
    if packet.startswith(SOUND):
        return _sound(packet)
    try:
        return _NETWORK.validate_json(packet)
    except (ValidationError, ValueError):
        raise WyomingError("a packet that is none of the network's") from None


def _sound(packet: bytes) -> bytes:
    sound = packet[len(SOUND) :]
    if len(sound) % 2 or len(sound) > MOST_SOUND:
        raise WyomingError("a packet of sound that is too long or ends in half a sample")
    return sound
