"""The core's side of presence: tells the door how it is, and hears what somebody wants."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from assistant.errors import DoorError
from plugins.door.backoff import Backoff
from plugins.door.packets import Packets, connect
from plugins.presence.wire import (
    Command,
    Happened,
    Shown,
    There,
    packed,
    read_command,
)

log = logging.getLogger(__name__)

SOCKET = "presence.sock"
VARIABLE = "SOTTO_PRESENCE_SOCKET"
"""Names the socket that systemd opened for the door."""
STEADY = 5.0
"""Seconds a door has to stay before the next wait is short again."""
MOST_EVENTS = 8
"""Events that wait for the door; the oldest go first."""


def socket_path(named: Path | None, state: Path) -> Path:
    """Where core and door meet."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else named or state / SOCKET


def door_user() -> int:
    """Who listens there: root, where systemd opened it, else we."""
    return 0 if VARIABLE in os.environ else os.geteuid()


class PresenceLink:
    """Keeps in touch with the door. It belongs to the event loop."""

    def __init__(
        self,
        path: Path,
        take: Callable[[Command], None],
        *,
        user: int | None = None,
        longest_wait: float = 10.0,
    ) -> None:
        """`take` is told what somebody wants, and whether the broker is there."""
        self._path = path
        self._take = take
        self._user = door_user() if user is None else user
        self._longest_wait = longest_wait
        self._changed = asyncio.Event()
        self._shown: Shown | None = None
        self._told: Shown | None = None
        self._events: list[Happened] = []
        self._is_there = False

    def show(self, shown: Shown) -> None:
        """Have this told; only the newest counts."""
        if shown != self._shown:
            self._shown = shown
            self._changed.set()

    def happened(self, event: Happened) -> None:
        """Have this told, where somebody is there to hear it now."""
        if self._is_there:
            self._events.append(event)
            del self._events[:-MOST_EVENTS]
            self._changed.set()

    async def run(self) -> None:
        """Tell and hear until cancelled."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(0.1, self._longest_wait)
        while True:
            try:
                door = connect(self._path, self._user)
            except (OSError, DoorError) as error:
                log.debug("presence: no door: %s", type(error).__name__)
            else:
                began = loop.time()
                await self._talk(door)
                if loop.time() - began > STEADY:
                    backoff.reset()
            await asyncio.sleep(backoff.next())

    async def _talk(self, door: Packets) -> None:
        """One connection, until the door is gone."""
        self._told = None
        self._changed.set()
        telling = asyncio.create_task(self._tell(door))
        try:
            while (packet := await door.receive()) is not None:
                command = read_command(packet)
                if isinstance(command, There):
                    self._is_there = command.open
                self._take(command)
        except DoorError as error:
            log.error("door: %s", error)
        finally:
            self._is_there = False
            self._events.clear()
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            self._take(There(open=False))
            await door.close()

    async def _tell(self, door: Packets) -> None:
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                if self._shown is not None and self._shown != self._told:
                    self._told = self._shown
                    await door.send(packed(self._told))
                while self._events:
                    await door.send(packed(self._events.pop(0)))
        except (OSError, TimeoutError):
            door.hang_up()
