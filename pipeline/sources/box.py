"""Where a microphone's callback leaves its sound: small, and what is old falls out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one callback brought."""

    pcm: bytes = field(repr=False)
    arrived: float
    """By the box's clock."""
    dropped: int
    """Chunks that fell out between the one taken before and this one."""


class Box:
    """Holds the newest `size` chunks; `put` never waits. One thread puts, one takes."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        self._size = size
        self._clock = clock
        self._chunks: deque[tuple[bytes, float]] = deque()
        self._dropped = 0
        self._changed = threading.Condition()

    def put(self, pcm: bytes) -> None:
        """Leave a chunk; the oldest falls out where the box is full."""
        arrived = self._clock()
        with self._changed:
            if len(self._chunks) == self._size:
                self._chunks.popleft()
                self._dropped += 1
            self._chunks.append((pcm, arrived))
            self._changed.notify()

    def take(self, seconds: float) -> Chunk | None:
        """Take the oldest chunk, or None where none comes within `seconds`."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._chunks), seconds):
                return None
            pcm, arrived = self._chunks.popleft()
            dropped, self._dropped = self._dropped, 0
            return Chunk(pcm, arrived, dropped)
