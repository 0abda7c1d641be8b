"""The door's side of presence: shows what the core tells, and hands over what somebody wants.

What is published is written anew from checked values. State is published five times a second at
most, and counts every ten seconds: a core that was taken over has little to speak with.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant.errors import DoorError
from assistant.settings import Told
from plugins.door.alarms import Alarm
from plugins.door.backoff import Backoff
from plugins.door.packets import Doorstep, Packets, peer
from plugins.door.service import Published
from plugins.door.session import Broker, BrokerLostError
from plugins.presence.discovery import OFF, OFFLINE, ON, ONLINE, PRESS, Device
from plugins.presence.session import Came, PresenceSession
from plugins.presence.topics import PresenceTopics
from plugins.presence.wire import (
    Choose,
    Command,
    Do,
    Happened,
    Shown,
    There,
    packed,
    read_told,
)

log = logging.getLogger(__name__)

STATE_EVERY, COUNTS_EVERY = 0.2, 10.0
"""Seconds between two publications of the state, and of one in which only counts differ."""
MOST_EVENTS = 8
"""Events that wait to be published; the oldest go first."""
LONGEST_COMMAND = 64
"""Bytes."""
STEADY = 10.0
"""Seconds a connection has to last before the next wait is short again."""
_COUNTS = ("memory", "utterances", "kept", "sent")


@dataclass(slots=True)
class _Last:
    """What was published last over one connection."""

    shown: Shown | None = None
    at: float = 0.0
    payloads: dict[str, bytes] = field(default_factory=dict)


class PresenceDoor:
    """Between the core and Home Assistant. It knows nothing but what it was last told."""

    def __init__(
        self,
        broker: Broker,
        topics: PresenceTopics,
        device: Device,
        allow: Sequence[Told],
        options: Sequence[str],
        *,
        chosen: Callable[[str], object] = lambda _option: None,
        report: Callable[[Published], None] = lambda _published: None,
        first_wait: float = 0.5,
        longest_wait: float = 15.0,
    ) -> None:
        """`chosen` is told which policy the core goes by, of `options`."""
        self._broker = broker
        self._topics = topics
        self._device = device
        self._allow = frozenset(allow)
        self._options = frozenset(options)
        self._chosen = chosen
        self._report = report
        self._waits = first_wait, longest_wait
        self._core: Packets | None = None
        self._session: PresenceSession | None = None
        self._shown: Shown | None = None
        self._events: list[Happened] = []
        self._changed = asyncio.Event()
        self._greet = False
        self._told: Alarm | None = None

    async def run(self, doorstep: Doorstep, *, users: frozenset[int] | None = None) -> None:
        """Serve until cancelled. `users`: whose core may come; None: our own user's."""
        allowed = users or frozenset({os.geteuid()})
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay_connected(), name="presence")
            while True:
                connection, _ = await loop.sock_accept(doorstep.socket)
                if not doorstep.admits(connection, allowed) or self._core is not None:
                    log.warning("presence: hung up on user %d", peer(connection))
                    connection.close()
                    continue
                self._core = Packets(connection)
                tasks.create_task(self._serve(self._core))

    async def _serve(self, core: Packets) -> None:
        """The core, until it is gone or says what no core says."""
        try:
            await core.send(packed(There(open=self._session is not None)))
            while (packet := await core.receive()) is not None:
                self._take(read_told(packet))
        except DoorError as error:
            log.error("door: %s", error)
        except (OSError, TimeoutError):
            log.debug("presence: the core does not read")
        finally:
            self._core = None
            self._shown = None
            self._events.clear()
            self._changed.set()
            await core.close()

    def _take(self, told: Shown | Happened) -> None:
        if isinstance(told, Shown):
            if told.policy in self._options and (
                self._shown is None or self._shown.policy != told.policy
            ):
                self._chosen(told.policy)
            self._shown = told
        elif self._session is not None:  # what happened is of no use later
            self._events.append(told)
            del self._events[:-MOST_EVENTS]
        self._changed.set()

    async def _stay_connected(self) -> None:
        backoff = Backoff(*self._waits)
        loop = asyncio.get_running_loop()
        while True:
            session = PresenceSession(self._broker, self._topics)
            began = loop.time()
            try:
                await self._talk(session)
            except BrokerLostError as lost:
                if lost.alarm != self._told:
                    log.error("presence: %s", lost.alarm)
                self._told = lost.alarm
            finally:
                was_open, self._session = self._session is not None, None
                if was_open:
                    await self._say(There(open=False))
                await session.close()
            if loop.time() - began > STEADY:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    async def _talk(self, session: PresenceSession) -> None:
        """One connection, until it is lost. Raises BrokerLostError."""
        await session.open()
        await session.hear(self._topics.commands)
        await session.hear(self._topics.status)
        self._session = session
        self._greet = True
        self._changed.set()
        await self._say(There(open=True))
        log.info("presence: shown at %s:%d", self._broker.address, self._broker.port)
        publishing = asyncio.create_task(self._publish_all(session))
        try:
            async for came in session.came():
                await self._came(came)
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            with contextlib.suppress(BrokerLostError):
                await self._tell(session, self._topics.of("online"), OFFLINE.encode())

    async def _publish_all(self, session: PresenceSession) -> None:
        """Publish what changed, until the connection is given up."""
        last: _Last = _Last()
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                if self._greet:
                    self._greet = False
                    last = _Last()
                    for entity in self._device.entities():
                        topic = self._topics.discovery(entity.component, entity.key)
                        await self._tell(session, topic, entity.payload())
                    self._told = None
                await self._publish(session, last)
                await asyncio.sleep(STATE_EVERY)
        except BrokerLostError as lost:
            session.give_up(lost.alarm)

    async def _publish(self, session: PresenceSession, last: _Last) -> None:
        """The state, and what happened."""
        topics, shown = self._topics, self._shown
        retained: dict[str, bytes] = {}
        if shown is not None and self._is_due(shown, last):
            last.shown, last.at = shown, asyncio.get_running_loop().time()
            retained[topics.of("state")] = self._device.shown(shown)
        waits = shown is not None and shown.confirm
        retained[topics.of("confirm")] = _online(waits)
        retained[topics.of("online")] = _online(shown is not None)
        for topic, payload in retained.items():
            if last.payloads.get(topic) != payload:
                await self._tell(session, topic, payload)
                last.payloads[topic] = payload
        while self._events:
            event = self._device.happened(self._events.pop(0))
            await self._tell(session, topics.of("event"), event, retain=False)

    def _is_due(self, shown: Shown, last: _Last) -> bool:
        """Whether it is to be published now; where it has to wait, it is looked at again."""
        if last.shown is None:
            return True
        same = dict.fromkeys(_COUNTS, 0)
        if shown.model_copy(update=same) != last.shown.model_copy(update=same):
            return True
        left = last.at + COUNTS_EVERY - asyncio.get_running_loop().time()
        if shown != last.shown and left > 0:
            asyncio.get_running_loop().call_later(left, self._changed.set)
            return False
        return shown != last.shown

    async def _tell(
        self, session: PresenceSession, topic: str, payload: bytes, *, retain: bool = True
    ) -> None:
        await session.tell(topic, payload, retain=retain)
        self._report(Published(topic, payload, 0))

    async def _came(self, came: Came) -> None:
        """Something was published for us. What is retained was not meant for this moment."""
        if came.retained or len(came.payload) > LONGEST_COMMAND:
            return
        payload = came.payload.decode("utf-8", "replace")
        if came.topic == self._topics.status:
            if payload == ONLINE:
                self._greet = True
                self._changed.set()
            return
        command = self._command(came.topic, payload)
        if command is None:
            log.warning("presence: a command that is none, or not allowed, was dropped")
        else:
            await self._say(command)

    def _command(self, topic: str, payload: str) -> Command | None:
        """What is meant; None: nothing, or nothing that the settings allow."""
        topics, allow = self._topics, self._allow
        if topic == topics.told("mute") and payload == ON:
            return Do(do="mute")
        if topic == topics.told("mute") and payload == OFF and "unmute" in allow:
            return Do(do="unmute")
        if topic == topics.told("erase") and payload == PRESS and "erase" in allow:
            return Do(do="erase")
        if topic == topics.told("confirm") and "confirm" in allow:
            return Do(do="confirm" if payload == PRESS else "decline")
        if topic == topics.told("policy") and payload in self._options and "policy" in allow:
            return Choose(option=payload)
        return None

    async def _say(self, command: Command) -> None:
        """Tell the core; one that is gone or does not read is hung up on."""
        core = self._core
        if core is None:
            return
        try:
            await core.send(packed(command))
        except (OSError, TimeoutError):
            core.hang_up()


def _online(value: bool) -> bytes:
    return (ONLINE if value else OFFLINE).encode()
