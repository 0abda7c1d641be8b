"""Timers: several at once, by name or length, paused and changed; each rings until stopped."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.skill import Intent, Reply, Skill
from plugins.powers import Shelf
from plugins.replies import Replies

log = logging.getLogger(__name__)

MOST_TIMERS = 50
RING_EVERY = 8.0
"""Seconds between two rings."""
RING_FOR = 120.0
"""Seconds for which a timer rings that nobody stops."""
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


@dataclass(frozen=True, slots=True)
class _Ring:
    """A timer that is up."""

    text: str
    since: float
    again: float
    """When it rings next."""


class Timers:
    """The timers and their skill. `run` lets them ring."""

    def __init__(
        self,
        replies: Replies,
        clock: Callable[[], float] = time.monotonic,
        shelf: Shelf | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`clock` counts seconds; so does `wall`, over a restart, which `shelf` survives."""
        self._replies = replies
        self._clock = clock
        self._shelf = shelf
        self._wall = wall
        self._rings: list[_Ring] = []
        self._timers = self._saved()
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
        """Announce every timer that ends, again and again until it is stopped; until cancelled."""
        while True:
            self._changed.clear()
            now = self._clock()
            for timer in self._take_ended():
                text = f"{timer.name} timer is up." if timer.name else "Time is up."
                self._rings.append(_Ring(text, now, now))
            self._ring(announce, now)
            next_ones = [timer.left(now) for timer in self._timers if timer.paused is None]
            next_ones += [ring.again - now for ring in self._rings]
            try:
                async with asyncio.timeout(min(next_ones, default=None)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def stop(self) -> bool:
        """End the ringing; whether there was any."""
        was = bool(self._rings)
        self._rings.clear()
        self._changed.set()
        return was

    def _ring(self, announce: Callable[[Reply], None], now: float) -> None:
        self._rings = [ring for ring in self._rings if now - ring.since < RING_FOR]
        for place, ring in enumerate(self._rings):
            if ring.again <= now:
                announce(Reply(ring.text))
                self._rings[place] = dataclasses.replace(ring, again=now + RING_EVERY)

    def _keep(self) -> None:
        """Write down what runs, and wake `run` to look at it."""
        self._changed.set()
        if self._shelf is None:
            return
        now, wall = self._clock(), self._wall()
        self._shelf.write(
            json.dumps(
                [
                    {**dataclasses.asdict(timer), "ends": wall + timer.left(now)}
                    for timer in self._timers
                ]
            )
        )

    def _saved(self) -> list[Timer]:
        text = self._shelf.read() if self._shelf is not None else None
        if text is None:
            return []
        now, wall = self._clock(), self._wall()
        try:
            timers = [Timer(**values) for values in json.loads(text)][:MOST_TIMERS]
            return [dataclasses.replace(one, ends=now + one.ends - wall) for one in timers]
        except (ValueError, TypeError):
            log.error("the saved timers can't be read; there are none now")
            return []

    def _take_ended(self) -> list[Timer]:
        now = self._clock()
        ended = [timer for timer in self._timers if timer.left(now) == 0]
        if ended:
            self._timers = [timer for timer in self._timers if timer not in ended]
            self._keep()
            self._changed.clear()
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
        self._keep()
        return Reply(self._replies.render(intent))

    async def _cancel_all(self, intent: Intent) -> Reply:
        canceled = len(self._timers)
        self._timers.clear()
        self._keep()
        return Reply(self._replies.render(intent, {"canceled": canceled}))

    async def _status(self, intent: Intent) -> Reply:
        now = self._clock()
        shown = [_shown(timer, now) for timer in self._matching(intent)]
        return Reply(self._replies.render(intent, {"timers": shown}))

    async def _cancel(self, intent: Intent) -> Reply:
        return self._on_one(intent, lambda timer: None)

    async def _change(self, intent: Intent) -> Reply:
        sign = 1 if intent.name == "HassIncreaseTimer" else -1
        seconds = sign * _seconds(intent)

        def changed(timer: Timer) -> Timer:
            if timer.paused is not None:
                return dataclasses.replace(timer, paused=max(0.0, timer.paused + seconds))
            return dataclasses.replace(timer, ends=timer.ends + seconds)

        return self._on_one(intent, changed)

    async def _pause(self, intent: Intent) -> Reply:
        now = self._clock()

        def changed(timer: Timer) -> Timer:
            left = timer.left(now)
            if intent.name == "HassPauseTimer":
                return dataclasses.replace(timer, paused=left)
            return dataclasses.replace(timer, ends=now + left, paused=None)

        return self._on_one(intent, changed)

    def _on_one(self, intent: Intent, change: Callable[[Timer], Timer | None]) -> Reply:
        """Change the one timer that is meant (None: away with it), or say why not."""
        matching = self._matching(intent)
        if not matching:
            return Reply("There is no such timer." if self._timers else "There are no timers.")
        if len(matching) > 1:
            return Reply(f"There are {len(matching)} timers like that. Which one?")
        place = next(i for i, timer in enumerate(self._timers) if timer is matching[0])
        changed = change(matching[0])
        self._timers[place : place + 1] = [] if changed is None else [changed]
        self._keep()
        return Reply(self._replies.render(intent))

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
