"""Installed skills whose code runs in processes of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from assistant.errors import SandboxError
from plugins.catalogue import Installed
from plugins.sandbox.confined import Confined
from plugins.sandbox.supervisor import Supervisor

log = logging.getLogger(__name__)


class Unless:
    """Runs the skills outside, unless the kernel lacks a right that the policy insists on."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._runs = False

    async def __aenter__(self) -> None:
        """Start them; where they may not run it is said, and all else goes on."""
        try:
            await self._supervisor.__aenter__()
            self._runs = True
        except SandboxError as error:
            log.error("%s; see `sandbox` in docs/policies.md", error)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End them."""
        if self._runs:
            await self._supervisor.__aexit__(kind, error, traceback)


def confined(skills: Iterable[Installed], state: Path) -> Iterator[Confined]:
    """Each skill that has code, as its manifest asks; what it keeps lies below `state`."""
    for installed in skills:
        if installed.entry is None:
            continue
        manifest = installed.skill
        yield Confined(
            name=manifest.name,
            entry=installed.entry,
            directory=state / "skills" / manifest.name,
            hosts=frozenset(manifest.hosts),
            storage=manifest.storage,
            seconds=manifest.timeout,
        )
