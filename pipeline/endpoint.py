"""Decides when a command is over: from the speaker's level, VAD and what is recognized."""

from __future__ import annotations

import math

import numpy as np

from assistant.settings import ListenSettings
from assistant.types import FRAME_SECONDS, AudioFrame, Partial
from pipeline.ports import SpeechDetector, Verdict

_NEAR = 10.0
_FAR = 30.0
_ABOVE_FLOOR = 9.0
_LOWEST = 20.0


class SpeechEndpointer:
    """First version."""

    def __init__(self, settings: ListenSettings, speech: SpeechDetector) -> None:
        """Take the times to wait, and a detector of speech."""
        self._settings = settings
        self._speech = speech
        self.open(b"")

    @property
    def speech_end(self) -> float | None:
        """Seconds from the start of the source at which speech was last heard."""
        return self._speech_end

    def open(self, pre_roll: bytes) -> None:
        """Begin an utterance after `pre_roll`."""
        self._speech.reset()
        self._speech_end: float | None = None
        self._frames = 0
        self._quiet = 0.0
        self._floor = math.inf
        self._loud = -math.inf
        self._paused = False

    def feed(self, frame: AudioFrame, partial: Partial | None) -> Verdict:
        """Take the next frame."""
        self._frames += 1
        level = _level(frame.pcm)
        share = self._speech.feed(frame.pcm)
        self._floor = min(self._floor, max(level, _LOWEST))
        if share >= 0.5:
            self._loud = max(self._loud, level)
        if share >= 0.5 and level > self._loud - _NEAR:
            self._quiet = 0.0
            self._paused = False
            self._speech_end = frame.end
        elif share >= 0.5 and level > max(self._floor + _ABOVE_FLOOR, self._loud - _FAR):
            self._quiet += FRAME_SECONDS / 2
            self._speech_end = frame.end if self._speech_end is not None else None
        else:
            self._quiet += FRAME_SECONDS
        return self._verdict(partial)

    def _verdict(self, partial: Partial | None) -> Verdict:
        lasted = self._frames * FRAME_SECONDS
        if self._speech_end is None:
            return "no_speech" if lasted >= self._settings.no_speech else "open"
        if self._quiet >= self._patience(partial):
            return "complete" if partial is not None and partial.complete else "silence"
        if lasted >= self._settings.longest:
            return "limit"
        if not self._paused and self._quiet >= self._settings.complete:
            self._paused = True
            return "pause"
        return "open"

    def _patience(self, partial: Partial | None) -> float:
        if partial is None:
            return self._settings.silence
        if partial.complete:
            return self._settings.silence if partial.extendable else self._settings.complete
        return self._settings.unfinished if partial.extendable else self._settings.silence


def _level(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    samples -= samples.mean()
    return 10 * math.log10(float(samples @ samples) / len(samples) + 1.0)
