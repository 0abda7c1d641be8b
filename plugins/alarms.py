"""Alarms: several, at a time of day, by name; each rings until stopped, or for long enough."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.skill import Intent, Reply, Skill
from plugins.alarm_times import moment, time_said
from plugins.powers import Shelf
from plugins.wording import clock, joined, length, near

log = logging.getLogger(__name__)

MOST_ALARMS = 50
RING_EVERY = 8.0
"""Seconds between two rings."""
RING_FOR = timedelta(minutes=10)
"""How long an alarm rings that nobody stops."""
SNOOZE = 9
"""Minutes, where nobody says how many."""
LOOK_EVERY = 20.0
"""Seconds between two looks at the clock, which somebody may set."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as plain values."""

    at: datetime
    """Local time."""
    name: str | None = None


class Alarms:
    """The alarms and their skill. `run` lets them ring."""

    def __init__(
        self, now: Callable[[], datetime] = datetime.now, shelf: Shelf | None = None
    ) -> None:
        """`now` gives local time; on `shelf` the alarms survive a restart."""
        self._now = now
        self._shelf = shelf
        self._changed = asyncio.Event()
        self._ringing: list[Alarm] = []
        self._alarms = _saved(shelf.read() if shelf is not None else None)
        self.skill = Skill("alarms")
        self.skill.on("SetAlarm")(self._set)
        self.skill.on("CancelAlarm")(self._cancel)
        self.skill.on("ListAlarms")(self._list)
        self.skill.on("StopRinging")(self._stop)
        self.skill.on("SnoozeAlarm")(self._snooze)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Those that will ring, the next one first."""
        return tuple(self._alarms)

    @property
    def ringing(self) -> bool:
        """Whether one rings now."""
        return bool(self._ringing)

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Ring until stopped or for RING_FOR, until cancelled."""
        while True:
            self._changed.clear()
            self._take_due(announce)
            for alarm in self._ringing:
                announce(Reply(_called(alarm)))
            try:
                async with asyncio.timeout(self._pause()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def stop(self) -> bool:
        """End the ringing; whether there was any."""
        was = self.ringing
        self._ringing.clear()
        self._changed.set()
        return was

    def _take_due(self, announce: Callable[[Reply], None]) -> None:
        """Let ring what is due; say once what was due while nothing could ring, or rang in vain."""
        now = self._now()
        due = [alarm for alarm in self._alarms if alarm.at <= now]
        over = [alarm for alarm in (*self._ringing, *due) if now - alarm.at >= RING_FOR]
        for alarm in over:
            announce(Reply(f"You missed {_the(alarm)} at {clock(alarm.at)}."))
        self._ringing = [alarm for alarm in (*self._ringing, *due) if alarm not in over]
        if due:
            self._keep([alarm for alarm in self._alarms if alarm not in due])

    def _pause(self) -> float:
        if self._ringing:
            return RING_EVERY
        if not self._alarms:
            return LOOK_EVERY
        return min(LOOK_EVERY, max(0.0, (self._alarms[0].at - self._now()).total_seconds()))

    def _keep(self, alarms: list[Alarm]) -> None:
        self._alarms = sorted(alarms, key=lambda alarm: alarm.at)
        if self._shelf is not None:
            values = [{"at": alarm.at.isoformat(), "name": alarm.name} for alarm in self._alarms]
            self._shelf.write(json.dumps(values))
        self._changed.set()

    async def _set(self, intent: Intent) -> Reply:
        now = self._now()
        at = moment(intent, now)
        if at is None:
            return Reply("That time is past." if time_said(intent) else "At what time?")
        if len(self._alarms) >= MOST_ALARMS:
            return Reply("There are too many alarms already.")
        alarm = Alarm(at, intent.text("name"))
        if alarm in self._alarms:
            return Reply(f"There is an alarm at {_when(alarm, now)} already.")
        self._keep([*self._alarms, alarm])
        what = f"{alarm.name} alarm" if alarm.name else "Alarm"
        return Reply(f"{what} set for {_when(alarm, now)}, in {_until(alarm, now)}.")

    async def _cancel(self, intent: Intent) -> Reply:
        stopped = self.stop()
        if intent.response == "all":
            count = len(self._alarms)
            self._keep([])
            return Reply(f"{count} alarm{'' if count == 1 else 's'} cancelled.")
        matching = [alarm for alarm in self._alarms if _fits(alarm, intent)]
        if stopped and "hour" not in intent and "name" not in intent:
            return Reply("Alarm stopped.")
        if not matching:
            return Reply("There is no such alarm." if self._alarms else "There are no alarms.")
        if len(matching) > 1:
            chosen = await self._which(intent, matching)
            if chosen is None:
                return Reply(f"There are {len(matching)} alarms like that. Say which one.")
            matching = [chosen]
        self._keep([alarm for alarm in self._alarms if alarm is not matching[0]])
        return Reply(f"The alarm at {_when(matching[0], self._now())} is cancelled.")

    async def _which(self, intent: Intent, matching: list[Alarm]) -> Alarm | None:
        """Ask which one; None: no answer."""
        now = self._now()
        shown = {_when(alarm, now): alarm for alarm in matching[:4]}
        chosen = await intent.ask(f"Which one: {joined(list(shown))}?", list(shown))
        return shown.get(chosen or "")

    async def _list(self, intent: Intent) -> Reply:
        if not self._alarms:
            return Reply("There are no alarms.")
        now = self._now()
        shown = [f"{alarm.name} at {_when(alarm, now)}" if alarm.name else _when(alarm, now)
                 for alarm in self._alarms[:5]]  # fmt: skip
        more = len(self._alarms) - len(shown)
        rest = [f"{more} more"] if more else []
        verb = "There is an alarm:" if len(self._alarms) == 1 else "There are alarms:"
        return Reply(f"{verb} {joined([*shown, *rest])}.")

    async def _stop(self, intent: Intent) -> Reply:
        return Reply("Stopped." if self.stop() else "Nothing is ringing.")

    async def _snooze(self, intent: Intent) -> Reply:
        if not self._ringing:
            return Reply("Nothing is ringing.")
        minutes = int(intent.number("minutes") or SNOOZE)
        later = self._now() + timedelta(minutes=minutes)
        names = [alarm.name for alarm in self._ringing]
        self.stop()
        self._keep([*self._alarms, *(Alarm(later, name) for name in names)])
        return Reply(f"I ring again in {length(60 * minutes)}.")


def _saved(text: str | None) -> list[Alarm]:
    """Alarms as they were written; what can't be read is given up, and said in the log."""
    if text is None:
        return []
    try:
        values = json.loads(text)
        alarms = [Alarm(datetime.fromisoformat(value["at"]), value["name"]) for value in values]
        return sorted(alarms, key=lambda alarm: alarm.at)[:MOST_ALARMS]
    except (ValueError, TypeError, KeyError):
        log.error("the saved alarms can't be read; there are none now")
        return []


def _fits(alarm: Alarm, intent: Intent) -> bool:
    name, said = intent.text("name"), time_said(intent)
    if name is not None and (alarm.name or "").casefold() != name.casefold():
        return False
    if said is None:
        return True
    hour, minute, is_open = said
    return alarm.at.minute == minute and (
        alarm.at.hour == hour or (is_open and alarm.at.hour % 12 == hour)
    )


def _called(alarm: Alarm) -> str:
    return f"{alarm.name}: it is {clock(alarm.at)}." if alarm.name else f"It is {clock(alarm.at)}."


def _the(alarm: Alarm) -> str:
    return f"the {alarm.name} alarm" if alarm.name else "the alarm"


def _when(alarm: Alarm, now: datetime) -> str:
    return f"{clock(alarm.at)} {near(alarm.at.date(), now.date())}"


def _until(alarm: Alarm, now: datetime) -> str:
    return length(max(60, 60 * round((alarm.at - now).total_seconds() / 60)))
