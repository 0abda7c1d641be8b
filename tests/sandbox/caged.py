"""Runs the rascal and its like for a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from assistant.skill import Intent
from assistant.types import Words
from plugins.sandbox.confined import Confined
from plugins.sandbox.proxy import no_network
from plugins.sandbox.supervisor import Supervisor

RASCAL = str(Path(__file__).with_name("rascal.py"))
SOON = 10.0
"""Seconds that a test waits for something; none takes a tenth of it."""


def confined(base: Path, name: str = "rascal", **changes: object) -> Confined:
    return Confined(**{"name": name, "entry": RASCAL, "directory": base / name, **changes})


@asynccontextmanager
async def running(*skills: Confined, perform=no_network) -> AsyncIterator[Supervisor]:
    async with Supervisor(skills, perform, backoff=(0.01, 0.01)) as made:
        for skill in skills:
            await until(lambda name=skill.name: made.skill(name).is_up)
        yield made


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():  # there is no event for what a process does
            await asyncio.sleep(0.005)


async def say(made: Supervisor, intent: str, name: str = "rascal", ask=None, **slots: str) -> str:
    asked = Intent(intent, {key: Words(value) for key, value in slots.items()})
    return (await made.handle(name, asked, None, ask)).text
