"""Puts together what leaves: the way to the door, who is asked there, and what releases."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.agreement import Agreement
from assistant.errors import DoorError
from assistant.events import Report
from assistant.parts import Skills
from assistant.releasing import Releasing, Way
from assistant.settings import DoorSettings, Settings
from assistant.skill import Ask, Reply
from assistant.types import RedactedIntent, Refusal, Release
from plugins.door.alarms import Alarm
from plugins.door.cloud import Cloud, CloudSkill
from plugins.door.link import Link
from plugins.door.outgoing import Departure, Outbox
from plugins.door.packets import socket_path
from policies.load import Policies

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds beyond `door.reply` for which a question is waited for."""
LINGER = 3.0
"""Seconds for which the end waits until the broker has what was just released."""


@dataclass(frozen=True, slots=True)
class WayOut:
    """What leaves, and who is asked for a reply."""

    cloud: Cloud
    releasing: Releasing | None = None
    """None: nothing leaves."""

    def grant(self, intent: RedactedIntent) -> None:
        """Take over an intent that may be acted on here; never raises."""
        if self.releasing is not None:
            self.releasing.grant(intent)


def way_out(
    settings: Settings,
    under: Agreement,
    skills: Sequence[CloudSkill],
    report: Report,
    *,
    live: bool,
) -> WayOut:
    """Make it; without `door.address` nothing leaves, and cloud skills say their fallbacks.

    `live`: for a microphone; a recording may bring a door of its own (`door.inside`), and its
    end waits until the broker has what it released.
    """
    agreed, store, state = under.agreed, under.store, under.state
    if settings.door.address is None or store is None or state is None:
        if agreed.policy.sharing and live:
            log.warning("nothing leaves, whatever the policy shares: door.address is not set")
        return WayOut(Cloud(skills, _closed, _unheard))
    if settings.door.inside and not live:
        way = with_a_door(settings, state)
    else:
        way = to_the_door(settings.door, state)
    releasing = Releasing(
        agreed,
        store,
        way,
        report,
        skills=skills,
        reply=settings.door.reply + PATIENCE,
        patience=0.0 if live else LINGER,
        linger=LINGER,
    )
    return WayOut(releasing.cloud, releasing)


def to_the_door(settings: DoorSettings, state: Path) -> Way:
    """The way out to a door that is a process of its own."""

    @contextlib.asynccontextmanager
    async def way(
        outbox: Outbox, alarm: Callable[[Alarm | None], None], sent: Callable[[Departure], None]
    ) -> AsyncIterator[Link]:
        link = Link(socket_path(settings, state), outbox, alarm=alarm, sent=sent)
        running = asyncio.create_task(link.run())
        try:
            yield link
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return way


def with_a_door(settings: Settings, state: Path) -> Way:
    """The way out through a door in this very process, for development."""
    from plugins.door.together import door_and_link  # noqa: PLC0415  # it brings a network along

    policies = Policies(settings.policies.files)  # the door reads them itself
    return lambda outbox, alarm, sent: door_and_link(
        settings.door, policies, outbox, state, alarm=alarm, sent=sent
    )


class CloudFirst:
    """The skills of this device, after those that are answered elsewhere."""

    def __init__(self, cloud: Cloud, here: Skills) -> None:
        self._cloud = cloud
        self._here = here
        self.misunderstood = here.misunderstood
        self.run = here.run

    async def handle(
        self,
        intent: RedactedIntent,
        ask: Ask | None = None,
        opened: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply of a cloud skill, if the intent is one's; else as the skills here answer."""
        reply = await self._cloud.handle(intent)
        return await self._here.handle(intent, ask, opened) if reply is None else reply


async def _closed(_intent: RedactedIntent, _destination: str) -> Release | Refusal:
    raise DoorError("there is no door here (door.address)")


async def _unheard(_release: Release, _seconds: float) -> None:
    """There is nobody."""
