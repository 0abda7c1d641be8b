"""WebRTC's voice activity detector, by way of webrtcvad-wheels."""

from __future__ import annotations

from typing import Literal, Protocol, cast

import webrtcvad

from assistant.types import FRAME_BYTES, SAMPLE_RATE

_PIECE_BYTES = SAMPLE_RATE * 20 // 1000 * 2
_PIECES = FRAME_BYTES // _PIECE_BYTES


class _Vad(Protocol):
    def is_speech(self, buf: bytes, sample_rate: int) -> bool: ...


class WebrtcSpeech:
    """A SpeechDetector: a Gaussian mixture over six bands, in pieces of 20 ms."""

    def __init__(self, mode: Literal[0, 1, 2, 3] = 3) -> None:
        """Take WebRTC's aggressiveness: 0 takes most sounds for speech, 3 the fewest."""
        self._mode = mode
        self.reset()

    def reset(self) -> None:
        """Forget the levels it adapted to."""
        self._vad = cast(_Vad, webrtcvad.Vad(self._mode))

    def feed(self, pcm: bytes) -> float:
        """Take FRAME_BYTES; give the share of its pieces that are speech."""
        is_speech = self._vad.is_speech
        return (
            sum(
                is_speech(pcm[start : start + _PIECE_BYTES], SAMPLE_RATE)
                for start in range(0, FRAME_BYTES, _PIECE_BYTES)
            )
            / _PIECES
        )
