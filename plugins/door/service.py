"""The door's own process: takes messages from the core, judges them, publishes what is cleared."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.errors import DoorError
from plugins.door.alarms import Alarm
from plugins.door.backoff import Backoff
from plugins.door.gate import Cleared, Gate
from plugins.door.packets import Doorstep, Packets, peer
from plugins.door.session import AT_ONCE, NOBODY, REFUSED, Broker, BrokerLostError, Reply, Session
from plugins.door.speakable import speakable
from plugins.door.topics import Topics
from plugins.door.wire import (
    Answer,
    Later,
    Never,
    Replied,
    Send,
    Sent,
    State,
    packed,
    read_send,
)

log = logging.getLogger(__name__)

CORES = 4
"""Connections at one time; one more is hung up on."""
STEADY = 10.0
"""Seconds a connection has to last before the next wait is short again."""


@dataclass(frozen=True, slots=True)
class Published:
    """What left the house, to the byte."""

    topic: str
    payload: bytes
    code: int
    """The broker's answer: 0 accepted, 16 nobody listens, 128 and more refused."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds."""

    expiry: int = 86_400
    """That a broker holds a message for a destination that is away."""
    reply: int = 5
    """That a reply is waited for."""
    first_wait: float = 0.5
    """Before the second try to connect."""
    longest_wait: float = 15.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question whose reply is awaited."""

    core: Packets
    id: str
    topic: str


class Door:
    """Between the core and the broker. It keeps nothing: the core sends again what is not sent."""

    def __init__(
        self,
        broker: Broker,
        topics: Topics,
        gate: Gate,
        *,
        report: Callable[[Published], None] = lambda _published: None,
        patience: Patience | None = None,
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._gate = gate
        self._report = report
        self._patience = patience or Patience()
        self._session: Session | None = None
        self._heard: set[str] = set()
        self._alarm: Alarm | None = None
        self._cores: set[Packets] = set()
        self._asked: dict[bytes, _Asked] = {}
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self, doorstep: Doorstep, *, users: frozenset[int] | None = None) -> None:
        """Serve until cancelled. `users`: who may hand messages over; None: our own user."""
        allowed = users or frozenset({os.geteuid()})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay_connected(), name="broker")
            await self._welcome(doorstep, allowed, tasks)

    async def _welcome(
        self, doorstep: Doorstep, allowed: frozenset[int], tasks: asyncio.TaskGroup
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(doorstep.socket)
            if not doorstep.admits(connection, allowed) or len(self._cores) >= CORES:
                log.warning("door: hung up on user %d", peer(connection))
                connection.close()
                continue
            core = Packets(connection)
            self._cores.add(core)
            tasks.create_task(self._serve(core))

    async def _serve(self, core: Packets) -> None:
        """One core, until it is gone or says what no core says."""
        room = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                if (state := self._state()) is not None:
                    await self._say(core, state)
                while (packet := await core.receive()) is not None:
                    message = read_send(packet)
                    await room.acquire()
                    task = tasks.create_task(self._handle(core, message))
                    task.add_done_callback(lambda _task: room.release())
        except* DoorError as errors:
            log.error("door: %s", next(_each(errors)))
        finally:
            self._cores.discard(core)
            await core.close()

    async def _handle(self, core: Packets, message: Send) -> None:
        verdict = self._gate.judge(message)
        if isinstance(verdict, Cleared):
            await self._say(core, await self._publish(core, message.id, verdict))
        elif verdict.is_for_good:
            log.error("door: refused a message: %s", verdict.detail)
            await self._say(core, Never(id=message.id, detail=verdict.detail))
        else:
            await self._say(core, Later(id=message.id, kind=verdict.kind, detail=verdict.detail))

    async def _publish(self, core: Packets, number: str, cleared: Cleared) -> Answer:
        if self._gate.was_delivered(cleared.public_id):
            return Sent(id=number, payload=cleared.payload.decode())
        session = self._session
        if session is None:
            alarm = self._alarm or Alarm("unreachable", "not connected yet")
            return Later(id=number, kind=alarm.kind, detail=alarm.detail)
        try:
            with self._awaiting(core, number, cleared):
                return await self._deliver(session, number, cleared)
        except BrokerLostError as lost:
            if lost.alarm.kind != "refused":
                session.give_up(lost.alarm)
            return Later(id=number, kind=lost.alarm.kind, detail=lost.alarm.detail)

    @contextlib.contextmanager
    def _awaiting(self, core: Packets, number: str, cleared: Cleared) -> Iterator[None]:
        """Remember a question until its time is over, or it could not be sent."""
        correlation = cleared.public_id.encode()
        if cleared.do == "ask":
            topic = self._topics.of(cleared.destination, "reply")
            self._asked[correlation] = _Asked(core, number, topic)
        try:
            yield
        except BaseException:
            self._asked.pop(correlation, None)
            raise
        if cleared.do == "ask":
            loop = asyncio.get_running_loop()
            loop.call_later(self._patience.reply, self._asked.pop, correlation, None)

    async def _deliver(self, session: Session, number: str, cleared: Cleared) -> Answer:
        replies = self._topics.of(cleared.destination, "reply")
        topic = self._topics.of(cleared.destination, "intent")
        is_question = cleared.do == "ask"
        if is_question and replies not in self._heard:
            await session.hear(replies)
            self._heard.add(replies)
        code = await session.deliver(
            topic,
            cleared.payload,
            correlation=cleared.public_id,
            response_topic=replies if is_question else None,
            expiry=self._patience.reply if is_question else self._patience.expiry,
        )
        self._report(Published(topic, cleared.payload, code))
        if code >= REFUSED:
            return Later(id=number, kind="refused", detail=f"the broker says {code} to {topic}")
        if code == NOBODY:
            return Later(id=number, kind="nobody-listens", detail=f"no subscriber to {topic}")
        self._gate.delivered(cleared.public_id)
        return Sent(id=number, payload=cleared.payload.decode())

    async def _stay_connected(self) -> None:
        patience = self._patience
        backoff = Backoff(patience.first_wait, patience.longest_wait)
        loop = asyncio.get_running_loop()
        while True:
            session = Session(self._broker)
            began = loop.time()
            try:
                await session.open()
                self._turn_on(session)
                async for reply in session.replies():
                    await self._replied(reply)
            except BrokerLostError as lost:
                self._turn_off(lost.alarm)
            finally:
                await session.close()
            if loop.time() - began > STEADY:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    def _turn_on(self, session: Session) -> None:
        self._session = session
        self._heard = set()
        log.info("door: open to %s:%d", self._broker.address, self._broker.port)
        self._tell_all()

    def _turn_off(self, alarm: Alarm) -> None:
        was_open, self._session = self._session is not None, None
        self._asked.clear()
        if was_open or alarm != self._alarm:
            log.error("door: %s", alarm)
            self._alarm = alarm
            self._tell_all()

    def _state(self) -> State | None:
        """Whether the way is open; None where that is not known yet."""
        if self._session is not None:
            return State(open=True)
        if self._alarm is None:
            return None
        return State(open=False, kind=self._alarm.kind, detail=self._alarm.detail)

    def _tell_all(self) -> None:
        state = self._state()
        assert state is not None
        for core in self._cores:
            task = asyncio.get_running_loop().create_task(self._say(core, state))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _replied(self, reply: Reply) -> None:
        """Hand a reply to the core that asked; one that nobody asked for is dropped."""
        asked = self._asked.get(reply.correlation)
        if asked is None or asked.topic != reply.topic:
            log.warning("door: a reply that nobody asked for was dropped")
            return
        del self._asked[reply.correlation]
        text = speakable(reply.payload)
        if text is None:
            log.warning("door: a reply that is no short text was dropped")
            return
        await self._say(asked.core, Replied(id=asked.id, text=text))

    async def _say(self, core: Packets, answer: Answer) -> None:
        """Tell a core; one that is gone or does not read is hung up on."""
        try:
            await core.send(packed(answer))
        except (OSError, TimeoutError):
            core.hang_up()


def _each(errors: BaseExceptionGroup[DoorError]) -> Iterator[DoorError]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        elif isinstance(error, DoorError):
            yield error
