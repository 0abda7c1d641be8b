"""The last moments of sound, in one place that is zeroed as soon as it is not needed."""

from __future__ import annotations

from assistant.types import FRAME_BYTES
from pipeline.locked_memory import LockedMemory, MemoryKind

_NOTHING = bytes(FRAME_BYTES)


class Ring:
    """A preallocated ring of audio frames.

    It remembers the newest `keep` frames, and from `hold` on every frame, up to
    `capacity`. A frame that falls out, and all that is taken, is zeroed in the mapping.
    """

    def __init__(self, keep: int, capacity: int) -> None:
        """Make room for `capacity` frames, of which `keep` are remembered between holds."""
        if not 0 <= keep <= capacity or capacity < 1:
            raise ValueError(f"a ring of {capacity} frames can't keep {keep}")
        self._keep = keep
        self._capacity = capacity
        self._memory = LockedMemory(capacity * FRAME_BYTES)
        self._next = 0
        self._held = 0
        self._limit = keep

    @property
    def kind(self) -> MemoryKind:
        """How private the memory is."""
        return self._memory.kind

    def snapshot(self) -> bytes:
        """Copy the whole mapping, to see that what fell out of it is gone."""
        return bytes(self._memory.view)

    def __len__(self) -> int:
        """Frames remembered now."""
        return self._held

    def write(self, pcm: bytes) -> None:
        """Remember one frame of FRAME_BYTES; the oldest falls out where there is no room."""
        if len(pcm) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, not {len(pcm)}")
        if self._limit == 0:
            return
        if self._held == self._limit:
            self._zero(self._next - self._held)
            self._held -= 1
        self._place(self._next, pcm)
        self._next = (self._next + 1) % self._capacity
        self._held += 1

    def hold(self) -> None:
        """Let nothing fall out before `take`, unless `capacity` is full."""
        self._limit = self._capacity

    def peek(self) -> bytes:
        """Copy what is remembered, oldest first."""
        view = self._memory.view
        first = (self._next - self._held) % self._capacity
        end = first + self._held
        if end <= self._capacity:
            return bytes(view[first * FRAME_BYTES : end * FRAME_BYTES])
        tail = view[first * FRAME_BYTES : self._capacity * FRAME_BYTES]
        return b"".join((tail, view[: (end - self._capacity) * FRAME_BYTES]))

    def take(self) -> bytes:
        """Copy what is remembered, oldest first; zero it, forget it and end the hold."""
        taken = self.peek()
        self.wipe()
        return taken

    def wipe(self) -> None:
        """Zero and forget everything; end the hold."""
        for back in range(1, self._held + 1):
            self._zero(self._next - back)
        self._held = 0
        self._limit = self._keep

    def close(self) -> None:
        """Zero everything and unmap it."""
        self._memory.close()

    def _zero(self, slot: int) -> None:
        self._place(slot % self._capacity, _NOTHING)

    def _place(self, slot: int, pcm: bytes) -> None:
        self._memory.view[slot * FRAME_BYTES : (slot + 1) * FRAME_BYTES] = pcm
