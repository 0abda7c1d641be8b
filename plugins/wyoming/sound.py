"""A peer's sound of any kind as frames of ours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assistant.errors import WyomingError
from assistant.types import AudioFrame
from pipeline.sources.convert import Converter, Framer
from plugins.wyoming.messages import Sound


class Hearing:
    """Takes chunks in order; one of another kind than the one before begins a new conversion."""

    def __init__(self, index: int = 0) -> None:
        """`index` is the first frame's."""
        self._framer = Framer(index)
        self._sound: tuple[int, int, int] | None = None
        self._converter: Converter | None = None

    def feed(self, sound: Sound, payload: bytes) -> Iterator[AudioFrame]:
        """Give the frames that a chunk completes. Raises WyomingError for half a sample."""
        yield from self._framer.feed(self.convert(sound, payload))

    def convert(self, sound: Sound, payload: bytes) -> bytes:
        """The chunk as mono 16 kHz PCM."""
        kind = (sound.rate, sound.width, sound.channels)
        if kind != self._sound or self._converter is None:
            self._sound, self._converter = kind, Converter(sound.rate)
        if len(payload) % (sound.width * sound.channels):
            raise WyomingError("sound that ends in the middle of a sample")
        if not payload:
            return b""
        return self._converter.feed(_samples(sound, payload)).tobytes()

    def last(self) -> Iterator[AudioFrame]:
        """Give what is left, filled up with silence; what comes after it begins anew."""
        if self._converter is not None and self._sound is not None:
            nothing = np.zeros((0, self._sound[2]), np.float32)
            yield from self._framer.feed(self._converter.feed(nothing, last=True).tobytes())
            self._converter = None
        yield from self._framer.last()


def _samples(sound: Sound, payload: bytes) -> NDArray[np.float32]:
    """Full scale 1.0, (time, channel)."""
    match sound.width:
        case 1:
            values = np.frombuffer(payload, "u1").astype(np.float32) - np.float32(128)
            values /= np.float32(128)
        case 2:
            values = np.frombuffer(payload, "<i2").astype(np.float32) / np.float32(1 << 15)
        case 4:
            values = (np.frombuffer(payload, "<i4") / float(1 << 31)).astype(np.float32)
    return values.reshape(-1, sound.channels)
