"""Sound to cepstra, as the acoustic model of pocketsphinx was trained on them.

Mel-frequency cepstra (Davis and Mermelstein, 1980) with the parameters in the model's
`feat.params`: 25.6 ms Hamming windows every 10 ms, 25 filters of 130-6800 Hz, 13 liftered
coefficients. They are made here, and not in the library, because the normalisation that it
offers while somebody still speaks costs one order in ten, and because without a floor the
digital silence of clean recordings spoils the mean. No noise is taken out: the model copes better
with noise than with what its removal leaves (docs/decisions/grammar-front-end.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.types import SAMPLE_RATE

Spectra = NDArray[np.float64]
"""[frames, FILTERS]: power in mel bands."""
Cepstra = NDArray[np.float32]
"""[frames, COEFFICIENTS]; the first is the loudness."""
COEFFICIENTS = 13
FILTERS = 25
SHIFT = 160
"""Samples from one frame to the next: 10 ms."""
_WINDOW = 410
_FFT = 512
_LOWEST, _HIGHEST = 130.0, 6800.0
_LIFTER = 22
_EMPHASIS = 0.97
_FLOOR = 4.0
"""The quietest room, as the effective value of white noise in int16 steps."""
_ROOM = 20.0
"""The same for the quiet put around an utterance."""
_SPREAD = np.array([16.4, 16.5, 9.5, 13.0, 11.1, 10.3, 10.8, 10.5, 9.8, 10.1, 9.2, 8.3, 8.0])
"""Standard deviation of the coefficients of commands spoken near a good microphone."""


def _mel(hertz: float) -> float:
    return 2595.0 * float(np.log10(1.0 + hertz / 700.0))


def _hertz(mel: float) -> float:
    return 700.0 * float(10.0 ** (mel / 2595.0) - 1.0)


def _filters() -> NDArray[np.float64]:
    """Triangles of unit area, their corners rounded to FFT bins: [bins, FILTERS]."""
    step = SAMPLE_RATE / _FFT
    low, high = _mel(_LOWEST), _mel(_HIGHEST)
    width = (high - low) / (FILTERS + 1)
    bins = np.arange(_FFT // 2 + 1) * step
    bank = np.zeros((len(bins), FILTERS))
    for index in range(FILTERS):
        left, centre, right = (
            int(_hertz(low + (index + corner) * width) / step + 0.5) * step for corner in range(3)
        )
        rising = (bins - left) / (centre - left)
        falling = (right - bins) / (right - centre)
        bank[:, index] = np.clip(np.minimum(rising, falling), 0.0, None) * 2.0 / (right - left)
    return bank


def _cosines() -> NDArray[np.float64]:
    """The cosine transform and the lifter: [FILTERS, COEFFICIENTS]."""
    order = np.arange(COEFFICIENTS)
    basis = np.cos(np.outer(np.arange(FILTERS) + 0.5, order) * np.pi / FILTERS)
    basis *= np.where(order == 0, np.sqrt(1.0 / FILTERS), np.sqrt(2.0 / FILTERS))
    return np.asarray(basis * (1.0 + _LIFTER / 2.0 * np.sin(order * np.pi / _LIFTER)))


_HAMMING = np.hamming(_WINDOW)
_BANK = _filters()
_COSINES = _cosines()
_COLOUR = (
    np.abs(1.0 - _EMPHASIS * np.exp(-2j * np.pi * np.arange(_FFT // 2 + 1) / _FFT)) ** 2
) @ _BANK
_FLOOR_SPECTRUM = _FLOOR**2 * float(np.square(_HAMMING).sum()) * _COLOUR


def quiet(frames: int) -> Spectra:
    """The spectra of a quiet room, always the same."""
    uneven = np.random.default_rng(1).gamma(2.0, 0.5, (frames, FILTERS))
    return np.asarray(_ROOM**2 * float(np.square(_HAMMING).sum()) * _COLOUR * uneven)


class SpectrumMaker:
    """Makes mel spectra of sound that comes in pieces."""

    def __init__(self) -> None:
        self._rest = np.zeros(0)
        self._last = 0.0

    def feed(self, pcm: bytes) -> Spectra:
        """Take mono 16 kHz int16 audio and give the spectra of the frames it completes."""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
        if not len(samples):
            return np.zeros((0, FILTERS))
        emphasised = samples - _EMPHASIS * np.concatenate(([self._last], samples[:-1]))
        self._last = float(samples[-1])
        waiting = np.concatenate((self._rest, emphasised))
        count = max(0, (len(waiting) - _WINDOW) // SHIFT + 1)
        self._rest = waiting[count * SHIFT :]
        if not count:
            return np.zeros((0, FILTERS))
        windows = np.lib.stride_tricks.sliding_window_view(waiting, _WINDOW)
        spectra = np.fft.rfft(windows[: count * SHIFT : SHIFT] * _HAMMING, _FFT)
        return np.asarray((spectra.real**2 + spectra.imag**2) @ _BANK)


def cepstra(spectra: Spectra) -> Cepstra:
    """Turn mel spectra into cepstra."""
    return np.asarray((np.log(spectra + _FLOOR_SPECTRUM) @ _COSINES).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Normalisation:
    """What makes the cepstra of an utterance look like those the model knows."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]


def normalisation(values: Cepstra) -> Normalisation:
    """Estimate the mean, which room and microphone add, and the spread, which noise lessens."""
    spread = np.maximum(values.std(axis=0), 1e-3)
    scale = np.clip(np.sqrt(_SPREAD / spread), 1.0 / 3.0, 3.0)
    return Normalisation(values.mean(axis=0), scale.astype(np.float32))


def normalised(values: Cepstra, by: Normalisation) -> Cepstra:
    """Apply a normalisation."""
    return np.asarray(((values - by.mean) * by.scale).astype(np.float32))
