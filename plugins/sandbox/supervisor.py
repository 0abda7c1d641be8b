"""Keeps every sandboxed skill: starts them, watches what they hold and burn, ends them all.

async with Supervisor(skills, perform) as supervisor:
    reply = await supervisor.handle("weather", intent)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import zlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

from assistant.errors import SkillError
from assistant.skill import Ask, Intent, Reply
from plugins.sandbox import places, report, storage
from plugins.sandbox.confined import Confined
from plugins.sandbox.nursery import Kernel, Nursery
from plugins.sandbox.orders import Fences, Order
from plugins.sandbox.proxy import Perform, Proxy
from plugins.sandbox.sandboxed import Sandboxed

log = logging.getLogger(__name__)

FIRST_USER, USERS = 61_184, 4_000
"""User ids for skills where the host is root: in systemd's range for users without a name."""
WATCH: Final = 1.0
"""Seconds between two looks at what skills hold and burn."""
BURNS: Final = 0.5
"""Processor seconds a second, over LOOKS looks, that end a skill."""
LOOKS: Final = 10


class Supervisor:
    """All sandboxed skills of a host."""

    def __init__(
        self,
        skills: Iterable[Confined],
        perform: Perform,
        accepted: Collection[str] = (),
        backoff: tuple[float, ...] = (1.0, 10.0),
    ) -> None:
        """`perform` does the requests that a manifest allows.

        `accepted`: rights that the policy can do without where the kernel lacks them.
        """
        self._confined = {skill.name: skill for skill in skills}
        self._perform = perform
        self._accepted = accepted
        self._backoff = backoff
        self._nursery = Nursery(self._gone)
        self._skills: dict[str, Sandboxed] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.kernel: Kernel | None = None
        """What this kernel gives, once started."""

    async def __aenter__(self) -> Supervisor:
        """Start the zygote and every skill. Raises SandboxError if a right is missing."""
        try:
            self.kernel = await self._nursery.start()
            fences = report.chosen(self.kernel, self._accepted)
            python = places.of_python()
            for confined in self._confined.values():
                proxy = Proxy(confined.name, confined.hosts, self._perform)
                self._skills[confined.name] = Sandboxed(
                    order_of(confined, fences, python),
                    confined.seconds,
                    self._nursery,
                    proxy,
                    self._backoff,
                )
        except BaseException:
            self._nursery.close()
            raise
        self._tasks = [asyncio.create_task(skill.run()) for skill in self._skills.values()]
        self._tasks.append(asyncio.create_task(self._watch()))
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """End every skill, and the zygote."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._nursery.close()

    def skill(self, name: str) -> Sandboxed:
        """The skill of this name. Raises KeyError."""
        return self._skills[name]

    def directory(self, name: str) -> Path:
        """Where the skill keeps what it keeps. Raises KeyError."""
        return self._confined[name].directory

    @property
    def zygote(self) -> int | None:
        """The id of the process that skills are forked from, while there is one."""
        return self._nursery.process

    async def handle(
        self,
        name: str,
        intent: Intent,
        opened: Mapping[str, str] | None = None,
        ask: Ask | None = None,
    ) -> Reply:
        """The reply of a skill. Raises SkillError, BusyError.

        `opened` is what the policy opens to it: the text of placeholders by their names.
        """
        skill = self._skills.get(name)
        if skill is None:
            raise SkillError(f"there is no skill {name}")
        return await skill.handle(intent, opened, ask)

    def _gone(self, process: int, status: int) -> None:
        for skill in self._skills.values():
            if skill.process == process:
                skill.gone(status)

    async def _watch(self) -> None:
        """End a skill that holds more than it may, or burns the processor."""
        burnt: dict[tuple[str, int], deque[float]] = {}
        while True:
            await asyncio.sleep(WATCH)
            burnt = {
                (name, skill.process): burnt.get((name, skill.process), deque(maxlen=LOOKS + 1))
                for name, skill in self._skills.items()
                if skill.process is not None
            }
            for (name, process), seconds in burnt.items():
                seconds.append(_processor_seconds(process))
                if len(seconds) > LOOKS and seconds[-1] - seconds[0] > BURNS * LOOKS * WATCH:
                    self._skills[name].end("burns the processor")
                confined = self._confined[name]
                held = await asyncio.to_thread(storage.held, confined.directory, confined.storage)
                if held > confined.storage and self._skills[name].process == process:
                    self._skills[name].end(f"holds more than {confined.storage} bytes on disk")


def order_of(confined: Confined, fences: Fences, python: tuple[Path, ...]) -> Order:
    """What the zygote is told of a skill; makes its directory."""
    directory = confined.directory.resolve()
    user = FIRST_USER + zlib.crc32(confined.name.encode()) % USERS if os.geteuid() == 0 else None
    storage.take(directory, user)
    origin = places.of_skill(confined.entry)
    code = origin.parent if origin.name == "__init__.py" else origin
    return Order(
        name=confined.name,
        entry=confined.entry,
        origin=str(origin),
        readable=tuple(str(place) for place in places.outermost((*python, code))),
        own=str(directory),
        memory=confined.memory,
        largest_file=confined.storage,
        user=user,
        fences=fences,
    )


def _processor_seconds(process: int) -> float:
    """What the process has used so far; 0 if it is gone."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return float(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
