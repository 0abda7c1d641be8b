"""What the sandbox must know of installed skills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from plugins.catalogue import Installed
from plugins.sandbox.confined import Confined


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
