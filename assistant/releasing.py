"""Hands what was granted to the door, for every destination that a policy shares it with.

It stands beside the life of an utterance: nothing here holds up a reply or the ear, and what
fails here is said in the log and ends nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import TypeAlias

from assistant.agreed import Agreed
from assistant.errors import AssistantError, DoorError, outline
from assistant.events import Alarmed, Kept, Noted, Report, Sent
from assistant.types import Permit, RedactedIntent, Refusal, Release
from assistant.waiting import SentToday, Waiting
from pipeline.worker import Worker
from plugins.door.alarms import Alarm
from plugins.door.cloud import Cloud, CloudSkill
from plugins.door.link import Link
from plugins.door.outgoing import Departure, Outbox, Outgoing
from storage.entry import Entry
from storage.outbox import released
from storage.store import Store

log = logging.getLogger(__name__)

MOST = 64
"""Intents that may wait to be looked at; one more is not released, and that is said."""
DURABLE = 5.0
"""Seconds in which what was granted has to be on the disk when everything ends."""
Way: TypeAlias = Callable[
    [Outbox, Callable[[Alarm | None], None], Callable[[Departure], None]],
    AbstractAsyncContextManager[Link],
]
"""Makes the way out, and keeps it while it is entered."""


class Releasing:
    """Releases intents while it is entered: `async with`. Before and after, nothing leaves."""

    def __init__(
        self,
        agreed: Agreed,
        store: Store,
        way: Way,
        report: Report,
        *,
        skills: Iterable[CloudSkill] = (),
        reply: float = 5.0,
        patience: float = 0.0,
        linger: float = 0.0,
    ) -> None:
        """`skills` are asked for their replies, `reply` seconds at most.

        Seconds: `patience`, for which the beginning waits for the broker; `linger`, for which the
        end waits until it has what was released. Neither waits where an alarm says it is in vain.
        """
        self._agreed = agreed
        self._store = store
        self._way = way
        self._report = report
        self._patience = patience
        self._linger = linger
        self.cloud = Cloud(skills, self._release, self._ask, reply)
        self._sent_today = SentToday(store)
        self._opened = AsyncExitStack()
        self._link: Link | None = None
        self._clerk: Worker | None = None
        self._granted: asyncio.Queue[RedactedIntent] = asyncio.Queue(MOST)
        self._on_the_way: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._is_closed = False

    async def __aenter__(self) -> Releasing:
        """Open the way out. Raises SettingsError and DoorError as a door in this process does."""
        loop = asyncio.get_running_loop()
        self._granted, self._changed = asyncio.Queue(MOST), asyncio.Event()

        def alarm(alarm: Alarm) -> None:
            loop.call_soon_threadsafe(self._lost, alarm)

        waiting = Waiting(self._agreed, self._store, alarm)
        self._clerk = self._opened.enter_context(Worker("releases"))
        link = await self._opened.enter_async_context(self._way(waiting, self._alarmed, self._left))

        def look_again() -> None:
            loop.call_soon_threadsafe(link.look_again)

        self._opened.callback(self._agreed.follow(look_again))
        telling = loop.create_task(self._tell_all())
        self._opened.push_async_callback(_end, telling)
        self._link = link
        await self._until(lambda: link.is_open, self._patience)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Have what was granted on the disk, and let go of the way out."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DURABLE):
                    await self._granted.join()
            await self._until(lambda: not self._on_the_way, self._linger)
        finally:
            self._link = None
            await self._opened.aclose()

    async def _until(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until something is done, or an alarm says that it won't be soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (done() or self._is_closed):
                    self._changed.clear()
                    await self._changed.wait()

    def grant(self, intent: RedactedIntent) -> None:
        """Take over an intent that may be acted on here. At once, and without an error."""
        if self._link is None:
            return
        try:
            self._granted.put_nowait(intent)
        except asyncio.QueueFull:
            log.error("utterance %d: not released: %d others wait", intent.utterance_id, MOST)

    async def _tell_all(self) -> None:
        """Release one granted intent after the other, to everybody it is shared with."""
        while True:
            intent = await self._granted.get()
            asked = self.cloud.destination(intent.name)
            for name, destination in self._agreed.policy.sharing.items():
                if name != asked and intent.name in destination.intents:
                    await self._tell(intent, name)
            self._granted.task_done()

    async def _tell(self, intent: RedactedIntent, destination: str) -> None:
        link, clerk = self._link, self._clerk
        assert link is not None
        assert clerk is not None
        try:
            cleared = await clerk.run(self._cleared, intent, destination)
            if cleared is None:
                return
            release, permit = cleared
            outgoing = await link.send(release, permit)
            self._kept(outgoing, permit, intent.utterance_id)
        except Exception as error:  # one message that fails never stops the rest
            number = intent.utterance_id
            log.error("utterance %d: not sent to %s: %s", number, destination, outline(error))

    def _kept(self, outgoing: Outgoing, permit: Permit, number: int) -> None:
        """A message is on the disk."""
        if len(self._on_the_way) < MOST:
            self._on_the_way[outgoing.message.id] = outgoing.message.destination
        seconds = permit.keep_for.total_seconds()
        self._report(
            Kept(number, outgoing.number, permit.category, permit.purpose, seconds, permit.rule)
        )

    def _cleared(self, intent: RedactedIntent, destination: str) -> tuple[Release, Permit] | None:
        """On the clerk's thread: decide, and count it."""
        release = self._agreed.release(intent, destination, self._sent_today.of(destination))
        if isinstance(release, Refusal):
            log.info("utterance %d stays here: %s", intent.utterance_id, release.rule)
            return None
        permit = self._agreed.permit("outbox", "service", release=release)
        if permit is None:
            log.error(
                "utterance %d: not sent to %s: no message may wait (retention: outbox: service, "
                "its consent)",
                intent.utterance_id,
                destination,
            )
            return None
        self._sent_today.add(destination)
        return release, permit

    async def _release(self, intent: RedactedIntent, destination: str) -> Release | Refusal:
        """Release a question. Raises DoorError where nobody could answer it."""
        if self._clerk is None or self._link is None or not self._link.is_open:
            raise DoorError("the door or the broker is away")
        return await self._clerk.run(self._questioned, intent, destination)

    def _questioned(self, intent: RedactedIntent, destination: str) -> Release | Refusal:
        """On the clerk's thread: decide, note it, and count it."""
        release = self._agreed.release(intent, destination, self._sent_today.of(destination))
        if isinstance(release, Release):
            self._store.audit.append(released(release, self._store.clock.now()))
            self._sent_today.add(destination)
        return release

    async def _ask(self, release: Release, seconds: float) -> str | None:
        return None if self._link is None else await self._link.ask(release, seconds)

    def _left(self, departure: Departure) -> None:
        """The broker has a message."""
        message = departure.message
        try:
            json.loads(departure.payload)
        except ValueError:
            log.error("door: it says that something left that is no message")
            return
        self._report(
            Sent(departure.utterance, message.destination, message.intent, departure.payload)
        )
        self._report(Noted("sent"))
        self._on_the_way.pop(message.id, None)
        self._changed.set()

    def _alarmed(self, alarm: Alarm | None) -> None:
        """The way out is closed, or open again, or one destination gets nothing for now."""
        if alarm is None or alarm.destination is None:
            is_closed = alarm is not None
            if is_closed != self._is_closed:
                self._report(Alarmed("door", on=is_closed))
            self._is_closed = is_closed
        else:
            waiting = self._on_the_way.items()
            self._on_the_way = {one: to for one, to in waiting if to != alarm.destination}
            if alarm.kind == "misfit":
                self._note(alarm)
        self._changed.set()

    def _lost(self, alarm: Alarm) -> None:
        """Messages went unsent for good."""
        log.error("door: %s", alarm)
        self._report(Alarmed("door", on=True))
        if alarm.kind != "outbox-full":  # the outbox itself has noted that
            self._note(alarm)

    def _note(self, alarm: Alarm) -> None:
        """Have the audit log say so."""
        if self._clerk is None:
            return
        entry = Entry(
            "alarm",
            self._store.clock.now(),
            reason=f"door-{alarm.kind}",
            destination=alarm.destination or "",
        )
        with contextlib.suppress(AssistantError):
            self._clerk.submit(self._store.audit.append, entry)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
