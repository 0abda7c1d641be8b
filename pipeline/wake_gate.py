"""A gate for wake words that have no cheap model: it opens where speech rises over the noise."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.ports import SpeechDetector

RISE_DB = 9.0
"""How far over the noise speech must rise."""
SILENCE_DB = 20.0
"""Noise below this, in decibels over one step of 16 bits, is taken for silence."""
FLOOR_FRAMES = 40
"""The noise is as loud as the quietest frame of the last 3.2 s: words have quieter places."""
SPEECH_SHARE = 0.75
SPEECH_FRAMES = 3
"""Frames in a row that must sound like speech: no wake word is shorter than 240 ms."""
_BLOCK_SAMPLES = 320


class SpeechGate:
    """Scores all its phrases 1.0 where speech rises over the noise, else 0.0.

    The noise floor is the least of the last frames' median loudness, as in minimum statistics
    (Martin, 2001): it follows steady noise down at once and up in 3.2 s.
    """

    def __init__(self, speech: SpeechDetector, phrases: Sequence[str]) -> None:
        self._speech = speech
        self._phrases = tuple(phrases)
        self._floors: deque[float] = deque(maxlen=FLOOR_FRAMES)
        self._spoken = 0

    def feed(self, pcm: bytes) -> Mapping[str, float]:
        """Take the next 80 ms."""
        is_speech = self._speech.feed(pcm) >= SPEECH_SHARE
        self._spoken = self._spoken + 1 if is_speech else 0
        is_over = self._rise(pcm) >= RISE_DB and self._spoken >= SPEECH_FRAMES
        return dict.fromkeys(self._phrases, float(is_over))

    def restart(self) -> None:
        """Forget all audio."""
        self._speech.reset()
        self._floors.clear()
        self._spoken = 0

    def _rise(self, pcm: bytes) -> float:
        """Decibels between the loudest 20 ms and the noise, above a few hundred hertz."""
        samples = np.frombuffer(pcm, np.int16).astype(np.float32)
        emphasised = np.diff(samples, prepend=samples[:1])
        power = np.square(emphasised).reshape(-1, _BLOCK_SAMPLES).mean(axis=1)
        loudness = 10 * np.log10(power + 1.0)
        self._floors.append(float(np.median(loudness)))
        return float(loudness.max()) - max(min(self._floors), SILENCE_DB)
