"""The core's side of the house: asks the door, and believes nothing of it that does not fit."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from assistant.errors import DoorError
from plugins.door.backoff import Backoff
from plugins.door.packets import Packets, connect
from plugins.door.wire import LARGEST_PACKET
from plugins.home_assistant.alarms import Alarm
from plugins.home_assistant.gathering import Gathering, Told
from plugins.home_assistant.places import house_user
from plugins.home_assistant.services import Plain
from plugins.home_assistant.wire import (
    AT_ONCE,
    Answer,
    Call,
    Done,
    Failed,
    Look,
    Problem,
    Seen,
    State,
    States,
    packed,
    read_answer,
)

log = logging.getLogger(__name__)

PATIENCE = 6.0
"""Seconds for an answer: the door itself gives Home Assistant five."""
_STEADY = 5.0
_ROOM = LARGEST_PACKET - 600


class HouseLink:
    """Knows the things and states of the house, and has services done. Run it."""

    def __init__(
        self,
        path: Path,
        *,
        things: Callable[[Told], None] = lambda _told: None,
        user: int | None = None,
        longest_wait: float = 10.0,
    ) -> None:
        """`things` is told what is in the house, whole, whenever that changes.

        `user`: who listens at the socket; None: root where systemd opened it, else we.
        `longest_wait`: seconds.
        """
        self._path = path
        self.things = things
        self._user = house_user() if user is None else user
        self._longest_wait = longest_wait
        self._door: Packets | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Problem | None]] = {}
        self._seen: dict[int, list[Seen]] = {}
        self.alarm: Alarm | None = None
        """Why Home Assistant can't be used; None: it can, or nobody knows yet."""
        self.known = asyncio.Event()
        """Set once it is known whether Home Assistant is there."""

    async def run(self) -> None:
        """Keep in touch with the door until cancelled."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(0.1, self._longest_wait)
        while True:
            try:
                door = connect(self._path, self._user)
            except (OSError, DoorError) as error:
                reason = str(error) if isinstance(error, DoorError) else error.strerror
                self._tell(Alarm("door-away", f"{self._path}: {reason}: does `sotto door` run?"))
            else:
                began = loop.time()
                await self._talk(door)
                if loop.time() - began > _STEADY:
                    backoff.reset()
            await asyncio.sleep(backoff.next())

    async def call(
        self, service: str, entities: Sequence[str], data: Mapping[str, Plain]
    ) -> Problem | None:
        """Have a service done on entities; None: Home Assistant said that it was."""
        for some in _fitting(entities):
            number = next(self._numbers)
            try:
                call = Call(id=number, service=service, entities=tuple(some), data=dict(data))
            except ValidationError:
                return "unknown-service"
            if (problem := await self._ask(call)) is not None:
                return problem
        return None

    async def look(self, entities: Sequence[str]) -> dict[str, Seen] | Problem:
        """The states of those entities that have one, by id; or why there are none."""
        found: dict[str, Seen] = {}
        for some in _fitting(entities):
            number = next(self._numbers)
            self._seen[number] = []
            try:
                problem = await self._ask(Look(id=number, entities=tuple(some)))
                if problem is not None:
                    return problem
                found |= {one.id: one for one in self._seen[number] if one.id in some}
            finally:
                del self._seen[number]
        return found

    async def _ask(self, request: Call | Look) -> Problem | None:
        door = self._door
        if door is None:
            return "away"
        answer: asyncio.Future[Problem | None] = asyncio.get_running_loop().create_future()
        self._asked[request.id] = answer
        try:
            async with asyncio.timeout(PATIENCE):
                await door.send(packed(request))
                return await answer
        except (TimeoutError, OSError):
            return "no-answer"
        finally:
            del self._asked[request.id]

    async def _talk(self, door: Packets) -> None:
        """One connection, until the door is gone or says what no door says."""
        self._door = door
        gathering = Gathering()
        try:
            while (packet := await door.receive()) is not None:
                self._take(read_answer(packet), gathering)
            alarm = Alarm("door-away", f"{self._path}: the door hung up")
        except DoorError as error:
            alarm = Alarm("nonsense", f"{self._path}: {error}")
        finally:
            self._door = None
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_result("no-answer")
            await door.close()
        self._tell(alarm)

    def _take(self, answer: Answer, gathering: Gathering) -> None:
        match answer:
            case State(open=True):
                self._tell(None)
            case State():
                self._tell(Alarm(answer.kind or "away", answer.detail))
            case Done():
                self._settle(answer.id, None)
            case Failed():
                self._settle(answer.id, answer.problem)
            case States():
                seen = self._seen.get(answer.id)
                if seen is not None and len(seen) + len(answer.states) <= AT_ONCE:
                    seen.extend(answer.states)
                if not answer.more:
                    self._settle(answer.id, None)
            case _:
                if (told := gathering.take(answer)) is not None:
                    self.things(told)

    def _settle(self, number: int, problem: Problem | None) -> None:
        answer = self._asked.get(number)
        if answer is not None and not answer.done():
            answer.set_result(problem)

    def _tell(self, alarm: Alarm | None) -> None:
        if alarm != self.alarm and alarm is not None:
            log.error("home assistant: %s", alarm)
        elif alarm is None and self.alarm is not None:
            log.info("home assistant: it is there again")
        self.alarm = alarm
        self.known.set()


def _fitting(entities: Sequence[str]) -> Iterator[list[str]]:
    """The entities in lists that fit a packet."""
    some: list[str] = []
    size = 0
    for entity in entities:
        if some and (len(some) == AT_ONCE or size + len(entity) + 3 > _ROOM):
            yield some
            some, size = [], 0
        some.append(entity)
        size += len(entity) + 3
    if some:
        yield some
