"""The door's side of the house: tells cores what there is, and does what they may ask for.

Who comes by the other socket is told what there is, and may ask for nothing."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from typing import Any, TypeAlias

from pydantic import ValidationError

from assistant.errors import DoorError
from plugins.door.packets import Doorstep, Packets, peer
from plugins.door.wire import LARGEST_PACKET
from plugins.home_assistant.client import HomeAssistant
from plugins.home_assistant.registries import Snapshot
from plugins.home_assistant.wire import (
    Answer,
    Area,
    Begin,
    Call,
    Done,
    End,
    Entity,
    Failed,
    Floor,
    Look,
    Part,
    Seen,
    State,
    States,
    packed,
    packed_size,
    read_request,
)

log = logging.getLogger(__name__)

Json: TypeAlias = Any
CORES = 4
"""Connections at one time; one more is hung up on."""
AT_ONCE = 16
"""Requests of one core that are under way; one more waits."""
_ROOM = LARGEST_PACKET - 100


class HouseDoor:
    """Between the core and Home Assistant. Nothing that was said comes here: ids and numbers."""

    def __init__(self, home: HomeAssistant) -> None:
        self._home = home
        home.changed = self.changed
        self._cores: dict[Packets, asyncio.Event] = {}

    def changed(self) -> None:
        """Tell every core: Home Assistant went or came, or has other things."""
        for told in self._cores.values():
            told.set()

    async def run(
        self,
        doorstep: Doorstep,
        names: Doorstep | None = None,
        *,
        users: frozenset[int] | None = None,
    ) -> None:
        """Serve until cancelled. `users`: who may ask; None: our own user.

        `names`: where others are told what there is.
        """
        allowed = users or frozenset({os.geteuid()})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._home.run(), name="home assistant")
            tasks.create_task(self._admit(doorstep, allowed, may_ask=True))
            if names is not None:
                tasks.create_task(self._admit(names, allowed, may_ask=False))

    async def _admit(self, doorstep: Doorstep, allowed: frozenset[int], *, may_ask: bool) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            while True:
                connection, _ = await loop.sock_accept(doorstep.socket)
                if not doorstep.admits(connection, allowed) or len(self._cores) >= CORES:
                    log.warning("home assistant: hung up on user %d", peer(connection))
                    connection.close()
                    continue
                core = Packets(connection)
                self._cores[core] = asyncio.Event()
                tasks.create_task(self._serve(core, may_ask=may_ask))

    async def _serve(self, core: Packets, *, may_ask: bool) -> None:
        """One core, until it is gone or says what no core says."""
        room = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell(core))
                while (packet := await core.receive()) is not None:
                    if not may_ask:
                        raise DoorError("asked where it is only told what there is")
                    request = read_request(packet)
                    await room.acquire()
                    task = tasks.create_task(self._answer(core, request))
                    task.add_done_callback(lambda _task: room.release())
                telling.cancel()
        except* DoorError as errors:
            log.error("home assistant: %s", errors.exceptions[0])
        finally:
            del self._cores[core]
            await core.close()

    async def _tell(self, core: Packets) -> None:
        """Say what there is, and again whenever it changes."""
        changed = self._cores[core]
        told: Snapshot | None = None
        while True:
            changed.clear()
            alarm, things = self._home.alarm, self._home.things
            if not self._home.is_known:
                await changed.wait()
                continue
            if alarm is None:
                await _say(core, State(open=True))
            else:
                await _say(core, State(open=False, kind=alarm.kind, detail=alarm.detail[:500]))
            if things is not None and things != told:
                told = things
                for message in messages_of(things):
                    await _say(core, message)
            await changed.wait()

    async def _answer(self, core: Packets, request: Call | Look) -> None:
        if isinstance(request, Call):
            problem = await self._home.call(request.service, request.entities, request.data)
            failed = Failed(id=request.id, problem=problem) if problem is not None else None
            await _say(core, failed or Done(id=request.id))
            return
        states = self._home.states(request.entities)
        if states is None:
            await _say(core, Failed(id=request.id, problem="away"))
            return
        seen = [one for name, state in states.items() if (one := _seen(name, state)) is not None]
        parts = list(_parted(seen))
        for index, part in enumerate(parts):
            more = index < len(parts) - 1
            await _say(core, States(id=request.id, states=tuple(part), more=more))


async def _say(core: Packets, answer: Answer) -> None:
    """Tell a core; one that is gone or does not read is hung up on."""
    try:
        await core.send(packed(answer))
    except (OSError, TimeoutError):
        core.hang_up()


def messages_of(things: Snapshot) -> Iterator[Begin | Part | End]:
    """The things, in packets."""
    yield Begin(floors=len(things.floors), areas=len(things.areas), entities=len(things.entities))
    part = _Things()
    values: list[Floor | Area | Entity] = [*things.floors, *things.areas, *things.entities]
    for value in values:
        if not part.add(value):
            yield part.message()
            part = _Things()
            part.add(value)
    yield part.message()
    yield End()


class _Things:
    """As many things as fit a packet."""

    def __init__(self) -> None:
        self._floors: list[Floor] = []
        self._areas: list[Area] = []
        self._entities: list[Entity] = []
        self._size = 0

    def add(self, value: Floor | Area | Entity) -> bool:
        """Add one; False: there is no room."""
        self._size += packed_size(value) + 20
        if self._size > _ROOM:
            return False
        match value:
            case Floor():
                self._floors.append(value)
            case Area():
                self._areas.append(value)
            case Entity():
                self._entities.append(value)
        return True

    def message(self) -> Part:
        """The packet."""
        some = (tuple(self._floors), tuple(self._areas), tuple(self._entities))
        return Part(floors=some[0], areas=some[1], entities=some[2])


def _parted(seen: list[Seen]) -> Iterator[list[Seen]]:
    """Lists that fit a packet; one empty one where there is nothing."""
    part: list[Seen] = []
    size = 0
    for one in seen:
        length = len(one.model_dump_json(exclude_none=True).encode()) + 2
        if part and size + length > _ROOM:
            yield part
            part, size = [], 0
        part.append(one)
        size += length
    yield part


def _seen(entity: str, state: dict[str, Json]) -> Seen | None:
    """A state as it is told; attributes of other types are left out, a state of none is."""
    attributes = state["a"]
    unit = attributes.get("unit_of_measurement")
    numbers = {
        name: float(value)
        for name in ("current_temperature", "temperature", "current_position", "volume_level")
        if isinstance(value := attributes.get(name), int | float) and not isinstance(value, bool)
    }
    words = {"unit_of_measurement": unit} if isinstance(unit, str) and len(unit) <= 30 else {}
    try:
        return Seen.model_validate({"id": entity, "state": state["s"], **words, **numbers})
    except ValidationError:
        return None
