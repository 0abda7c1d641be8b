"""The house as Home Assistant has it: what is remembered at first, then what the door tells."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from assistant.errors import SettingsError, outline
from assistant.household import Household
from assistant.rereading import Rereading
from assistant.settings import Settings
from pipeline.sentences import SentenceFile
from pipeline.things import Things, load_things
from pipeline.worker import Worker
from plugins.home_assistant.gathering import Told, remember, remembered
from plugins.home_assistant.house import HomeAssistantHouse
from plugins.home_assistant.link import HouseLink
from plugins.home_assistant.places import NAMES_VARIABLE, house_user, names_path, socket_path
from plugins.home_assistant.things import things_of
from plugins.simulated import SimulatedHouse

log = logging.getLogger(__name__)

FIRST_WORD = 3.0
"""Seconds for which the begin waits to learn whether Home Assistant is there, and what it has."""


def household(
    settings: Settings,
    state: Path | None,
    files: Sequence[SentenceFile] = (),
    *,
    live: bool,
) -> tuple[Household, Sequence[Following | Rereading]]:
    """The house of the settings; what follows Home Assistant, and its files, runs beside us.

    Without `live` nothing real is switched: a recording acts on a simulation of the same house.
    Raises SettingsError, ThingsError.
    """
    if settings.home_assistant.url is None:
        things = load_things(settings.home.things)
        simulated = SimulatedHouse(things)
        home = Household(things, simulated, files)
        home.tell(lambda talk: simulated.prepare(talk.things))
        return home, [Rereading(home, settings.home)] if live else []
    if settings.home.things is not None:
        raise SettingsError(
            "home.things and home_assistant.url: the house is in a file, or in Home Assistant: "
            "leave one of them out"
        )
    told = remembered(state) if state is not None else None
    things = things_of(told) if told is not None else Things()
    if not live or state is None:
        return Household(things, SimulatedHouse(things), files), []
    link = HouseLink(socket_path(settings.home_assistant, state))
    house = HomeAssistantHouse(things, link)
    home = Household(things, house, files)
    home.tell(lambda talk: house.prepare(talk.things))
    return home, [Following(home, link, state, told), Rereading(home, settings.home)]


def household_told(
    settings: Settings, state: Path, files: Sequence[SentenceFile] = ()
) -> tuple[Household, Sequence[Following | Rereading]]:
    """The same for a process that understands and does nothing: it is told of the house, no more.

    Raises ThingsError.
    """
    if settings.home_assistant.url is None:
        things = load_things(settings.home.things)
        home = Household(things, SimulatedHouse(things), files)
        return home, [Rereading(home, settings.home)]
    told = remembered(state)
    things = things_of(told) if told is not None else Things()
    home = Household(things, SimulatedHouse(things), files)
    link = HouseLink(names_path(state), user=house_user(NAMES_VARIABLE))
    return home, [Following(home, link, state, told), Rereading(home, settings.home)]


class Following:
    """Follows what the door tells of the house, while it is entered."""

    def __init__(
        self, household: Household, link: HouseLink, state: Path, told: Told | None
    ) -> None:
        self._household = household
        self._link = link
        self._state = state
        self._in_force = told
        self._latest = told
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        link.things = self._tell

    async def __aenter__(self) -> Following:
        """Begin, and wait a moment for the first word."""
        self._tasks = [
            asyncio.create_task(self._link.run(), name="house link"),
            asyncio.create_task(self._follow(), name="house"),
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WORD):
                await self._link.known.wait()
                if self._link.alarm is None and self._in_force is None:
                    await self._settled.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _tell(self, told: Told) -> None:
        self._latest = told
        self._changed.set()

    async def _follow(self) -> None:
        with Worker("house") as worker:
            while True:
                await self._changed.wait()
                self._changed.clear()
                told = self._latest
                if told is not None and told != self._in_force:
                    await self._become(told, worker)
                self._settled.set()

    async def _become(self, told: Told, worker: Worker) -> None:
        try:
            things = await worker.run(things_of, told)
            await worker.run(remember, self._state, told)
            await self._household.become(things, worker)
        except Exception as error:  # a house that can't be used leaves the one before in force
            log.error("home assistant: its things can't be used: %s", outline(error))
            return
        self._in_force = told
