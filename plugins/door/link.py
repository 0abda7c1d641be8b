"""The core's side of the door: hands releases over, and keeps each until the broker has it.

At least once: a message leaves the outbox only after the door said that the broker accepted it.
Whoever gets it may get it twice, and knows it by its id (docs/door.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from assistant.errors import DoorError
from assistant.types import Permit, Release
from plugins.door.alarms import Alarm
from plugins.door.backoff import Backoff
from plugins.door.outgoing import Departure, Outbox, Outgoing, send_of
from plugins.door.packets import Packets, connect, door_user
from plugins.door.postbag import Postbag
from plugins.door.speakable import speakable
from plugins.door.wire import (
    Answer,
    Later,
    Never,
    Replied,
    Send,
    Sent,
    State,
    packed,
    read_answer,
)

log = logging.getLogger(__name__)

UNDER_WAY = 16
"""Messages handed over and not yet answered for; no more than the door takes at one time."""

REMEMBERED = 500
"""Messages whose utterances are known when they leave."""
STEADY = 5.0
"""Seconds a door has to stay before the next wait is short again."""


class Link:
    """Sends what was released. Run it in the background; it never stops the ear."""

    def __init__(
        self,
        path: Path,
        outbox: Outbox,
        *,
        alarm: Callable[[Alarm | None], None] = lambda _alarm: None,
        sent: Callable[[Departure], None] = lambda _departure: None,
        user: int | None = None,
        longest_wait: float = 10.0,
    ) -> None:
        """`alarm` is told why something does not go out, and None when the way is open again.

        `sent` is told of each message that the broker has.

        `user`: who listens at the door's socket; None: root where systemd opened it, else we.
        `longest_wait`: seconds.
        """
        self._path = path
        self._postbag = Postbag(outbox, longest_wait)
        self._alarm = alarm
        self._sent = sent
        self._user = door_user() if user is None else user
        self._longest_wait = longest_wait
        self._door: Packets | None = None
        self._open = asyncio.Event()
        self._room = asyncio.Condition()
        self._asked: dict[str, asyncio.Future[str | None]] = {}
        self._leaving: dict[str, tuple[int, Send]] = {}
        self._told: Alarm | None = Alarm("door-away", "not there yet")
        self._troubles: dict[str, Alarm] = {}

    @property
    def is_open(self) -> bool:
        """Whether the broker is there."""
        return self._open.is_set()

    async def opened(self) -> None:
        """Wait until the broker is there."""
        await self._open.wait()

    async def run(self) -> None:
        """Keep in touch with the door until cancelled."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(0.1, self._longest_wait)
        try:
            while True:
                try:
                    door = connect(self._path, self._user)
                except (OSError, DoorError) as error:
                    reason = str(error) if isinstance(error, DoorError) else error.strerror
                    self._tell(Alarm("door-away", f"{self._path}: {reason}"))
                else:
                    began = loop.time()
                    await self._talk(door)
                    if loop.time() - began > STEADY:
                        backoff.reset()
                await asyncio.sleep(backoff.next())
        finally:
            await self._postbag.tidy_up()

    def look_again(self) -> None:
        """Something was withdrawn: read what waits anew before anything else is handed over."""
        self._postbag.look_again()

    async def send(self, release: Release, permit: Permit) -> Outgoing:
        """Take a release over: it is durable when this returns, and sent as soon as can be.

        Raises DoorError where it can't be sent at all, and what the outbox raises where it can't
        be kept: then it is not sent either.
        """
        message = send_of(release, ask=False)
        outgoing = await self._postbag.keep(permit, message, release, soon=self.is_open)
        self._expect(release, message)
        return outgoing

    async def ask(self, release: Release, seconds: float) -> str | None:
        """Send a question and wait for the reply; None where there is none in time.

        It is not kept: an answer that comes later is worth nothing. The text is fit to be spoken
        and is nothing but text. Raises DoorError where the release can't be sent at all.
        """
        message = send_of(release, ask=True)
        door = self._door
        if door is None:
            return None
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._asked[message.id] = answer
        self._expect(release, message)
        try:
            async with asyncio.timeout(seconds):
                await door.send(packed(message))
                return await answer
        except (TimeoutError, OSError):
            return None
        finally:
            del self._asked[message.id]

    def _expect(self, release: Release, message: Send) -> None:
        """Remember whose message it is, for when it leaves: the latest few hundred."""
        self._leaving[message.id] = (release.intent.utterance_id, message)
        if len(self._leaving) > REMEMBERED:
            del self._leaving[next(iter(self._leaving))]

    def _left(self, answer: Sent, outgoing: Outgoing | None) -> None:
        """Say that a message left: one just sent, or one that waited since before we began."""
        if (expected := self._leaving.pop(answer.id, None)) is not None:
            self._sent(Departure(*expected, answer.payload))
        elif outgoing is not None:
            self._sent(Departure(0, outgoing.message, answer.payload))

    async def _talk(self, door: Packets) -> None:
        """One connection, until the door is gone."""
        self._door = door
        self._postbag.drop_connection()
        try:
            async with asyncio.TaskGroup() as tasks:
                working = [
                    tasks.create_task(self._pump(door)),
                    tasks.create_task(self._postbag.keep_tidy()),
                ]
                await self._listen(door)
                for task in working:
                    task.cancel()
        except* (OSError, TimeoutError):
            log.debug("door: it hung up")
        except* DoorError as errors:
            log.error("door: %s", errors.exceptions[0])
        finally:
            self._door = None
            self._open.clear()
            for message_id in list(self._asked):
                self._resolve(message_id, None)
            await door.close()
        self._tell(Alarm("door-away", f"{self._path}: the door hung up"))

    async def _listen(self, door: Packets) -> None:
        while (packet := await door.receive()) is not None:
            await self._answered(read_answer(packet))

    async def _answered(self, answer: Answer) -> None:
        if isinstance(answer, State):
            self._state(answer)
        elif isinstance(answer, Replied):
            self._resolve(answer.id, speakable(answer.text.encode()))
        elif isinstance(answer, Later | Never) and answer.id in self._asked:
            log.warning("door: a question was not sent: %s", answer.detail)
            self._resolve(answer.id, None)
        else:
            await self._settle(answer)

    def _state(self, state: State) -> None:
        if state.open:
            self._open.set()
            self._postbag.look_again()
            self._tell(None)
        else:
            self._open.clear()
            self._tell(Alarm(state.kind or "unreachable", state.detail))

    def _resolve(self, message_id: str, text: str | None) -> None:
        answer = self._asked.get(message_id)
        if answer is not None and not answer.done():
            answer.set_result(text)

    async def _pump(self, door: Packets) -> None:
        """Hand over what waits."""
        postbag = self._postbag
        while True:
            await postbag.changed.wait()
            postbag.changed.clear()
            if self.is_open:
                for outgoing in await postbag.ready():
                    await self._hand_over(door, outgoing)
                    if postbag.is_stale:
                        break

    async def _hand_over(self, door: Packets, outgoing: Outgoing) -> None:
        async with self._room:
            await self._room.wait_for(lambda: self._postbag.under_way < UNDER_WAY)
        if not self.is_open or self._postbag.is_held(outgoing) or self._postbag.is_stale:
            return
        self._postbag.begin(outgoing)
        await door.send(packed(outgoing.message))

    async def _settle(self, answer: Sent | Later | Never) -> None:
        """What became of a message that is kept."""
        outgoing = self._postbag.end(answer.id)
        async with self._room:
            self._room.notify_all()
        if isinstance(answer, Sent):
            self._left(answer, outgoing)
        if outgoing is None:
            return
        destination = outgoing.message.destination
        match answer:
            case Sent():
                self._postbag.is_well(destination)
                self._troubles.pop(destination, None)
                self._postbag.finish(outgoing)
            case Never():
                self._trouble(Alarm("misfit", answer.detail, destination))
                self._postbag.finish(outgoing)
            case Later():
                self._postbag.hold(destination)
                if self.is_open:
                    self._trouble(Alarm(answer.kind, answer.detail, destination))

    def _trouble(self, alarm: Alarm) -> None:
        """Say what is wrong with one destination, once."""
        assert alarm.destination is not None
        if alarm.kind == "misfit" or self._troubles.get(alarm.destination) != alarm:
            self._troubles[alarm.destination] = alarm
            log.error("door: %s", alarm)
            self._alarm(alarm)

    def _tell(self, alarm: Alarm | None) -> None:
        """Say why nothing goes out at all, or that it does again, once."""
        if alarm != self._told:
            self._told = alarm
            if alarm is not None:
                log.error("door: %s", alarm)
            self._alarm(alarm)
