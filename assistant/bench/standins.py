"""Engines that do nothing, so that what is left is Sotto's own work."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.private import Private
from assistant.types import AudioFrame, Partial, Transcript, Utterance, WakeEvent
from pipeline.ports import Expected, Verdict


class SilentWake:
    """Wakes every so many frames, without listening."""

    def __init__(self, every: int) -> None:
        self._every = every

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        """Take the next frame."""
        if frame.index % self._every:
            return None
        return WakeEvent(frame.end, "alexa", 1.0)

    def reset(self) -> None:
        """Nothing was remembered."""


class CountingEndpointer:
    """Closes after so many frames."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._left = 0
        self.speech_end: float | None = None

    def open(self, pre_roll: bytes) -> None:
        """Begin an utterance."""
        self._left = self._frames

    def forget(self) -> None:
        """It keeps nothing."""

    def feed(self, frame: AudioFrame, partial: Partial | None) -> Verdict:
        """Take the next frame."""
        self._left -= 1
        self.speech_end = frame.end
        return "open" if self._left else "silence"


class FixedRecognizer:
    """Always hears the same words."""

    def __init__(self, text: str) -> None:
        self._text = text

    def open(self, expect: Expected = "command") -> FixedDecoding:
        """Begin an utterance."""
        return FixedDecoding(self._text)

    def close(self) -> None:
        """Nothing to release."""


class FixedDecoding:
    """One utterance of a FixedRecognizer."""

    def __init__(self, text: str) -> None:
        self._text = Private(text)

    def feed(self, pcm: bytes) -> Partial | None:
        """Hear nothing."""
        return None

    def pause(self) -> None:
        """Nothing to do ahead."""

    def finish(self, utterance: Utterance) -> Transcript:
        """Give the words."""
        return Transcript(utterance.id, self._text, 1.0)

    def abandon(self) -> None:
        """Nothing to give up."""


class Frames:
    """So many frames of the same sound."""

    def __init__(self, count: int, pcm: bytes) -> None:
        self._count = count
        self._pcm = pcm
        self._closed = False

    def frames(self) -> Iterator[AudioFrame]:
        """Give them."""
        for index in range(self._count):
            if self._closed:
                return
            yield AudioFrame(index, self._pcm)

    def close(self) -> None:
        """End soon."""
        self._closed = True
