"""Follows edits of the files that say what is in the house and what may be said.

A good list of things counts from the next utterance. A bad one, and bad sentences, are said with
file and line, and what was read before stays in force. Other sentences count from the next start:
a skill, the reply and the recognizer hang on each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeAlias, TypeVar

from assistant.errors import AssistantError, outline
from assistant.household import Household
from assistant.settings import Settings
from pipeline.sentences import load_sentences
from pipeline.things import Things, load_things
from pipeline.worker import Worker
from plugins.simulated import SimulatedHouse

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY = 1.0
"""Seconds between two looks at the files."""
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Rereading:
    """Reads them again while it is entered. Only for a house that is a file."""

    def __init__(self, household: Household, house: SimulatedHouse, settings: Settings) -> None:
        household.tell(house.prepare)
        self._household = household
        self._home = settings.home
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Rereading:
        """Begin."""
        self._task = asyncio.create_task(self._watch(), name="rereading")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        home = self._home
        things = _Watched([home.things] if home.things is not None else [])
        sentences = _Watched(home.sentences)
        with Worker("rereading") as worker:
            while True:
                await asyncio.sleep(LOOK_EVERY)
                if await worker.run(things.has_changed):
                    read = await _read(worker, lambda: load_things(home.things))
                    if read is not None:
                        await self._become(read, worker)
                if await worker.run(sentences.has_changed):
                    files = await _read(worker, lambda: load_sentences(home.sentences))
                    if files is not None:
                        log.warning("other sentences count from the next start of Sotto")

    async def _become(self, things: Things, worker: Worker) -> None:
        try:
            await self._household.become(things, worker)
        except Exception as error:  # a house that can't be used leaves the one before in force
            log.error("the house was edited, and can't be used: %s", outline(error))


class _Watched:
    """Files, and how they were when they were last looked at."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._stamp = self._look()

    def has_changed(self) -> bool:
        """Whether one of them is another than at the last look."""
        before, self._stamp = self._stamp, self._look()
        return self._stamp != before

    def _look(self) -> _Stamp:
        return tuple(map(_stamp, self._paths))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


async def _read(worker: Worker, read: Callable[[], T]) -> T | None:
    """What is read now; None where it can't be, which is said."""
    try:
        return await worker.run(read)
    except AssistantError as error:
        log.error("%s; what was read before stays in force", error)
        return None
