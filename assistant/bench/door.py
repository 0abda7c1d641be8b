"""How long a release takes to the broker: through the outbox, the socket, the door and MQTT."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aiomqtt

from assistant.settings import DoorSettings, Settings
from plugins.door.cloud import CloudSkill
from plugins.door.link import Link
from plugins.door.mosquitto import Mosquitto
from plugins.door.sample import decided
from plugins.door.together import door_and_link
from policies.load import Policies, load
from storage.store import open_store

POLICY = """\
version: 1
consent:
  outbox:
    data_subject: household
    personal_data: outbox
    purpose: service
    recipient: home
    given: {event_time: 2026-01-01, indication_method: default, indicated_by: household}
  bench:
    data_subject: household
    personal_data: intent
    purpose: measure
    recipient: bench
    given: {event_time: 2026-01-01, indication_method: default, indicated_by: household}
retention:
  outbox:
    service: {retention_period: P1D}
sharing:
  bench:
    purpose: measure
    retention_period: P1D
    budget: {bits_per_message: 10, bits_per_day: 1000000, messages_per_day: 100000}
    intents:
      Measure:
        slots:
          day: {choices: [today, tomorrow]}
"""
SKILL = CloudSkill("bench", "bench", "", {"Measure": ["measure it {day}"]}, {"day": ["today"]})
WARM = 20
PAUSE = 0.02
"""Seconds between messages: nobody speaks faster, and the last one is taken out meanwhile."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--messages", type=int, default=1_000, metavar="N", help="releases (default: 1000)"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where the outbox lies (default: here)"
    )


def run(arguments: argparse.Namespace, _settings: Settings) -> dict[str, object]:
    """Measure with a mosquitto of its own on loopback. Raises DoorError where there is none."""
    folder = arguments.folder or Path.cwd()
    with tempfile.TemporaryDirectory(prefix=".sotto-bench-", dir=folder) as name:
        seconds, kept = asyncio.run(_measure(Path(name), arguments.messages))
        disk = [_flushed(Path(name) / "flushed") for _ in range(100)]
    figures: dict[str, object] = {
        "messages": len(seconds),
        "release to published p50 ms": _milliseconds(seconds, 50),
        "release to published p99 ms": _milliseconds(seconds, 99),
        "of these, until it is durable p50 ms": _milliseconds(kept, 50),
        "of these, until it is durable p99 ms": _milliseconds(kept, 99),
        "one fdatasync of this disk p50 ms": _milliseconds(disk, 50),
    }
    if not arguments.json:
        for title, value in figures.items():
            print(f"{title:<40}{value}")
    return figures


class _Arrivals:
    """Waits for the broker's acknowledgements, one at a time."""

    def __init__(self) -> None:
        self.at = 0.0
        self._arrived = asyncio.Event()

    def note(self, _published: object) -> None:
        """The broker acknowledged a message."""
        self.at = time.perf_counter()
        self._arrived.set()

    async def next(self) -> float:
        """When the next one was acknowledged."""
        await self._arrived.wait()
        self._arrived.clear()
        return self.at


async def _measure(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Seconds from a release to the broker's PUBACK, and of these until it is durable."""
    arrivals = _Arrivals()
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    release, permit = decided(SKILL, "measure it today", load([folder / "policy.yaml"]))
    seconds, kept = [], []
    with Mosquitto(folder) as broker:
        settings = DoorSettings(address="127.0.0.1", port=broker.port, tls=False)
        async with _subscriber(broker.port), _way_out(folder, settings, arrivals.note) as link:
            for number in range(count + WARM):
                began = time.perf_counter()
                await link.send(release, permit)
                durable = time.perf_counter()
                at = await arrivals.next()
                if number >= WARM:
                    seconds.append(at - began)
                    kept.append(durable - began)
                await asyncio.sleep(PAUSE)
    return seconds, kept


@contextlib.asynccontextmanager
async def _way_out(
    folder: Path, settings: DoorSettings, note: Callable[[object], None]
) -> AsyncIterator[Link]:
    """A store, a door that shares this process, and the link between them."""
    policies = Policies([folder / "policy.yaml"])
    with open_store(folder / "store", {}) as store:
        store.vault.give("outbox", "household")
        async with door_and_link(settings, policies, store.outbox, folder, report=note) as link:
            await link.opened()
            yield link


@contextlib.asynccontextmanager
async def _subscriber(port: int) -> AsyncIterator[aiomqtt.Client]:
    """Somebody who listens, so that a message counts as delivered."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe("sotto/#", qos=0)
        yield client


def _flushed(path: Path) -> float:
    """Seconds that the disk takes for one small write, for comparison."""
    with path.open("wb") as file:
        file.write(bytes(4096))
        file.flush()
        began = time.perf_counter()
        os.fdatasync(file.fileno())
        return time.perf_counter() - began


def _milliseconds(seconds: Sequence[float], percent: int) -> float:
    ordered = sorted(seconds)
    place = math.ceil(percent / 100 * len(ordered)) - 1
    return round(1000 * ordered[max(0, place)], 2)
