"""What waits to be sent, as far as it may: consents are asked again before anything leaves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time

from assistant.agreed import Agreed
from assistant.types import Permit, Release
from plugins.door.alarms import Alarm
from storage.outbox import released_since
from storage.rows import JSON, Row
from storage.store import Store


class Waiting:
    """The durable outbox, for the door: it gives out what two consents let out now.

    What goes unsent, for want of room or of time, is said.
    """

    def __init__(self, agreed: Agreed, store: Store, alarm: Callable[[Alarm], None]) -> None:
        """`alarm` may be called on any thread."""
        self._agreed = agreed
        self._store = store
        self._alarm = alarm
        self._ends: dict[int, int] = {}
        """By row, the unix minute in which its time is over."""

    def put(
        self, permit: Permit, payload: Mapping[str, JSON], *, release: Release | None = None
    ) -> int:
        """Keep a message and give its number; durable when it returns, and its release noted."""
        outbox = self._store.outbox
        before = outbox.dropped
        number = outbox.put(permit, payload, release=release)
        ends = self._store.clock.now() + permit.keep_for.total_seconds()
        self._ends[number] = math.ceil(ends / 60)
        if dropped := outbox.dropped - before:
            for gone in sorted(self._ends)[:dropped]:
                del self._ends[gone]
            self._alarm(Alarm("outbox-full", f"{dropped} unsent, to make room ({permit.rule})"))
        return number

    def due(self) -> list[Row]:
        """What may be sent by now, the longest due first."""
        rows = self._store.outbox.due()
        minute = self._store.clock.minute()
        there = {row.facts.id for row in rows}
        late = [ends for number, ends in self._ends.items() if number not in there]
        if over := sum(ends <= minute for ends in late):
            self._alarm(Alarm("outdated", f"{over} unsent when their time was over"))
        self._ends = {row.facts.id: row.facts.expires for row in rows}
        allowed = self._agreed.may_wait()
        return [row for row in rows if row.facts.consent in allowed]

    def done(self, numbers: Sequence[int]) -> None:
        """These were sent: take them out."""
        self._store.outbox.done(numbers)
        for number in numbers:
            self._ends.pop(number, None)


class SentToday:
    """How many messages each destination got today, by the audit log: so a restart forgets none."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._day: date | None = None
        self._counts: Counter[str] = Counter()

    def of(self, destination: str) -> int:
        """So many were released to a destination since midnight. Raises AuditError."""
        today = datetime.fromtimestamp(self._store.clock.now()).astimezone().date()
        if today != self._day:
            midnight = datetime.combine(today, time.min).astimezone().timestamp()
            self._counts = released_since(self._store.state, midnight)
            self._day = today
        return self._counts[destination]

    def add(self, destination: str) -> None:
        """One more."""
        self._counts[destination] += 1
