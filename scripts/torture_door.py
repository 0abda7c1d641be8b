"""Says things to a core that is killed, at a door that is killed, with a broker that restarts.

    python scripts/torture_door.py [--intents 400] [--restarts 20] [--kills 100] [--cores 10]

Everything is real: what a core does with an intent that was granted (decision, audit log, sealed
outbox, link) in a process that is killed with SIGKILL, `sotto door` as a process, mosquitto, and
a consumer that knows messages by their ids. What a core acknowledged (it reported `kept`) may not
be lost, and nothing may count twice.
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
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from plugins.door.mosquitto import Mosquitto

GIVEN = "given: {event_time: 2026-01-01, indication_method: default, indicated_by: household}"
POLICY = f"""\
version: 1
consent:
  forecasts:
    {{data_subject: household, personal_data: intent, purpose: forecast, recipient: weather,
     {GIVEN}}}
  until-sent:
    {{data_subject: household, personal_data: outbox, purpose: service, recipient: home,
     {GIVEN}}}
retention:
  outbox:
    service: {{retention_period: P1D}}
gating: {{otherwise: allow}}
sharing:
  weather:
    purpose: forecast
    retention_period: P1D
    budget: {{bits_per_message: 40, bits_per_day: 4000000, messages_per_day: 100000}}
    intents:
      GetWeather:
        slots:
          day: {{choices: [today, tomorrow]}}
          hours: {{range: {{minimum: 0, maximum: 100000}}}}
"""
PATIENCE = 120.0
"""Seconds in which everything has to arrive in the end."""


@dataclass(frozen=True)
class Asked:
    """How much of everything."""

    intents: int = 400
    """That are acknowledged."""
    restarts: int = 20
    kills: int = 100
    cores: int = 10
    seed: int = 1


@dataclass
class Outcome:
    """What became of it."""

    accepted: set[int] = field(default_factory=set)
    """The numbers that a core said were kept to be sent."""
    arrived: Counter[int] = field(default_factory=Counter)
    """Messages by the number in them, after de-duplication by id."""
    repeated: int = 0
    """Messages that came again with an id that was known."""
    restarts: int = 0
    kills: int = 0
    cores: int = 0

    @property
    def lost(self) -> int:
        """Accepted, and never arrived."""
        return len(self.accepted - self.arrived.keys())

    @property
    def double(self) -> int:
        """Counted twice though known by their ids."""
        return sum(self.arrived.values()) - len(self.arrived)

    @property
    def is_well(self) -> bool:
        """Nothing lost, nothing double."""
        return self.lost == self.double == 0


class Process:
    """`sotto door` or a core, started again whenever it was killed."""

    def __init__(self, *command: object) -> None:
        self._command = [str(word) for word in command]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> asyncio.subprocess.Process:
        """Start it anew."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return self._process

    async def stop(self, how: signal.Signals) -> None:
        """End it, one way or the other."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
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


async def produce(core: Process, asked: Asked, outcome: Outcome, pace: float) -> None:
    """Have cores grant intents at a pace, in seconds; kill each core while it is at work."""
    dice = random.Random(asked.seed + 1)
    number = 0
    for turn in range(asked.cores + 1):
        process = await core.start()
        listening = asyncio.create_task(_listen(process, outcome))
        until = asked.intents * (turn + 1) // (asked.cores + 1)
        assert process.stdin is not None
        while len(outcome.accepted) < until:
            process.stdin.write(f"{number}\n".encode())
            number += 1
            await asyncio.sleep(pace * dice.uniform(0.2, 1.8))
        if turn < asked.cores:
            await asyncio.sleep(dice.random() * 0.02)
            await core.stop(signal.SIGKILL)
            outcome.cores += 1
            await listening


async def _listen(process: asyncio.subprocess.Process, outcome: Outcome) -> None:
    """Note what a core says is kept."""
    assert process.stdout is not None
    with contextlib.suppress(ValueError):
        async for line in process.stdout:
            outcome.accepted.add(int(line))


async def kill(door: Process, asked: Asked, outcome: Outcome) -> None:
    """Kill the door at any moment: while it starts, connects, or has work to do."""
    dice = random.Random(asked.seed)
    for _ in range(asked.kills):
        await asyncio.sleep(dice.choice([0.2, 0.6, 1.0, 1.6]) + dice.random() * 0.3)
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
    settings = folder / "settings.yaml"
    (folder / "policy.yaml").write_text(POLICY)
    settings.write_text(
        "policies: {files: [policy.yaml]}\n"
        f"door: {{address: 127.0.0.1, port: {broker.port}, tls: false,"
        f" socket: {folder / 'door' / 'door.sock'}}}\n"
    )
    state = ("--config", settings, "--state", folder / "door")
    door = Process("-m", "assistant", "door", *state)
    core = Process(Path(__file__).with_name("torture_core.py"), settings, folder / "core")
    outcome = Outcome()
    consuming = asyncio.create_task(consume(broker.port, outcome))
    try:
        await door.start()
        seconds = max(asked.kills * 1.1, asked.restarts * 1.0, asked.cores * 2.0)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(produce(core, asked, outcome, seconds / asked.intents))
            tasks.create_task(kill(door, asked, outcome))
            tasks.create_task(restart(broker, asked, outcome, seconds / max(1, asked.restarts)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while outcome.lost or not outcome.accepted:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
    finally:
        for process in (core, door):
            await process.stop(signal.SIGTERM)
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
        broker.stop()
    return outcome


def main() -> int:
    """Read the arguments, and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in vars(Asked()).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = Asked(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="sotto-torture-") as name:
        outcome = asyncio.run(torture(Path(name), asked))
    print(
        f"{len(outcome.accepted)} acknowledged, {outcome.restarts} restarts of the broker, "
        f"{outcome.kills} kills of the door, {outcome.cores} of the core: {outcome.lost} lost, "
        f"{outcome.double} double ({outcome.repeated} came again and were known by their ids)"
    )
    return 0 if outcome.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
