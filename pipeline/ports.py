"""What the pipeline asks of its parts. Engines keep these; tests pass in their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from assistant.types import (
    AudioFrame,
    Finding,
    Gap,
    Partial,
    RedactedIntent,
    RedactedTranscript,
    Transcript,
    Utterance,
    WakeEvent,
)


class Source(Protocol):
    """Sound. A blocking iterator, consumed by the ear's thread."""

    def frames(self) -> Iterator[AudioFrame | Gap]:
        """Give frames in order until the source ends; raise SourceError where it can't.

        A `Gap` stands where sound was lost; the indexes of the frames go on through it.
        """
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


class SpeechDetector(Protocol):
    """Tells speech from other sounds."""

    def feed(self, pcm: bytes) -> float:
        """Take the next FRAME_BYTES; give the share of it that sounds like speech, 0..1."""
        ...

    def reset(self) -> None:
        """Forget what was heard, before an utterance."""
        ...


Verdict: TypeAlias = Literal["open", "pause", "silence", "complete", "limit", "no_speech"]
"""open: go on; pause: a short pause begins, go on; no_speech: close, nothing was said; the
others: close, for that reason."""


class Endpointer(Protocol):
    """Decides when an utterance is over."""

    @property
    def speech_end(self) -> float | None:
        """Seconds from the start of the source at which speech was last heard, if it was."""
        ...

    def open(self, pre_roll: bytes) -> None:
        """Begin an utterance; `pre_roll` is what was heard just before, the wake word in it."""
        ...

    def feed(self, frame: AudioFrame, partial: Partial | None) -> Verdict:
        """Take the next frame, with what the recognizer makes of the utterance by now.

        Between the last speech and silence or complete there is always a pause.
        """
        ...

    def forget(self) -> None:
        """The utterance is over, or given up: keep nothing of what was heard."""
        ...


class Decoding(Protocol):
    """One utterance on its way to being text."""

    def feed(self, pcm: bytes) -> Partial | None:
        """Take the next stretch of mono 16 kHz int16 audio (ear's thread)."""
        ...

    def pause(self) -> None:
        """Told at a short pause: a recognizer may decode ahead (ear's thread).

        It may then give a partial that is `settled`.
        """
        ...

    def finish(self, utterance: Utterance) -> Transcript:
        """Give the final text; called once (mind's thread)."""
        ...

    def abandon(self) -> None:
        """Throw the utterance away, whether or not `finish` was called or is running."""
        ...


Expected: TypeAlias = Literal["command", "answer", "pin"]
"""What somebody is about to say: anything, a yes or a no, digits."""


class Recognizer(Protocol):
    """Speech to text."""

    def open(self, expect: Expected = "command") -> Decoding:
        """Begin an utterance; an answer is a yes or a no, a PIN digits. Never blocks for long."""
        ...

    def close(self) -> None:
        """Release the engine."""
        ...


class Detector(Protocol):
    """Finds what is private in a raw transcript.

    `name`, `types` and `cost` are told to whoever asks what looks at their words. A detector
    works in time linear in the length of the text, opens nothing and keeps nothing of it.
    """

    name: str
    types: Collection[str]
    """The types of finding it may give."""
    cost: float
    """About how many milliseconds it takes for a sentence of ten words on one core."""

    def find(self, transcript: Transcript) -> Sequence[Finding]:
        """Give findings in any order; they may overlap."""
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """A detector that tells where a text may go on: what a pause may have cut in two."""

    def begins(self, text: str) -> int | None:
        """The offset of what may become private with the next words, or None."""
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
