"""How loud it is and how much it sounds like the wake word: numbers for a meter, of this moment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from time import monotonic
from typing import Protocol

import numpy as np

from assistant.observe.histogram import Histogram
from assistant.types import AudioFrame, Gap, WakeEvent
from pipeline.ports import Source

FLOOR = -96.0
"""Decibels of full scale: 16-bit silence."""
SCORES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class ScoringWake(Protocol):
    """A wake detector that says how sure it was."""

    last_score: float

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        """Take the next frame."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


class Meter:
    """Fed by the ear's thread, read by any."""

    def __init__(self) -> None:
        self.level = FLOOR
        """Decibels of full scale, of the last 80 ms (RMS)."""
        self.score = 0.0
        """Of the wake word in the last 80 ms, 0..1."""
        self.scores = Histogram(SCORES)
        """Of the frames that were worth asking the accurate model about."""
        self._last: float | None = None

    @property
    def quiet_for(self) -> float | None:
        """Seconds since the last frame; None before the first."""
        return None if self._last is None else monotonic() - self._last

    def measured(self, source: Source) -> Source:
        """The same source, metered."""
        return _Measured(source, self)

    def scored(self, detector: ScoringWake) -> ScoringWake:
        """The same detector, metered."""
        return _Scored(detector, self)

    def hear(self, frame: AudioFrame) -> None:
        """Take the level of a frame."""
        samples = np.frombuffer(frame.pcm, "<i2").astype(np.float32)
        power = float(np.mean(samples * samples)) / 32768**2
        self.level = max(FLOOR, 10 * math.log10(power)) if power > 0 else FLOOR
        self._last = monotonic()


class _Measured:
    def __init__(self, source: Source, meter: Meter) -> None:
        self._source = source
        self._meter = meter

    def frames(self) -> Iterator[AudioFrame | Gap]:
        for item in self._source.frames():
            if isinstance(item, AudioFrame):
                self._meter.hear(item)
            yield item

    def close(self) -> None:
        self._source.close()


class _Scored:
    def __init__(self, detector: ScoringWake, meter: Meter) -> None:
        self._detector = detector
        self._meter = meter
        self.last_score = 0.0

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        event = self._detector.feed(frame)
        self.last_score = self._meter.score = self._detector.last_score
        if self.last_score > 0:
            self._meter.scores.add(self.last_score)
        return event

    def reset(self) -> None:
        self._detector.reset()
