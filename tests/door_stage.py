"""What the door's tests stand on: a policy, a broker that misbehaves, a core, a door."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.settings import DoorSettings
from assistant.types import Choice, Number, Permit, RedactedIntent, Release
from plugins.door.alarms import Alarm
from plugins.door.link import Link
from plugins.door.make import make_door
from plugins.door.mosquitto import MISSING, Mosquitto, mosquitto
from plugins.door.packets import Doorstep, socket_path
from plugins.door.service import Door, Published
from policies.load import Policies

needs_mosquitto = pytest.mark.skipif(mosquitto() is None, reason=MISSING)

POLICY = """\
version: 1
sharing:
  weather:
    purpose: forecast
    retention_period: P1D
    budget: {bits_per_message: 40, bits_per_day: 40000, messages_per_day: 20000}
    intents:
      GetWeather:
        slots:
          day: {choices: [today, tomorrow]}
          hours: {range: {minimum: 0, maximum: 10000}}
          who: {placeholders: [PERSON]}
"""
PERMIT = Permit("outbox", "service", timedelta(days=2), "test", "household", "outbox")


def release(day: str = "today", hours: float = 0, destination: str = "weather") -> Release:
    """A release as `policies.decide` makes them."""
    slots = {"day": Choice(day), "hours": Number(hours)}
    return Release(RedactedIntent(1, "GetWeather", slots), destination, "test", "c1")


@dataclass
class _Facts:
    id: int


@dataclass
class _Row:
    facts: _Facts
    payload: dict


@dataclass
class MemoryOutbox:
    """Keeps the outbox's protocol."""

    rows: dict[int, dict] = field(default_factory=dict)
    put_so_far: int = 0
    failing: bool = False

    def put(self, permit, payload, *, release=None):
        self.put_so_far += 1
        self.rows[self.put_so_far] = dict(payload)
        return self.put_so_far

    def due(self):
        if self.failing:
            raise OSError(5, "Input/output error")
        return [_Row(_Facts(number), payload) for number, payload in self.rows.items()]

    def done(self, numbers):
        if self.failing:
            raise OSError(5, "Input/output error")
        for number in numbers:
            self.rows.pop(number, None)


@dataclass
class Stage:
    """A door and a core's link to it, running."""

    door: Door
    link: Link
    outbox: MemoryOutbox
    published: list[Published]
    alarms: list[Alarm | None]
    settings: DoorSettings
    folder: Path

    @property
    def kinds(self) -> set[str]:
        """The kinds of alarm so far."""
        return {alarm.kind for alarm in self.alarms if alarm is not None}

    async def open(self) -> None:
        """Wait until the broker is there."""
        async with asyncio.timeout(30):
            await self.link.opened()

    async def alarm(self, kind: str) -> Alarm:
        """Wait for an alarm."""
        await until(lambda: kind in self.kinds)
        return next(alarm for alarm in self.alarms if alarm is not None and alarm.kind == kind)

    async def empty(self) -> None:
        """Wait until nothing is left in the outbox."""
        await until(lambda: not self.outbox.rows)


async def until(condition, seconds: float = 30.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # conditions of any kind
            await asyncio.sleep(0.01)


def settings_for(port: int, **more) -> DoorSettings:
    return DoorSettings(address="127.0.0.1", port=port, **{"tls": False, **more})


@contextlib.asynccontextmanager
async def stage(
    folder: Path, settings: DoorSettings, policy: str = POLICY, outbox: MemoryOutbox | None = None
) -> AsyncIterator[Stage]:
    """Run a door and a link in this process, over their real socket."""
    file = folder / "policy.yaml"
    file.write_text(policy)
    published: list[Published] = []
    alarms: list[Alarm | None] = []
    box = MemoryOutbox() if outbox is None else outbox
    door = make_door(settings, Policies([file]), folder, published.append)
    door._patience = door._patience.__class__(
        expiry=settings.expiry, reply=settings.reply, first_wait=0.05, longest_wait=0.2
    )
    path = socket_path(settings, folder)
    doorstep = Doorstep(path)
    link = Link(path, box, alarm=alarms.append, longest_wait=0.2)
    try:
        serving = asyncio.create_task(door.run(doorstep))
        linking = asyncio.create_task(link.run())
        yield Stage(door, link, box, published, alarms, settings, folder)
    finally:
        for task in (linking, serving):
            task.cancel()
        done = await asyncio.gather(linking, serving, return_exceptions=True)
        doorstep.close()
    assert all(isinstance(one, asyncio.CancelledError) for one in done), done


@contextlib.contextmanager
def running_mosquitto(folder: Path, configuration: str = "") -> Iterator[Mosquitto]:
    """A mosquitto in a directory of its own."""
    folder.mkdir(exist_ok=True)
    with Mosquitto(folder, configuration) as broker:
        yield broker


def certificates(folder: Path, *arguments: str) -> Path:
    """Run the example's script that makes certificates."""
    script = Path(__file__).parent.parent / "examples" / "cloud_skill" / "certificates.sh"
    subprocess.run(
        ["sh", str(script), str(folder), *arguments], check=True, capture_output=True, timeout=60
    )
    return folder


class Listener:
    """A plain listener in a broker's place: it speaks a little MQTT 5, and misbehaves on demand."""

    def __init__(self, *, hello: int | None = 0, acknowledge: int | None = 0, drop: bool = False):
        """Reason codes of CONNACK and PUBACK; None: it never answers. `drop`: it hangs up."""
        self.hello = hello
        self.acknowledge = acknowledge
        self.drop = drop
        self.bytes = bytearray()
        self.messages: list[bytes] = []
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error):
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    @property
    def open(self):
        """How many connections are open."""
        return len(self._writers)

    def hang_up(self, code):
        """Say goodbye to everybody, for a reason."""
        for writer in list(self._writers):
            writer.write(bytes([0xE0, 2, code, 0]))
            writer.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                await self._packet(*await self._read(reader), writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _read(self, reader):
        first = (await reader.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        body = await reader.readexactly(length)
        self.bytes += bytes([first]) + body
        return first, body

    async def _packet(self, first, body, writer):
        kind = first >> 4
        if kind == 1:
            if self.drop:
                raise OSError
            if self.hello is not None:
                writer.write(bytes([0x20, 3, 0, self.hello, 0]))
        elif kind == 3:
            (topic_length,) = struct.unpack_from(">H", body)
            self.messages.append(body)
            if self.acknowledge is not None:
                number = body[2 + topic_length : 4 + topic_length]
                writer.write(bytes([0x40, 4]) + number + bytes([self.acknowledge, 0]))
        elif kind == 8:
            writer.write(bytes([0x90, 4]) + body[:2] + bytes([0, 1]))
        elif kind == 12:
            writer.write(bytes([0xD0, 0]))
        await writer.drain()
