"""Sound to cepstra, as the acoustic model of pocketsphinx was trained on them.

Mel-frequency cepstra (Davis and Mermelstein, 1980) with the parameters in the model's
`feat.params`: 25.6 ms Hamming windows every 10 ms, 25 filters of 130-6800 Hz, 13 liftered
coefficients. They are made here and not in the library because normalisation by the mean of
the utterance, which the library offers for finished utterances only, is worth a third of all
errors, and needs the cepstra of what was heard so far.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.types import SAMPLE_RATE

Cepstra = NDArray[np.float32]
"""[frames, COEFFICIENTS]; the first is the loudness."""
COEFFICIENTS = 13
SHIFT = 160
"""Samples from one frame to the next: 10 ms."""
WINDOW = 410
"""Samples in a frame."""
_FFT = 512
_FILTERS = 25
_LOWEST, _HIGHEST = 130.0, 6800.0
"""Hertz."""
_LIFTER = 22
_EMPHASIS = 0.97
_LOG_FLOOR = 1e-4


def _mel(hertz: float) -> float:
    return 2595.0 * float(np.log10(1.0 + hertz / 700.0))


def _hertz(mel: float, warp: float) -> float:
    return float(700.0 * (10.0 ** (mel / 2595.0) - 1.0)) * warp


def _filters(warp: float = 1.0) -> NDArray[np.float64]:
    """Triangles of unit area, their corners rounded to FFT bins: [bins, filters]."""
    step = SAMPLE_RATE / _FFT
    low, high = _mel(_LOWEST), _mel(_HIGHEST)
    width = (high - low) / (_FILTERS + 1)
    bins = np.arange(_FFT // 2 + 1) * step
    bank = np.zeros((len(bins), _FILTERS))
    for index in range(_FILTERS):
        left, centre, right = (
            int(_hertz(low + (index + corner) * width, warp) / step + 0.5) * step for corner in range(3)
        )
        area = 2.0 / (right - left)
        rising = (bins - left) / (centre - left) * area
        falling = (right - bins) / (right - centre) * area
        bank[:, index] = np.clip(np.minimum(rising, falling), 0.0, None)
    return bank


def _cosines() -> NDArray[np.float64]:
    """The cosine transform and the lifter: [filters, coefficients]."""
    order = np.arange(COEFFICIENTS)
    basis = np.cos(np.outer(np.arange(_FILTERS) + 0.5, order) * np.pi / _FILTERS)
    basis *= np.where(order == 0, np.sqrt(1.0 / _FILTERS), np.sqrt(2.0 / _FILTERS))
    return np.asarray(basis * (1.0 + _LIFTER / 2.0 * np.sin(order * np.pi / _LIFTER)))


_HAMMING = np.hamming(WINDOW)
_BANK = _filters()
_COSINES = _cosines()


class CepstraMaker:
    """Makes cepstra of sound that comes in pieces."""

    def __init__(self) -> None:
        self._rest = np.zeros(0)
        self._last = 0.0

    def feed(self, pcm: bytes) -> NDArray[np.float64]:
        """Take mono 16 kHz int16 audio and give the mel spectra [frames, filters] it completes."""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
        if not len(samples):
            return np.zeros((0, _FILTERS))
        emphasised = samples - _EMPHASIS * np.concatenate(([self._last], samples[:-1]))
        self._last = float(samples[-1])
        waiting = np.concatenate((self._rest, emphasised))
        count = max(0, (len(waiting) - WINDOW) // SHIFT + 1)
        self._rest = waiting[count * SHIFT :]
        if not count:
            return np.zeros((0, _FILTERS))
        frames = np.lib.stride_tricks.sliding_window_view(waiting, WINDOW)[: count * SHIFT : SHIFT]
        spectra = np.fft.rfft(frames * _HAMMING, _FFT)
        return np.asarray((spectra.real**2 + spectra.imag**2) @ _BANK)


def cepstra(mel: NDArray[np.float64]) -> Cepstra:
    """Turn mel spectra into cepstra."""
    return (np.log(mel + _LOG_FLOOR) @ _COSINES).astype(np.float32)
