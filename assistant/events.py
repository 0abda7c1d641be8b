"""What the runtime reports, in the order it happens; `sotto replay --json` prints these.

Every field is fit to leave the process: redacted text, names from our own lists, numbers.
The one exception is `Redacted.raw`, which stays `Private` and is printed with --show-raw only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from assistant.private import Private
from assistant.types import ClosedBy, Entity

Effect: TypeAlias = Literal["allow", "confirm", "refuse"]
SlotValue: TypeAlias = str | int | float


@dataclass(frozen=True, slots=True)
class SourceOpened:
    """A recording begins."""

    audio: str
    seconds: float | None

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {"event": "source", "audio": self.audio, "seconds": _round(self.seconds)}


@dataclass(frozen=True, slots=True)
class Woken:
    """A wake word was heard."""

    audio: str
    at: float
    phrase: str
    score: float

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {
            "event": "wake",
            "audio": self.audio,
            "at": _round(self.at),
            "phrase": self.phrase,
            "score": _round(self.score),
        }


@dataclass(frozen=True, slots=True)
class Closed:
    """An utterance ended."""

    id: int
    start: float
    end: float
    closed_by: ClosedBy

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {
            "event": "utterance",
            "id": self.id,
            "start": _round(self.start),
            "end": _round(self.end),
            "closed_by": self.closed_by,
        }


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was heard, without what is private."""

    id: int
    text: str
    entities: tuple[Entity, ...]
    confidence: float
    raw: Private[str] | None = None

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {
            "event": "redacted",
            "id": self.id,
            "text": self.text,
            "entities": [
                {"type": entity.type, "placeholder": entity.placeholder} for entity in self.entities
            ],
            "confidence": _round(self.confidence),
        }


@dataclass(frozen=True, slots=True)
class Understood:
    """What is wanted; name None: no sentence fits."""

    id: int
    name: str | None
    slots: Mapping[str, SlotValue]
    closed: Mapping[str, SlotValue] = field(default_factory=dict)
    """What of the slots could leave the device, if a policy shared the intent."""

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {"event": "intent", "id": self.id, "name": self.name, "slots": dict(self.slots)}


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether it may be done, and the rule that says so."""

    id: int
    effect: Effect
    rule: str

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {"event": "decision", "id": self.id, "effect": self.effect, "rule": self.rule}


@dataclass(frozen=True, slots=True)
class Replied:
    """What a skill answered, from redacted values only."""

    id: int
    text: str

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {"event": "reply", "id": self.id, "text": self.text}


@dataclass(frozen=True, slots=True)
class Kept:
    """Something of the utterance was stored, sealed, for a while."""

    id: int
    row: int
    """Its number in the store: `sotto data show` opens it."""
    category: str
    purpose: str
    seconds: float
    """How long it is kept."""
    rule: str

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {
            "event": "kept",
            "id": self.id,
            "row": self.row,
            "category": self.category,
            "purpose": self.purpose,
            "seconds": round(self.seconds),
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True)
class Sent:
    """A message left the house: the broker has it. It may come long after its utterance."""

    id: int
    """The utterance's; 0: it was said before this process began."""
    destination: str
    intent: str
    payload: str
    """What left, to the byte: JSON that the door put together."""

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {
            "event": "sent",
            "id": self.id,
            "destination": self.destination,
            "intent": self.intent,
            "payload": json.loads(self.payload),
        }


@dataclass(frozen=True, slots=True)
class Done:
    """The utterance is dealt with, and what each step took."""

    id: int
    seconds: Mapping[str, float]
    """endpoint: from the last speech to the close, in the source's time; recognize: from the
    close to the text; redact, parse: the steps; total: their sum."""
    rtf: float
    """Seconds the recognizer worked for each second of the utterance."""

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        seconds = {name: round(value, 4) for name, value in self.seconds.items()}
        return {"event": "done", "id": self.id, "seconds": seconds, "rtf": _round(self.rtf)}


@dataclass(frozen=True, slots=True)
class Failed:
    """A recording or an utterance that could not be dealt with."""

    audio: str
    reason: str

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {"event": "error", "audio": self.audio, "reason": self.reason}


Occurrence: TypeAlias = Literal[
    "asked", "no_speech", "lost", "dropped", "speaks", "spoke", "gap", "late", "sent"
]
"""asked: we listen without a wake word; no_speech, lost: and nothing came of it; dropped: an
utterance the mind was too busy for; speaks, spoke: a reply begins and ends; gap: the source was
away; late: frames the ear was too slow for; sent: a message that the broker acknowledged."""
Alarm: TypeAlias = Literal[
    "microphone",
    "stalled",
    "silent",
    "switch",
    "policy",
    "consents",
    "store",
    "audit",
    "door",
    "disk",
    "memory",
    "temperature",
]
"""What can be wrong for a while: microphone: there is none; stalled: no frame comes; silent: only
zeros do; switch: the mute switch can't be read; the others: that part fails, or runs low."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something happened that is counted and shown, and has no more to it."""

    what: Occurrence
    times: int = 1

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {"event": "noted", "what": self.what, "times": self.times}


@dataclass(frozen=True, slots=True)
class Alarmed:
    """Something is wrong from now on, or is so no longer."""

    kind: Alarm
    on: bool

    def fields(self) -> dict[str, Any]:
        """The event as plain values, in the order they are printed."""
        return {"event": "alarm", "kind": self.kind, "on": self.on}


Event: TypeAlias = (
    SourceOpened
    | Woken
    | Closed
    | Redacted
    | Understood
    | Decided
    | Replied
    | Kept
    | Sent
    | Done
    | Failed
    | Noted
    | Alarmed
)
Report: TypeAlias = Callable[[Event], None]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
