"""Any audio to mono 16 kHz int16, and that to frames: in pieces, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.types import FRAME_BYTES, SAMPLE_RATE, AudioFrame

FULL_SCALE = 32_768


class Converter:
    """Turns blocks of float samples of any rate and number of channels into ours.

    Channels are averaged. The rate is changed once, by soxr's high-quality linear-phase
    filter, which keeps what is below 0.91 of the new half rate and folds nothing back. What
    passes full scale is clipped. 16-bit mono 16 kHz samples come out as they went in.
    """

    def __init__(self, rate: float) -> None:
        self._soxr = None
        if rate != SAMPLE_RATE:
            self._soxr = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def feed(self, block: NDArray[np.float32], *, last: bool = False) -> NDArray[np.int16]:
        """Take finite samples (time, channel), full scale 1.0; `last` flushes the filter."""
        # Channel after channel, copied first: eight times as fast as across the channels.
        mono = np.ascontiguousarray(block.T).mean(axis=0, dtype=np.float64)
        clipped = np.clip(mono, -1.0, 1.0).astype(np.float32)
        if self._soxr is not None:
            clipped = self._soxr.resample_chunk(clipped, last=last)
        steps = np.rint(clipped * FULL_SCALE)
        pcm: NDArray[np.int16] = np.clip(steps, -FULL_SCALE, FULL_SCALE - 1).astype("<i2")
        return pcm


class Framer:
    """Cuts a stream of mono 16 kHz int16 audio into frames."""

    def __init__(self, index: int = 0) -> None:
        self.index = index
        """Of the next frame."""
        self._rest = bytearray()

    def feed(self, pcm: bytes) -> Iterator[AudioFrame]:
        """Take the next piece, of any length, and give the frames it completes."""
        self._rest += pcm
        while len(self._rest) >= FRAME_BYTES:
            yield self._cut()

    def last(self) -> Iterator[AudioFrame]:
        """Give what is left, filled up with silence; nothing where nothing is left."""
        if len(self._rest) > 1:
            whole = len(self._rest) // 2 * 2
            self._rest[whole:] = bytes(FRAME_BYTES - whole)
            yield self._cut()
        self._rest.clear()

    def skip(self, frames: int) -> None:
        """Let time pass without sound: an unfinished frame is dropped."""
        self._rest.clear()
        self.index += frames

    def _cut(self) -> AudioFrame:
        frame = AudioFrame(self.index, bytes(self._rest[:FRAME_BYTES]))
        del self._rest[:FRAME_BYTES]
        self.index += 1
        return frame
