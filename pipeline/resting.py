"""What is remembered between two utterances, where no other process and no crash file sees it."""

from __future__ import annotations

from pipeline.locked_memory import LockedMemory

ROOM = 64 * 1024
"""Bytes: a conversation of many names and the last 400 letters has a few thousand."""


class Rest:
    """One value, in locked memory: secret to the kernel itself where it can (`LockedMemory`)."""

    def __init__(self) -> None:
        self._memory: LockedMemory | None = None
        self._length = 0

    def put(self, value: bytes) -> bool:
        """Remember it in the place of what there was; False, and nothing, where it is too long."""
        self.clear()
        if len(value) > ROOM:
            return False
        if self._memory is None:
            self._memory = LockedMemory(ROOM)
        self._memory.view[: len(value)] = value
        self._length = len(value)
        return True

    def take(self) -> bytes | None:
        """What is remembered, which is forgotten here; None where there is nothing."""
        if self._memory is None or not self._length:
            return None
        value = bytes(self._memory.view[: self._length])
        self.clear()
        return value

    def clear(self) -> None:
        """Zero it."""
        if self._memory is not None:
            self._memory.view[: self._length] = bytes(self._length)
        self._length = 0
