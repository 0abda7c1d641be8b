"""The nouns, in the order an utterance meets them.

AudioFrame -> WakeEvent -> Utterance -> Transcript -> Findings
           -> RedactedTranscript (+ Originals) -> RedactedIntent
           -> Decision: Grant | Release | Permit | Confirm | Refusal -> Reply
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from assistant.private import Private

SAMPLE_RATE = 16_000
"""Samples a second of all audio inside Sotto."""
FRAME_SAMPLES = 1_280
"""Samples in an `AudioFrame`."""
FRAME_BYTES = FRAME_SAMPLES * 2
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE

ClosedBy: TypeAlias = Literal["silence", "complete", "limit", "end"]
"""Why an utterance ended: quiet; a complete command, stable for a moment; the longest
time allowed; the end of the source."""


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """80 ms of mono 16 kHz int16 audio. Its index is its time; the core has no clock."""

    index: int
    pcm: bytes = field(repr=False)
    """Always FRAME_BYTES long, little-endian."""

    @property
    def start(self) -> float:
        """Seconds from the start of the source to the first sample."""
        return self.index * FRAME_SECONDS

    @property
    def end(self) -> float:
        """Seconds from the start of the source to just past the last sample."""
        return (self.index + 1) * FRAME_SECONDS


@dataclass(frozen=True, slots=True)
class Gap:
    """Time that the source could not hear, between two frames: what came before it is stale."""

    seconds: float
    """The index of the next frame has gone on by as much, to the frame."""


@dataclass(frozen=True, slots=True)
class WakeEvent:
    """A wake word was heard."""

    at: float
    """Seconds from the start of the source: the end of the frame that decided."""
    phrase: str
    """The model's name: alexa, hey_jarvis, ..."""
    score: float
    """0..1, of the model that confirmed."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One command, from its pre-roll to its end."""

    id: int
    start: float
    """Seconds from the start of the source to the first sample of `pcm`."""
    end: float
    """Seconds at which it was closed."""
    speech_end: float
    """Seconds at which speech was last heard in it; `end - speech_end` is the wait."""
    closed_by: ClosedBy
    pcm: Private[bytes]
    """Mono 16 kHz int16 from `start` to `end`."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What a recognizer makes of an utterance that is still going on."""

    text: Private[str]
    complete: bool
    """The words so far are a whole command."""
    extendable: bool
    """The words so far could go on to another command."""
    settled: bool = False
    """Made at a pause, of the whole utterance, as if it ended there: better than in passing."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its place in the utterance."""

    text: Private[str]
    start: float
    """Seconds from the start of the utterance."""
    end: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recognizer heard. Empty text: nothing, or nothing it takes for a command."""

    utterance_id: int
    text: Private[str]
    confidence: float
    """0..1."""
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the raw text that is private: never the text itself."""

    start: int
    end: int
    """Half-open, in characters of the raw text."""
    type: str
    """Named as Presidio names it: PERSON, PHONE_NUMBER, ..."""
    score: float
    detector: str = ""
    rule: str = ""
    """Which of the detector's rules it was, for whoever asks why: never the text either."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A placeholder that stands in a redacted text."""

    type: str
    placeholder: str
    """PERSON_1, PHONE_NUMBER_2, ..."""


@dataclass(frozen=True, slots=True)
class RedactedTranscript:
    """Text in which every finding is a placeholder. Made by `pipeline.redact` only."""

    utterance_id: int
    text: str
    entities: tuple[Entity, ...]
    confidence: float
    findings: tuple[Finding, ...] = ()
    """Where the placeholders' words stood in the raw text: whole words, in order, apart."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A slot value from our own lists: a device, an area, a colour."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A slot value inside a grammar's range."""

    value: float


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A slot value that was redacted: its name only."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Words:
    """Free speech, redacted: an item for a list, the name of a timer."""

    value: str


Slot: TypeAlias = Choice | Number | Placeholder | Words


@dataclass(frozen=True, slots=True)
class RedactedIntent:
    """What is wanted, parsed from redacted text. Made by `pipeline.intents` only."""

    utterance_id: int
    name: str
    slots: Mapping[str, Slot]
    response: str = "default"
    """Which of the intent's reply templates fits the sentence that matched."""


ConfirmBy: TypeAlias = Literal["voice", "pin", "button"]
"""How somebody says yes to a risky act."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to act on this device. Made by `policies.decide` only."""

    rule: str
    source: str = field(default="", compare=False)
    """File and key of the rule."""


@dataclass(frozen=True, slots=True)
class Release:
    """An intent cleared for one destination. Made by `policies.decide` only."""

    intent: RedactedIntent
    """With no slot in it that the destination may not get."""
    destination: str
    rule: str
    consent: str
    """The id of the consent that covers it."""


@dataclass(frozen=True, slots=True)
class TextRelease:
    """A redacted text cleared for one destination. Made by `policies.decide` only."""

    transcript: RedactedTranscript
    destination: str
    rule: str
    consent: str


@dataclass(frozen=True, slots=True)
class AudioRelease:
    """Raw sound cleared for one destination, for a while. Made by `policies.decide` only."""

    destination: str
    seconds: int
    """At most so many, from the wake word on."""
    rule: str
    consent: str


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to keep one kind of thing for one purpose. Made by `policies.decide` only."""

    category: str
    purpose: str
    keep_for: timedelta
    rule: str
    subject: str
    """`household`, or a person's id."""
    consent: str
    """The id of the consent that covers it."""
    most: int | None = None
    """Rows of this category and purpose to keep; the oldest go first."""
    most_bytes: int | None = None
    """The same, in bytes."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """A risky action that waits for a yes. Made by `policies.decide` only."""

    rule: str
    source: str = field(default="", compare=False)
    """File and key of the rule."""
    by: ConfirmBy = "voice"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a rule and a key, no speech. Made by `policies.decide` only."""

    rule: str
    source: str = field(default="", compare=False)
    """File and key of the rule."""


Decision: TypeAlias = Grant | Release | TextRelease | AudioRelease | Permit | Confirm | Refusal
