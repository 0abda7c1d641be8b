"""Raw audio that another program pipes in."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator

from assistant.errors import SourceError
from assistant.types import FRAME_BYTES, AudioFrame
from pipeline.sources.containers import kind_of
from pipeline.sources.convert import Framer

LOOK = 200
"""Milliseconds after which a quiet pipe is looked away from, to see whether to stop."""
HOW = "pipe in 16 kHz mono 16-bit PCM, e.g. `sox in.wav -t raw -r 16000 -c 1 -b 16 -e signed -`"


class PcmSource:
    """16 kHz mono signed 16-bit little-endian PCM from a file descriptor, as it comes."""

    def __init__(self, descriptor: int, name: str = "stdin") -> None:
        self._descriptor = descriptor
        self._name = name
        self._closed = False

    @classmethod
    def stdin(cls) -> PcmSource:
        """The process's own standard input."""
        try:
            return cls(sys.stdin.fileno())
        except (AttributeError, OSError, ValueError):
            raise SourceError(f"stdin is closed; {HOW}") from None

    def frames(self) -> Iterator[AudioFrame]:
        """Give frames until the pipe ends; the last is filled up with silence."""
        if os.isatty(self._descriptor):
            raise SourceError(f"{self._name} is a terminal; {HOW}")
        framer = Framer()
        empty = True
        for pcm in self._pieces():
            if empty and kind_of(pcm) is not None:
                raise SourceError(f"{self._name} is an audio file, not raw PCM; give its path")
            empty = False
            yield from framer.feed(pcm)
        if empty and not self._closed:
            raise SourceError(f"{self._name} gave no audio; {HOW}")
        yield from framer.last()

    def close(self) -> None:
        """End `frames` within LOOK milliseconds."""
        self._closed = True

    def _pieces(self) -> Iterator[bytes]:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while not self._closed:
            if not poll.poll(LOOK):
                continue
            try:
                pcm = os.read(self._descriptor, 8 * FRAME_BYTES)
            except OSError as problem:
                reason = f"can't be read ({problem.strerror})"
                raise SourceError(f"{self._name} {reason}; {HOW}") from None
            if not pcm:
                return
            yield pcm
