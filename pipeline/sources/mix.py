"""Mixes noise into speech at a stated ratio, for measuring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
FRAME = 2_048
"""Samples over which energy is measured."""
LOUDEST = 32_767


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a recording is."""

    samples: int
    energy: float
    """Of its loudest frame: the largest sum of squares over FRAME samples."""
    peak: int
    """The largest sample, without its sign."""


class Meter:
    """Measures the level of audio that comes in pieces.

    Frames follow each other without overlap and an unfinished last one counts only where
    it is the only one, as in Picovoice's speech-to-intent and wake-word benchmarks.
    """

    def __init__(self) -> None:
        self._samples = 0
        self._energy: float | None = None
        self._peak = 0
        self._rest = np.zeros(0, np.float64)

    def feed(self, samples: Samples) -> None:
        """Take the next piece, of any length."""
        wide = samples.astype(np.float64)
        self._samples += len(wide)
        self._peak = max(self._peak, int(np.abs(wide).max(initial=0.0)))
        waiting = np.concatenate((self._rest, wide))
        whole = len(waiting) // FRAME * FRAME
        self._rest = waiting[whole:]
        if whole:
            energies = np.square(waiting[:whole].reshape(-1, FRAME)).sum(axis=1)
            self._energy = max(self._energy or 0.0, float(energies.max()))

    def level(self) -> Level:
        """The level of everything fed so far."""
        energy = self._energy
        if energy is None:
            energy = float(np.square(self._rest).sum())
        return Level(self._samples, energy, self._peak)


class Mixer:
    """Adds noise to speech of a known level, piece by piece.

    The noise is scaled, never the speech, so that the energy of the speech's loudest frame
    is `snr_db` decibels over that of the loudest frame of the noise that is heard with it
    (Picovoice/speech-to-intent-benchmark, benchmark/mixer.py). It begins at a place drawn
    from `seed` and is looped where it is shorter. Where the sum could pass full scale both
    are turned down together. Silent speech or silent noise is left as it is.
    """

    def __init__(self, speech: Level, noise: Samples, snr_db: float, seed: int) -> None:
        self._noise = noise
        choices = max(len(noise) - speech.samples + 1, 0) or max(len(noise), 1)
        self._at = int(np.random.default_rng(seed).integers(choices))
        heard = measure(self._stretches(speech.samples))
        self._noise_gain = 0.0
        if speech.energy > 0 and heard.energy > 0:
            self._noise_gain = float(np.sqrt(speech.energy / heard.energy / 10 ** (snr_db / 10)))
        highest = speech.peak + self._noise_gain * heard.peak
        self._gain = min(1.0, LOUDEST / highest) if self._noise_gain else 1.0

    def feed(self, speech: Samples) -> Samples:
        """Return the next piece of speech, as long as it came, with its noise."""
        if not self._noise_gain:
            return speech
        noise = self._stretch(self._at, len(speech))
        self._at += len(speech)
        mixed = self._gain * (speech.astype(np.float64) + self._noise_gain * noise)
        return np.rint(mixed).astype(np.int16)

    def _stretches(self, samples: int) -> Iterable[Samples]:
        """The noise under `samples` samples of speech, in pieces."""
        step = 16 * FRAME
        for start in range(0, samples, step):
            yield self._stretch(self._at + start, min(step, samples - start))

    def _stretch(self, start: int, samples: int) -> Samples:
        if not len(self._noise):
            return np.zeros(samples, np.int16)
        return self._noise.take(np.arange(start, start + samples), mode="wrap")


def measure(pieces: Iterable[Samples]) -> Level:
    """Measure audio that comes in pieces."""
    meter = Meter()
    for piece in pieces:
        meter.feed(piece)
    return meter.level()


def mix(speech: Samples, noise: Samples, snr_db: float, seed: int) -> Samples:
    """Return `speech`, mono int16, with `noise` at `snr_db` decibels under it; see `Mixer`."""
    return Mixer(measure([speech]), noise, snr_db, seed).feed(speech)
