"""Follows edits of the files that say what is in the house and what may be said.

Good ones count from the next utterance: recognizer, redaction, intents and replies change together.
Bad ones are said with file and line, and what was read before stays in force.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeAlias, TypeVar

from assistant.errors import AssistantError, outline
from assistant.household import Household
from assistant.settings import HomeSettings
from pipeline.sentences import SentenceFile, load_sentences
from pipeline.things import load_things
from pipeline.worker import Worker

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY = 1.0
"""Seconds between two looks at the files."""
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Rereading:
    """Reads the files of the settings again while it is entered."""

    def __init__(self, household: Household, home: HomeSettings) -> None:
        """Without `home.things` the things are not followed: they are Home Assistant's."""
        self._household = household
        self._home = home
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
        home, household = self._home, self._household
        things = _Watched([home.things] if home.things is not None else [])
        sentences = _Watched(home.sentences)
        with Worker("rereading") as worker:
            while True:
                await asyncio.sleep(LOOK_EVERY)
                if await worker.run(things.has_changed):
                    read = await _read(worker, lambda: load_things(home.things))
                    if read is not None:
                        await _put_in_force("things", household.become(read, worker))
                if await worker.run(sentences.has_changed):
                    own = await _read(worker, lambda: load_sentences(home.sentences))
                    if own is not None:
                        files = _with(household.files, own)
                        await _put_in_force("sentences", household.speak(files, worker))


def _with(files: Sequence[SentenceFile], own: Sequence[SentenceFile]) -> Sequence[SentenceFile]:
    """The same files, the household's own as they are now."""
    now = {file.source: file for file in own}
    return tuple(now.get(file.source, file) for file in files)


async def _put_in_force(what: str, change: Awaitable[None]) -> None:
    try:
        await change
    except AssistantError as error:
        log.error("%s; what was read before stays in force", error)
    except Exception as error:  # what can't be used leaves that before in force
        log.error("the %s were edited, and can't be used: %s", what, outline(error))
    else:
        log.info("other %s count from now on", what)


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
