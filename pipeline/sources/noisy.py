"""A recording with noise mixed in, for measuring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.errors import SourceError
from assistant.types import AudioFrame
from pipeline.sources.file import FileSource, read_samples
from pipeline.sources.mix import Mixer, Samples, measure

LONGEST_NOISE = 600.0
"""Seconds of a noise file that are used; what goes on longer is more of the same."""


class NoisySource:
    """A recording with noise at `snr_db`, as `mix` does it; read twice, in constant memory."""

    def __init__(self, speech: FileSource, noise: Path, snr_db: float, seed: int) -> None:
        self._speech = speech
        self._noise = read_samples(noise, LONGEST_NOISE)
        if not -100 <= snr_db <= 100:
            raise SourceError(f"noise at {snr_db} dB makes no sense; give -20 to 40")
        if not self._noise.any():
            raise SourceError(f"{noise} is silent; give a recording of noise")
        self._snr_db = snr_db
        self._seed = seed

    def frames(self) -> Iterator[AudioFrame]:
        """Give the recording's frames with their noise."""
        level = measure(samples_of(frame) for frame in self._speech.frames())
        mixer = Mixer(level, self._noise, self._snr_db, self._seed)
        for frame in self._speech.frames():
            yield AudioFrame(frame.index, mixer.feed(samples_of(frame)).tobytes())

    def close(self) -> None:
        """End `frames` soon."""
        self._speech.close()


def samples_of(frame: AudioFrame) -> Samples:
    """The frame's 1280 samples."""
    return np.frombuffer(frame.pcm, "<i2")
