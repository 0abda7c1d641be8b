"""What the tests of presence stand on: a broker, Home Assistant's side of it, a door, a core."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt

from assistant.settings import DoorSettings, PresenceSettings, Settings
from plugins.door.packets import Doorstep
from plugins.presence.link import PresenceLink, socket_path
from plugins.presence.make import make_presence
from plugins.presence.service import PresenceDoor
from plugins.presence.wire import Command, Shown, There
from tests.door_stage import until

EVERYTHING = ("unmute", "erase", "policy", "confirm")
CALM = Shown(mood="idle", muted=False, policy="usual")


def settings_for(port: int, door: dict | None = None, **presence) -> Settings:
    """Settings with presence, at a broker on loopback."""
    return Settings(
        door=DoorSettings(**{"address": "127.0.0.1", "port": port, "tls": False, **(door or {})}),
        presence=PresenceSettings(**{"enabled": True, "allow": EVERYTHING, **presence}),
    )


@dataclass
class House:
    """Home Assistant's side: what the broker has for it, and what it publishes."""

    client: aiomqtt.Client
    retained: dict[str, bytes] = field(default_factory=dict)
    events: list[dict] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    messages: list[aiomqtt.Message] = field(default_factory=list)

    async def listen(self) -> None:
        """Take what comes."""
        async for message in self.client.messages:
            topic = str(message.topic)
            self.messages.append(message)
            self.order.append(topic)
            if topic.endswith("/event"):
                self.events.append(json.loads(message.payload))
            else:
                self.retained[topic] = bytes(message.payload)

    @property
    def configs(self) -> dict[str, dict]:
        """Discovery payloads by component and key."""
        return {
            "/".join(topic.split("/")[1:4:2]): json.loads(payload)
            for topic, payload in self.retained.items()
            if topic.endswith("/config") and payload
        }

    @property
    def state(self) -> dict:
        return json.loads(self.retained["sotto/home/presence/state"])

    @property
    def online(self) -> str:
        return self.retained.get("sotto/home/presence/online", b"").decode()

    async def tell(self, what: str, payload: str, **more) -> None:
        """Press, switch or choose something."""
        await self.client.publish(f"sotto/home/presence/set/{what}", payload, qos=1, **more)


@contextlib.asynccontextmanager
async def house(port: int, context: ssl.SSLContext | None = None) -> AsyncIterator[House]:
    """Home Assistant's side of a broker."""
    async with aiomqtt.Client(
        "127.0.0.1", port, tls_context=context, protocol=aiomqtt.ProtocolVersion.V5
    ) as client:
        one = House(client)
        listening = asyncio.create_task(one.listen())
        await client.subscribe("homeassistant/+/+/+/config", qos=1)
        await client.subscribe("sotto/#", qos=1)
        try:
            yield one
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@dataclass
class Core:
    """The core's side, with nobody behind it."""

    link: PresenceLink
    commands: list[Command]
    door: PresenceDoor
    task: asyncio.Task

    @property
    def told(self) -> list[Command]:
        """What it was told to do."""
        return [command for command in self.commands if not isinstance(command, There)]

    async def there(self) -> None:
        """Wait until the broker is there."""
        await until(lambda: There(open=True) in self.commands)


@contextlib.asynccontextmanager
async def serving(folder: Path, settings: Settings, **more) -> AsyncIterator[PresenceDoor]:
    """The door's part, running."""
    door = make_presence(settings, **more)
    door._waits = 0.05, 0.2
    doorstep = Doorstep(socket_path(None, folder))
    task = asyncio.create_task(door.run(doorstep))
    try:
        yield door
    finally:
        task.cancel()
        done = await asyncio.gather(task, return_exceptions=True)
        doorstep.close()
    assert all(isinstance(one, asyncio.CancelledError) for one in done), done


@contextlib.asynccontextmanager
async def core(folder: Path, settings: Settings, **more) -> AsyncIterator[Core]:
    """The door's part and a core."""
    async with serving(folder, settings, **more) as door:
        commands: list[Command] = []
        link = PresenceLink(socket_path(None, folder), commands.append, longest_wait=0.2)
        task = asyncio.create_task(link.run())
        try:
            yield Core(link, commands, door, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
