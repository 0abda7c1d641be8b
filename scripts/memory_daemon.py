"""`sotto run` as it is, but its microphone is standard input: 16 kHz, 16 bits, mono, paced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from assistant import build
from assistant.__main__ import main
from assistant.types import FRAME_BYTES, AudioFrame


class Pipe:
    """Keeps `pipeline.ports.Source`, and what is watched of a microphone."""

    state: Literal["listening"] = "listening"
    gaps = dropped = 0
    is_silent = False

    def __init__(self) -> None:
        self._closed = False

    def frames(self) -> Iterator[AudioFrame]:
        """Give what is written to us."""
        index, pcm = 0, b""
        with Path("/dev/stdin").open("rb", buffering=0) as pipe:
            while not self._closed and (data := pipe.read(FRAME_BYTES - len(pcm))):
                pcm += data
                if len(pcm) == FRAME_BYTES:
                    yield AudioFrame(index, pcm)
                    index, pcm = index + 1, b""

    def close(self) -> None:
        """End soon."""
        self._closed = True


if __name__ == "__main__":
    build.microphone = lambda *_: Pipe()  # type: ignore[assignment,return-value]
    sys.exit(main(sys.argv[1:]))
