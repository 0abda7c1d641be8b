"""What the pipeline asks of its parts. Engines keep these; tests pass in their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from assistant.types import (
    AudioFrame,
    Finding,
    Partial,
    RedactedIntent,
    RedactedTranscript,
    Transcript,
    Utterance,
    WakeEvent,
)


class Source(Protocol):
    """Sound. A blocking iterator, consumed by the ear's thread."""

    def frames(self) -> Iterator[AudioFrame]:
        """Give frames in order until the source ends; raise SourceError where it can't."""
        ...

    def close(self) -> None:
        """End `frames` soon, from any thread."""
        ...


class WakeDetector(Protocol):
    """Hears a wake word."""

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        """Take the next frame."""
        ...

    def reset(self) -> None:
        """Forget what was heard, after an utterance or a gap."""
        ...


class Endpointer(Protocol):
    """Decides when an utterance is over."""

    def open(self, at_frame: int) -> None:
        """Begin a new utterance."""
        ...


class Decoding(Protocol):
    """One utterance on its way to being text."""

    def feed(self, pcm: bytes) -> Partial | None:
        """Take the next stretch of mono 16 kHz int16 audio (ear's thread)."""
        ...

    def pause(self) -> None:
        """Told at a short pause: a recognizer may decode ahead (ear's thread)."""
        ...

    def finish(self, utterance: Utterance) -> Transcript:
        """Give the final text; called once (mind's thread)."""
        ...

    def abandon(self) -> None:
        """Throw the utterance away, whether or not `finish` was called or is running."""
        ...


class Recognizer(Protocol):
    """Speech to text."""

    def open(self) -> Decoding:
        """Begin an utterance. Never blocks for long."""
        ...

    def close(self) -> None:
        """Release the engine."""
        ...


class Detector(Protocol):
    """Finds what is private in a raw transcript."""

    name: str

    def find(self, transcript: Transcript) -> Sequence[Finding]:
        """Give findings in any order; they may overlap."""
        ...


class Parser(Protocol):
    """Redacted text to intent."""

    def parse(self, transcript: RedactedTranscript) -> RedactedIntent | None:
        """Give the intent, or None where no sentence fits."""
        ...


class Voice(Protocol):
    """Text to speech."""

    def say(self, text: str) -> None:
        """Speak and return when done (a worker's thread)."""
        ...

    def stop(self) -> None:
        """Fall silent at once, from any thread."""
        ...
