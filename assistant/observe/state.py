"""What the daemon is doing, and how often it did what: for lamps, meters, Home Assistant, `status`.

Everything here is from a closed set or a number; `tests/test_classified.py` holds it to that.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Literal, TypeAlias, get_args

from assistant.events import (
    Alarm,
    Alarmed,
    Closed,
    Decided,
    Done,
    Event,
    Failed,
    Kept,
    Noted,
    Occurrence,
    Understood,
    Woken,
)

Mood: TypeAlias = Literal["idle", "listening", "thinking", "speaking", "muted", "error"]
MOODS: tuple[Mood, ...] = get_args(Mood)
MuteBy: TypeAlias = Literal["switch", "pause", "policy"]
"""What mutes: a switch of hardware; somebody who said, pressed or clicked so; quiet hours or a
mute of the policy's."""
MUTERS: tuple[MuteBy, ...] = get_args(MuteBy)
ALARMS: tuple[Alarm, ...] = get_args(Alarm)
OCCURRENCES: tuple[Occurrence, ...] = get_args(Occurrence)
DEAF: frozenset[Alarm] = frozenset({"microphone", "stalled"})
"""Alarms with which nothing can be heard: the mood is `error` while one of them lasts."""
SORRY = 3.0
"""Seconds for which a failed utterance shows as `error`."""
Tell: TypeAlias = Callable[["Snapshot"], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state at one moment."""

    mood: Mood
    muted_by: tuple[MuteBy, ...]
    alarms: tuple[Alarm, ...]
    last_intent: str | None
    """The name of the intent that was last understood, of our own lists; not its slots."""
    counts: Mapping[str, int]
    """Since the start: by `Occurrence`, and wakes, utterances, understood, not_understood, allow,
    confirm, refuse, done, failed, kept."""
    today: Mapping[str, int]
    """The same since midnight."""
    uptime: float
    """Seconds."""

    @property
    def is_well(self) -> bool:
        """Whether there is no alarm."""
        return not self.alarms


class State:
    """Holds it, is told by the runtime's events, and tells whoever subscribed. Any thread."""

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._clock = clock
        self._date = today
        self._lock = threading.RLock()
        self._began = clock()
        self._tellers: list[Tell] = []
        self._told: tuple[object, ...] = ()
        self._mutes: set[MuteBy] = set()
        self._alarms: set[Alarm] = set()
        self._listening = False
        self._thinking = False
        self._speaking = 0
        self._failed: float | None = None
        self._last_intent: str | None = None
        self._counts: Counter[str] = Counter()
        self._today: Counter[str] = Counter()
        self._day = today()

    def take(self, event: Event) -> None:
        """Follow one of the runtime's events; its words, if it has any, are not looked at."""
        with self._lock:
            self._follow(event)
        self.tick()

    def mute(self, by: MuteBy, *, on: bool) -> None:
        """Note that somebody muted the microphone, or does so no longer."""
        with self._lock:
            (self._mutes.add if on else self._mutes.discard)(by)
        self.tick()

    def alarm(self, kind: Alarm, *, on: bool) -> None:
        """Note that something is wrong, or is so no longer."""
        with self._lock:
            (self._alarms.add if on else self._alarms.discard)(kind)
        self.tick()

    def subscribe(self, tell: Tell) -> Callable[[], None]:
        """Have `tell` called at once and after every change of mood, mute, alarm or intent.

        On the thread that made the change, so it must not block; it must not raise either. What
        is given back ends it.
        """
        with self._lock:
            self._tellers.append(tell)
        tell(self.snapshot())

        def leave() -> None:
            with self._lock:
                if tell in self._tellers:
                    self._tellers.remove(tell)

        return leave

    def snapshot(self) -> Snapshot:
        """The state now."""
        with self._lock:
            self._turn_the_day()
            return Snapshot(
                mood=self._mood(),
                muted_by=tuple(by for by in MUTERS if by in self._mutes),
                alarms=tuple(kind for kind in ALARMS if kind in self._alarms),
                last_intent=self._last_intent,
                counts=dict(self._counts),
                today=dict(self._today),
                uptime=self._clock() - self._began,
            )

    def tick(self) -> None:
        """Tell, where something changed: with time alone only `error` goes away. Call it often."""
        with self._lock:
            now = self.snapshot()
            shown = (now.mood, now.muted_by, now.alarms, now.last_intent)
            if shown == self._told:
                return
            self._told = shown
            tellers = list(self._tellers)
        for tell in tellers:
            tell(now)

    def _mood(self) -> Mood:
        """The first that is so."""
        is_sorry = self._failed is not None and self._clock() - self._failed < SORRY
        moods: tuple[tuple[bool, Mood], ...] = (
            (bool(self._mutes), "muted"),
            (bool(self._alarms & DEAF), "error"),
            (bool(self._speaking), "speaking"),
            (self._listening, "listening"),
            (self._thinking, "thinking"),
            (is_sorry, "error"),
        )
        return next((mood for is_so, mood in moods if is_so), "idle")

    def _follow(self, event: Event) -> None:
        match event:
            case Woken():
                self._listening, self._failed = True, None
                self._count("wakes")
            case Closed():
                self._listening, self._thinking = False, True
                self._count("utterances")
            case Understood():
                self._last_intent = event.name or self._last_intent
                self._count("understood" if event.name else "not_understood")
            case Decided():
                self._count(event.effect)
            case Kept():
                self._count("kept")
            case Done():
                self._thinking = False
                self._count("done")
            case Failed():
                self._thinking, self._failed = False, self._clock()
                self._count("failed")
            case Noted():
                self._note(event.what, event.times)
            case Alarmed():
                (self._alarms.add if event.on else self._alarms.discard)(event.kind)
            case _:
                pass

    def _note(self, what: Occurrence, times: int) -> None:
        match what:
            case "asked":
                self._listening, self._failed = True, None
            case "no_speech" | "lost":
                self._listening = False
            case "speaks":
                self._speaking += 1
            case "spoke":
                self._speaking = max(0, self._speaking - 1)
        self._count(what, times)

    def _count(self, what: str, times: int = 1) -> None:
        self._turn_the_day()
        self._counts[what] += times
        self._today[what] += times

    def _turn_the_day(self) -> None:
        day = self._date()
        if day != self._day:
            self._day = day
            self._today.clear()
