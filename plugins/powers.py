"""What built-in skills may do beyond answering: seams that the runtime and the store fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from plugins.memory import Memory


@dataclass(frozen=True, slots=True)
class Today:
    """What happened since midnight, as counts and names; no words."""

    heard: int = 0
    """Commands that were understood."""
    kept: Mapping[str, int] = field(default_factory=dict)
    """By what it is ("transcripts"): how many of today's are still there."""
    sent: Mapping[str, int] = field(default_factory=dict)
    """By where to ("weather"): how many messages."""


class Diary(Protocol):
    """What was heard, kept and sent, and how it is forgotten."""

    async def today(self) -> Today:
        """Count today's."""
        ...

    async def forget_last(self) -> int | None:
        """Erase what is kept of the command before this one; how many things that were.

        None: there was none.
        """
        ...


class Ear(Protocol):
    """The microphone's switch."""

    def pause(self, seconds: float) -> None:
        """Hear nothing for so long, wake words included."""
        ...


class Loudness(Protocol):
    """How loud Sotto speaks, in percent."""

    @property
    def volume(self) -> int:
        """0..100."""
        ...

    @volume.setter
    def volume(self, percent: int) -> None: ...


class Shelf(Protocol):
    """One small text that survives a restart."""

    def read(self) -> str | None:
        """Give what was written last, or None."""
        ...

    def write(self, text: str) -> None:
        """Keep this instead of what is there."""
        ...


@dataclass(frozen=True, slots=True)
class Powers:
    """Those that are there. What is missing is said when it is asked for."""

    diary: Diary | None = None
    ear: Ear | None = None
    loudness: Loudness | None = None
    alarms: Shelf | None = None
    """Where alarms survive a restart; None: they don't."""
    timers: Shelf | None = None
    """The same for timers."""
    lists: Memory | None = None
    """The same for lists."""
