"""Hands intents to a door that is killed again and again, through a broker that restarts.

    python scripts/torture_door.py [--intents 400] [--restarts 20] [--kills 100]

Everything is real: the encrypted store's outbox, `sotto door` as a process, mosquitto, and a
consumer that knows messages by their ids. Fails where one is lost, or counted twice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from assistant.types import Choice, Number, Permit, RedactedIntent, Release, Slot
from plugins.door.link import Link
from plugins.door.mosquitto import Mosquitto
from storage.outbox import OUTBOX
from storage.store import Store, open_store

POLICY = """\
version: 1
sharing:
  weather:
    purpose: forecast
    retention_period: P1D
    budget: {bits_per_message: 40, bits_per_day: 4000000, messages_per_day: 100000}
    intents:
      GetWeather:
        slots:
          day: {choices: [today, tomorrow]}
          hours: {range: {minimum: 0, maximum: 100000}}
"""
CONSENT = "outbox"
PERMIT = Permit(OUTBOX, "service", timedelta(days=2), "torture", "household", CONSENT)
PATIENCE = 120.0
"""Seconds in which everything has to arrive in the end."""


@dataclass(frozen=True)
class Asked:
    """How much of everything."""

    intents: int = 400
    restarts: int = 20
    kills: int = 100
    seed: int = 1


@dataclass
class Outcome:
    """What became of it."""

    accepted: int = 0
    arrived: Counter[int] = field(default_factory=Counter)
    """Messages by the number in them, after de-duplication by id."""
    repeated: int = 0
    """Messages that came again with an id that was known."""
    restarts: int = 0
    kills: int = 0
    left: int = 0
    """Rows in the outbox in the end."""

    @property
    def lost(self) -> int:
        """Accepted, and never arrived."""
        return self.accepted - len(self.arrived)

    @property
    def double(self) -> int:
        """Counted twice though known by their ids."""
        return sum(self.arrived.values()) - len(self.arrived)

    @property
    def is_well(self) -> bool:
        """Nothing lost, nothing double, nothing left over."""
        return self.lost == self.double == self.left == 0


class DoorProcess:
    """`sotto door`, started again whenever it was killed."""

    def __init__(self, folder: Path, port: int) -> None:
        (folder / "policy.yaml").write_text(POLICY)
        (folder / "settings.yaml").write_text(
            "policies: {files: [policy.yaml]}\n"
            f"door: {{address: 127.0.0.1, port: {port}, tls: false}}\n"
        )
        self._command = ("-m", "assistant", "door", "--config", str(folder / "settings.yaml"))
        self._state = folder / "door"
        self._process: asyncio.subprocess.Process | None = None
        self.socket = self._state / "door.sock"

    async def start(self) -> None:
        """Start it anew."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._command,
            "--state",
            str(self._state),
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def stop(self, how: signal.Signals) -> None:
        """End it, one way or the other."""
        if self._process is not None:
            self._process.send_signal(how)
            await self._process.wait()
            self._process = None


async def consume(port: int, outcome: Outcome) -> None:
    """Count messages once, whatever happens to the connection: the broker keeps the session."""
    known: set[str] = set()
    session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    session.SessionExpiryInterval = 3600
    while True:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client(
                "127.0.0.1",
                port,
                identifier="consumer",
                protocol=aiomqtt.ProtocolVersion.V5,
                clean_start=False,
                properties=session,
            ) as client:
                await client.subscribe("sotto/home/weather/intent", qos=1)
                async for message in client.messages:
                    body = json.loads(bytes(message.payload))
                    if body["id"] in known:
                        outcome.repeated += 1
                        continue
                    known.add(body["id"])
                    outcome.arrived[body["slots"]["hours"]["number"]] += 1
        await asyncio.sleep(0.05)


async def produce(link: Link, asked: Asked, outcome: Outcome, pace: float) -> None:
    """Release intents at a pace, in seconds."""
    for number in range(asked.intents):
        slots: dict[str, Slot] = {"day": Choice("today"), "hours": Number(number)}
        intent = RedactedIntent(number, "GetWeather", slots)
        await link.send(Release(intent, "weather", "torture", CONSENT), PERMIT)
        outcome.accepted += 1
        await asyncio.sleep(pace)


async def kill(door: DoorProcess, link: Link, asked: Asked, outcome: Outcome) -> None:
    """Kill the door at any moment: while it starts, connects, or has work to do."""
    dice = random.Random(asked.seed)
    for _ in range(asked.kills):
        if dice.random() < 0.7:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(10):
                    await link.opened()
        await asyncio.sleep(dice.random() * 0.3)
        await door.stop(signal.SIGKILL)
        outcome.kills += 1
        await door.start()


async def restart(broker: Mosquitto, asked: Asked, outcome: Outcome, pace: float) -> None:
    """Stop the broker and start it again, at a pace in seconds."""
    for _ in range(asked.restarts):
        await asyncio.sleep(pace)
        await asyncio.to_thread(broker.stop)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(broker.start)
        outcome.restarts += 1


async def torture(folder: Path, asked: Asked) -> Outcome:
    """Do all of it at once, then wait for what is still on its way."""
    (folder / "broker").mkdir()
    broker = Mosquitto(folder / "broker")
    broker.start()
    door = DoorProcess(folder, broker.port)
    outcome = Outcome()
    try:
        with open_store(folder / "store", {}) as store:
            store.vault.give(CONSENT, "household")
            await _all_at_once(store, broker, door, asked, outcome)
    finally:
        await door.stop(signal.SIGTERM)
        broker.stop()
    return outcome


async def _all_at_once(
    store: Store, broker: Mosquitto, door: DoorProcess, asked: Asked, outcome: Outcome
) -> None:
    link = Link(door.socket, store.outbox, longest_wait=1.0)
    consuming = asyncio.create_task(consume(broker.port, outcome))
    linking = asyncio.create_task(link.run())
    await door.start()
    await link.opened()
    seconds = asked.kills * 1.0
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(produce(link, asked, outcome, seconds / asked.intents))
        tasks.create_task(kill(door, link, asked, outcome))
        tasks.create_task(restart(broker, asked, outcome, seconds / max(1, asked.restarts)))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while outcome.lost or store.outbox.due():  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    outcome.left = len(store.outbox.due())
    for task in (linking, consuming):
        task.cancel()
    await asyncio.gather(linking, consuming, return_exceptions=True)


def main() -> int:
    """Read the arguments, and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("intents", 400), ("restarts", 20), ("kills", 100), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = Asked(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="sotto-torture-") as name:
        outcome = asyncio.run(torture(Path(name), asked))
    print(
        f"{outcome.accepted} accepted, {outcome.restarts} restarts of the broker, "
        f"{outcome.kills} kills of the door: {outcome.lost} lost, {outcome.double} double "
        f"({outcome.repeated} came again and were known by their ids), {outcome.left} left over"
    )
    return 0 if outcome.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
