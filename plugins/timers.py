"""Timers: several at once, by name or length, paused and changed while they run."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.skill import Intent, Reply, Skill
from plugins.memory import Memory, saved
from plugins.replies import Replies

MOST_TIMERS = 50
TIMER = "timer"
"""What the timers are saved as."""
_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer as plain values."""

    length: float
    """Seconds it was set for."""
    ends: float
    """On the clock of `Timers`; meaningless while it is paused."""
    name: str | None = None
    paused: float | None = None
    """Seconds that were left when it was paused; None: it runs."""

    def left(self, now: float) -> float:
        """Seconds left."""
        return max(0.0, self.ends - now) if self.paused is None else self.paused


class Timers:
    """The timers and their skill. `run` says when they end."""

    def __init__(
        self,
        replies: Replies,
        clock: Callable[[], float] = time.monotonic,
        memory: Memory | None = None,
    ) -> None:
        """Take up the timers that `memory` has; `clock` counts seconds."""
        self._replies = replies
        self._clock = clock
        self._memory = memory
        self._timers = self._recalled()
        self._changed = asyncio.Event()
        self.skill = Skill("timers")
        self.skill.on("HassStartTimer")(self._start)
        self.skill.on("HassCancelAllTimers")(self._cancel_all)
        self.skill.on("HassTimerStatus")(self._status)
        self.skill.on("HassCancelTimer")(self._cancel)
        self.skill.on("HassIncreaseTimer", "HassDecreaseTimer")(self._change)
        self.skill.on("HassPauseTimer", "HassUnpauseTimer")(self._pause)

    @property
    def timers(self) -> tuple[Timer, ...]:
        """Those that run or are paused, in the order they were set."""
        return tuple(self._timers)

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Announce every timer that ends, until cancelled."""
        while True:
            self._changed.clear()
            ended = self._take_ended()
            for timer in ended:
                announce(Reply(f"{timer.name} timer is up." if timer.name else "Time is up."))
            if ended:
                await self._saved("")
            running = [timer.left(self._clock()) for timer in self._timers if timer.paused is None]
            try:
                async with asyncio.timeout(min(running, default=None)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _take_ended(self) -> list[Timer]:
        now = self._clock()
        ended = [timer for timer in self._timers if timer.left(now) == 0]
        self._timers = [timer for timer in self._timers if timer not in ended]
        return ended

    async def _start(self, intent: Intent) -> Reply:
        if "conversation_command" in intent:
            return Reply("I can't do things later yet. I can set a timer.")
        length = _seconds(intent)
        if length <= 0:
            return Reply("For how long?")
        if len(self._timers) >= MOST_TIMERS:
            return Reply("There are too many timers already.")
        self._timers.append(Timer(length, self._clock() + length, intent.text("name")))
        self._changed.set()
        return Reply(await self._saved(self._replies.render(intent)))

    async def _cancel_all(self, intent: Intent) -> Reply:
        canceled = len(self._timers)
        self._timers.clear()
        self._changed.set()
        return Reply(await self._saved(self._replies.render(intent, {"canceled": canceled})))

    async def _status(self, intent: Intent) -> Reply:
        now = self._clock()
        shown = [_shown(timer, now) for timer in self._matching(intent)]
        return Reply(self._replies.render(intent, {"timers": shown}))

    async def _cancel(self, intent: Intent) -> Reply:
        return await self._on_one(intent, lambda timer: None)

    async def _change(self, intent: Intent) -> Reply:
        sign = 1 if intent.name == "HassIncreaseTimer" else -1
        seconds = sign * _seconds(intent)

        def changed(timer: Timer) -> Timer:
            if timer.paused is not None:
                return dataclasses.replace(timer, paused=max(0.0, timer.paused + seconds))
            return dataclasses.replace(timer, ends=timer.ends + seconds)

        return await self._on_one(intent, changed)

    async def _pause(self, intent: Intent) -> Reply:
        now = self._clock()

        def changed(timer: Timer) -> Timer:
            left = timer.left(now)
            if intent.name == "HassPauseTimer":
                return dataclasses.replace(timer, paused=left)
            return dataclasses.replace(timer, ends=now + left, paused=None)

        return await self._on_one(intent, changed)

    async def _on_one(self, intent: Intent, change: Callable[[Timer], Timer | None]) -> Reply:
        """Change the one timer that is meant (None: away with it), or say why not."""
        matching = self._matching(intent)
        if not matching:
            return Reply("There is no such timer." if self._timers else "There are no timers.")
        if len(matching) > 1:
            return Reply(f"There are {len(matching)} timers like that. Which one?")
        place = next(i for i, timer in enumerate(self._timers) if timer is matching[0])
        changed = change(matching[0])
        self._timers[place : place + 1] = [] if changed is None else [changed]
        self._changed.set()
        return Reply(await self._saved(self._replies.render(intent)))

    async def _saved(self, reply: str) -> str:
        """Save the timers, with the time of day at which they end; the reply."""
        if self._memory is None:
            return reply
        ahead = self._memory.now() - self._clock()
        payload = {"timers": [[t.length, t.ends + ahead, t.name, t.paused] for t in self._timers]}
        return await saved(self._memory, TIMER, payload, reply)

    def _recalled(self) -> list[Timer]:
        """The timers that were saved; one that ended meanwhile ends now."""
        if self._memory is None:
            return []
        ahead = self._memory.now() - self._clock()
        return [
            Timer(length, ends - ahead, name, paused)
            for length, ends, name, paused in self._memory.load(TIMER).get("timers", ())
        ]

    def _matching(self, intent: Intent) -> list[Timer]:
        name, length = intent.text("name"), _seconds(intent, "start_")
        return [
            timer
            for timer in self._timers
            if (name is None or (timer.name or "").casefold() == name.casefold())
            and length in (0, timer.length)
        ]


def _seconds(intent: Intent, prefix: str = "") -> float:
    return sum((intent.number(prefix + unit) or 0) * size for unit, size in _UNITS)


def _shown(timer: Timer, now: float) -> dict[str, Any]:
    """A timer as Home Assistant's reply templates ask for it."""
    left = timer.left(now)
    rounded = round(left) if left < 600 else round(left / 60) * 60
    hours, minutes, seconds = _parts(rounded)
    start_hours, start_minutes, start_seconds = _parts(round(timer.length))
    return {
        "name": timer.name or "",
        "is_active": timer.paused is None,
        "total_seconds_left": left,
        "rounded_hours_left": hours,
        "rounded_minutes_left": minutes,
        "rounded_seconds_left": seconds,
        "start_hours": start_hours,
        "start_minutes": start_minutes,
        "start_seconds": start_seconds,
        "area": "",
    }


def _parts(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600, seconds % 3600 // 60, seconds % 60
