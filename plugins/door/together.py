"""Door and core in one process, for the demonstration: the same code, over the same socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from assistant.settings import DoorSettings
from plugins.door.alarms import Alarm
from plugins.door.gate import PolicyInForce
from plugins.door.link import Link
from plugins.door.make import make_door
from plugins.door.outgoing import Departure, Outbox
from plugins.door.packets import Doorstep, socket_path
from plugins.door.service import Published


@contextlib.asynccontextmanager
async def door_and_link(
    settings: DoorSettings,
    policies: PolicyInForce,
    outbox: Outbox,
    state: Path,
    *,
    report: Callable[[Published], None] = lambda _published: None,
    alarm: Callable[[Alarm | None], None] = lambda _alarm: None,
    sent: Callable[[Departure], None] = lambda _departure: None,
) -> AsyncIterator[Link]:
    """Run both for a while. Raises SettingsError and DoorError as they do."""
    door = make_door(settings, policies, state, report)
    doorstep = Doorstep(socket_path(settings, state))
    link = Link(doorstep.path, outbox, alarm=alarm, sent=sent)
    tasks = [asyncio.create_task(door.run(doorstep)), asyncio.create_task(link.run())]
    try:
        yield link
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        doorstep.close()
