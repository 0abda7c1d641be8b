"""A real Home Assistant on loopback, from another environment's Python."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from home_assistant_owner import Owner, long_lived

SERVE = Path(__file__).parent / "home_assistant" / "serve.py"
VARIABLE = "SOTTO_HOME_ASSISTANT_PYTHON"
MISSING = f"{VARIABLE} does not name a Python with Home Assistant: make home-assistant-test"


@dataclass
class RealHome:
    url: str
    token: str
    owner: Owner

    @property
    def socket(self) -> str:
        return f"ws{self.url.removeprefix('http')}/api/websocket"


@contextlib.asynccontextmanager
async def serving(python: str, directory: Path, port: int) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        python,
        str(SERVE),
        str(directory),
        str(port),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": ""},
    )
    try:
        async with asyncio.timeout(180):
            while b"there" not in (line := await process.stdout.readline()):
                assert line, "Home Assistant ended"
        yield
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def real_home(python: str, directory: Path) -> AsyncIterator[RealHome]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with serving(python, directory, port):
        url = f"http://127.0.0.1:{port}"
        token = await long_lived(url)
        async with Owner(url, token) as owner:
            yield RealHome(url, token, owner)


AREAS = {
    "Kitchen": ["light.kitchen_light", "light.kitchen_lights", "cover.kitchen_window"],
    "Bedroom": ["light.bed_light", "sensor.bedroom_thermometer"],
    "Garage": ["cover.garage_door"],
    "Hallway": ["lock.front_door"],
}


async def furnish(home: RealHome) -> None:
    """Areas and aliases, as a person makes them at Home Assistant's pages.

    Home Assistant 2024.3 has floors, but no area can be put on one yet.
    """
    await home.owner.do("config/floor_registry/create", name="Ground Floor")
    for name, entities in AREAS.items():
        area = await home.owner.do(
            "config/area_registry/create",
            name=name,
            aliases=["galley"] if name == "Kitchen" else [],
        )
        for entity in entities:
            known = await home.owner.do("config/entity_registry/get_entries", entity_ids=[entity])
            if known[entity] is not None:
                aliases = ["main light"] if entity == "light.kitchen_light" else []
                await home.owner.do(
                    "config/entity_registry/update",
                    entity_id=entity,
                    area_id=area["area_id"],
                    aliases=aliases,
                )


def python() -> str | None:
    return os.environ.get(VARIABLE) or None
