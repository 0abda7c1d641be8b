"""What the core keeps of a message until it is sent, and where it keeps it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from assistant.errors import DoorError
from assistant.types import Permit, Release
from plugins.door.wire import Send, values_of


class KeptFacts(Protocol):
    """What is said of a kept row: its number."""

    @property
    def id(self) -> int:
        """The row's number."""
        ...


class KeptRow(Protocol):
    """A row that was kept: `storage.rows.Row`."""

    @property
    def facts(self) -> KeptFacts:
        """Its number among others."""
        ...

    @property
    def payload(self) -> Mapping[str, Any]:
        """What was put."""
        ...


class Outbox(Protocol):
    """The durable outbox: `storage.outbox.Outbox`."""

    def put(
        self, permit: Permit, payload: Mapping[str, Any], *, release: Release | None = None
    ) -> int:
        """Keep a message and give its number; durable when it returns, and its release noted."""
        ...

    def due(self) -> Sequence[KeptRow]:
        """What is to be sent by now, the longest due first."""
        ...

    def done(self, numbers: Sequence[int]) -> None:
        """These were sent: take them out; durable when it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way, and the number under which it is kept."""

    number: int
    message: Send


@dataclass(frozen=True, slots=True)
class Departure:
    """A message that left: the broker has it."""

    utterance: int
    """Its number; 0: it was said before this process began."""
    message: Send
    payload: str
    """What left, to the byte."""


def send_of(release: Release, *, ask: bool) -> Send:
    """What the door is told of a release: names and values, never a placeholder's number.

    Raises DoorError where a value can't be sent.
    """
    intent = release.intent
    try:
        return Send(
            do="ask" if ask else "tell",
            id=secrets.token_hex(16),
            destination=release.destination,
            intent=intent.name,
            slots=values_of(intent.slots),
        )
    except ValidationError:
        raise DoorError(f"an intent that can't be sent to {release.destination}") from None


def kept(message: Send) -> dict[str, Any]:
    """The message as it is kept."""
    return message.model_dump(mode="json", exclude_none=True)


def read_kept(row: KeptRow) -> Outgoing | None:
    """A message that was kept; None where the row holds none."""
    try:
        return Outgoing(row.facts.id, Send.model_validate(dict(row.payload)))
    except ValidationError:
        return None
