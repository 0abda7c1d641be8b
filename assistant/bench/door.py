"""How long an intent takes from its grant to the broker, by the very path of the daemon.

Decision, audit log, sealed outbox, link, Unix socket, door, MQTT.
"""

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

from assistant.agreed import Agreed
from assistant.events import Event, Kept, Report
from assistant.releasing import Releasing
from assistant.settings import DoorSettings, Settings
from plugins.door.alarms import Alarm
from plugins.door.cloud import CloudSkill
from plugins.door.link import Link
from plugins.door.mosquitto import Mosquitto
from plugins.door.outgoing import Departure, Outbox
from plugins.door.sample import said
from plugins.door.together import door_and_link
from policies.load import Policies
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
        "--messages", type=int, default=1_000, metavar="N", help="intents (default: 1000)"
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
        "intent to published p50 ms": _milliseconds(seconds, 50),
        "intent to published p99 ms": _milliseconds(seconds, 99),
        "of these, until it is durable p50 ms": _milliseconds(kept, 50),
        "of these, until it is durable p99 ms": _milliseconds(kept, 99),
        "one fdatasync of this disk p50 ms": _milliseconds(disk, 50),
    }
    if not arguments.json:
        for title, value in figures.items():
            print(f"{title:<40}{value}")
    return figures


class _Arrivals:
    """Waits for one thing after the other, and knows when each came."""

    def __init__(self) -> None:
        self.at = 0.0
        self._arrived = asyncio.Event()

    def note(self, _what: object = None) -> None:
        """It came."""
        self.at = time.perf_counter()
        self._arrived.set()

    async def next(self) -> float:
        """When the next one came."""
        await self._arrived.wait()
        self._arrived.clear()
        return self.at


async def _measure(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Seconds from a grant to the broker's PUBACK, and of these until it is durable."""
    durable, arrivals = _Arrivals(), _Arrivals()
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    intent = said(SKILL, "measure it today")
    seconds, kept = [], []

    def report(event: Event) -> None:
        if isinstance(event, Kept):
            durable.note()

    with Mosquitto(folder) as broker:
        settings = DoorSettings(address="127.0.0.1", port=broker.port, tls=False)
        way = _way_out(folder, settings, report, arrivals.note)
        async with _subscriber(broker.port), way as releasing:
            for number in range(count + WARM):
                began = time.perf_counter()
                releasing.grant(intent)
                kept_at, at = await durable.next(), await arrivals.next()
                if number >= WARM:
                    seconds.append(at - began)
                    kept.append(kept_at - began)
                await asyncio.sleep(PAUSE)
    return seconds, kept


@contextlib.asynccontextmanager
async def _way_out(
    folder: Path, settings: DoorSettings, report: Report, note: Callable[[object], None]
) -> AsyncIterator[Releasing]:
    """A store, a door that shares this process, and what releases."""
    files, state = [folder / "policy.yaml"], folder / "store"

    def way(
        outbox: Outbox, alarm: Callable[[Alarm | None], None], sent: Callable[[Departure], None]
    ) -> contextlib.AbstractAsyncContextManager[Link]:
        return door_and_link(
            settings, Policies(files), outbox, folder, report=note, alarm=alarm, sent=sent
        )

    with open_store(state, {}) as store:
        agreed = Agreed(Policies(files), state, store=store)
        async with Releasing(agreed, store, way, report, patience=20.0) as releasing:
            yield releasing


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
