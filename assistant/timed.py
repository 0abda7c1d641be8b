"""A recognizer that says how long it worked."""

from __future__ import annotations

from time import perf_counter

from assistant.types import Partial, Transcript, Utterance
from pipeline.apart import ApartDecoding
from pipeline.ports import Decoding, Expected, Recognizer


class TimedDecoding:
    """A decoding and the seconds spent in it."""

    def __init__(self, decoding: Decoding) -> None:
        self._decoding = decoding
        self.seconds = 0.0

    def feed(self, pcm: bytes) -> Partial | None:
        """Pass audio on, and count the time."""
        started = perf_counter()
        try:
            return self._decoding.feed(pcm)
        finally:
            self.seconds += perf_counter() - started

    def pause(self) -> None:
        """Pass the short pause on."""
        self._decoding.pause()

    def finish(self, utterance: Utterance) -> Transcript:
        """Give the text, and count the time."""
        started = perf_counter()
        try:
            return self._decoding.finish(utterance)
        finally:
            self.seconds += perf_counter() - started

    def abandon(self) -> None:
        """Pass it on."""
        self._decoding.abandon()


class TimedRecognizer:
    """Wraps every decoding of another recognizer in a `TimedDecoding`."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def open(self, expect: Expected = "command") -> TimedDecoding:
        """Begin an utterance."""
        return TimedDecoding(self._recognizer.open(expect))

    def close(self) -> None:
        """Release the engine."""
        self._recognizer.close()


def spent(decoding: Decoding) -> float:
    """Seconds spent in a decoding; 0 where nobody counted."""
    return decoding.seconds if isinstance(decoding, TimedDecoding | ApartDecoding) else 0.0


class Laps:
    """Seconds between the steps of an utterance."""

    def __init__(self) -> None:
        self._last = perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        """End a step: it took the time since the last one."""
        now = perf_counter()
        self._laps[step] = now - self._last
        self._last = now

    def seconds(self, endpoint: float) -> dict[str, float]:
        """All steps, the wait before them, and their sum."""
        laps = {"endpoint": endpoint, **self._laps}
        return {**laps, "total": sum(laps.values())}
