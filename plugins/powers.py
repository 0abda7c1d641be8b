"""What built-in skills may do beyond answering: seams that the runtime and the store fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from assistant.skill import Reply
from plugins.memory import Memory


@dataclass(frozen=True, slots=True)
class Today:
    """What happened since midnight, as counts and names."""

    heard: Mapping[str, int] = field(default_factory=dict)
    """Utterances, by what became of them: allow, confirm (and no yes), refuse, not_understood."""
    said: tuple[str, ...] = ()
    """The redacted texts of the last of them, where the policy keeps those."""
    kept: Mapping[str, int] = field(default_factory=dict)
    """By what it is ("transcripts"): how many of today's are still there."""
    sent: Mapping[str, int] = field(default_factory=dict)
    """By where to ("weather"): how many messages."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten, and what was not."""

    rows: int = 0
    """Things that were kept and can't be read any more."""
    stays: tuple[str, ...] = ()
    """What was done and stays: timers, lists."""
    sent: tuple[str, ...] = ()
    """Where something of it had gone already."""


class Diary(Protocol):
    """What was heard, kept and sent, and how it is forgotten."""

    async def today(self) -> Today:
        """Count today's."""
        ...

    async def forget_last(self) -> Forgotten | None:
        """Erase what is kept of the last dialogue, the command that asks for it left aside.

        None: there was none. Raises AssistantError where it can't be erased.
        """
        ...


class Ear(Protocol):
    """The microphone's switch."""

    def pause(self, seconds: float | None) -> None:
        """Hear nothing for so long, wake words included; None: until somebody says so."""
        ...

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Say it when it listens again, until cancelled."""
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
