"""What Home Assistant is shown holds nothing that anybody said, whoever speaks and whoever presses.

Core, door and broker are those of `test_egress.py`; here the door shows presence, too, somebody at
Home Assistant works its entities meanwhile, and then a core that was taken over says what it can.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from assistant.agreement import agreement
from assistant.errors import DoorError
from assistant.settings_file import load
from plugins.door.packets import connect
from tests.cli import SOTTO
from tests.door_stage import needs_mosquitto, running_mosquitto, until
from tests.egress import (
    CANARIES,
    FORBIDDEN,
    MANY,
    Wire,
    alone,
    captured,
    encodings,
    found,
    found_below,
    may_capture,
    process,
    sentence,
)
from tests.home_assistant_schema import CONFIGS
from tests.presence_stage import CALM, House, house
from tests.test_egress import CORE, written

WORKED = (
    ("mute", "ON"), ("mute", "OFF"), ("erase", "PRESS"), ("confirm", "PRESS"), ("confirm", "no"),
    ("policy", "guests"), ("policy", "usual"),
)  # fmt: skip
STATE = "sotto/home/presence/state"
NAME = base64.b64encode(CANARIES[0].encode()).decode()
"""A canary that is a name as an intent's may be."""
assert NAME.isalnum()
assert NAME.lower().encode() in FORBIDDEN


def shown(folder: Path, port: int, *own: str) -> Path:
    """Settings of a household that shows its device, and lets everything be done to it."""
    settings = written(folder, port)
    (folder / "guests.yaml").write_text("version: 1\ngating: {otherwise: never}\n")
    with settings.open("a") as file:
        file.write(
            "presence: {enabled: true, allow: [unmute, erase, policy, confirm],"
            f" intents: {json.dumps(own)}, policies: {{guests: [guests.yaml]}},"
            f" socket: {folder / 'door' / 'presence.sock'}}}\n"
        )
    return settings


class Outside:
    """The broker, all that goes to it, and Home Assistant."""

    def __init__(self, wire: Wire, home: House, settings: Path) -> None:
        self.wire = wire
        self.home = home
        self.settings = settings

    @property
    def heard(self) -> bytes:
        """All that Home Assistant was told."""
        return b"\n".join(str(one.topic).encode() + one.payload for one in self.home.messages)


@contextlib.asynccontextmanager
async def shown_at(folder: Path, *own: str) -> AsyncIterator[Outside]:
    """A door that shows presence, a broker, and somebody who looks at every packet."""
    async with AsyncExitStack() as all_of:
        broker = all_of.enter_context(running_mosquitto(folder / "broker"))
        wire = await all_of.enter_async_context(Wire(broker.port))
        all_of.enter_context(captured(folder / "packets.pcap"))
        settings = shown(folder, wire.port, *own)
        home = await all_of.enter_async_context(house(broker.port))
        door = (SOTTO, "door", "--config", settings, "--state", folder / "door")
        await all_of.enter_async_context(
            process(*door, "--log-level", "debug", log=folder / "door.log")
        )
        await until((folder / "door" / "presence.sock").exists)
        yield Outside(wire, home, settings)


async def spoken_to(folder: Path, outside: Outside, many: int) -> None:
    """A core that hears canaries, while everything is pressed, switched and chosen."""
    dice, home, pipe = random.Random(12), outside.home, asyncio.subprocess.PIPE
    core = (*alone(), sys.executable, CORE, outside.settings, folder / "state")
    async with process(*core, log=folder / "core.log", stdin=pipe, stdout=pipe) as running:
        await until(lambda: home.online == "online")

        async def say(lines: int) -> None:
            for _ in range(lines):
                running.stdin.write(json.dumps(sentence(dice)).encode() + b"\n")
                await running.stdin.drain()
                while json.loads(await running.stdout.readline())["event"] != "line":
                    pass

        parts = len(WORKED) + 1
        await say(many // parts)
        for what, payload in WORKED:
            await home.tell(what, payload)
            if what == "policy":
                await until(lambda wanted=payload: home.state["policy"] == wanted)
            if what == "mute":
                await until(lambda wanted=payload: home.state["muted"] == wanted)
            await say(many // parts)
        await until(lambda: {event["event_type"] for event in home.events} >= {"done", "refused"})
        running.stdin.close()
        assert await asyncio.wait_for(running.wait(), 60) == 0


def hostile(canary: str, encoded: str, dice: random.Random) -> bytes:
    """What a core that was taken over says of itself, with a canary wherever one might fit."""
    calm = json.loads(CALM.model_dump_json(exclude_none=True))
    done = {"say": "happened", "what": "done"}
    texts = (canary, encoded, NAME, "q" + canary.encode().hex()[:60])
    text = dice.choice(texts)
    return dice.choice(
        [
            *(packed({**calm, key: text}) for key in ("mood", "policy", "intent", "note")),
            packed({**calm, "intent": NAME, "mood": dice.choice(("thinking", "listening"))}),
            packed({**calm, "alarms": [text]}),
            packed({**calm, "memory": int(canary.encode().hex()[:6], 16)}),
            packed({**done, "intent": text}),
            packed({**done, "intent": NAME}),
            packed({**done, "what": text}),
            packed({**done, "slots": {"name": text}}),
            text.encode("latin-1", "replace"),
        ]
    )


def packed(message: object) -> bytes:
    """As a core packs it, but of any kind."""
    return json.dumps(message).encode()


async def besiege(folder: Path, rounds: int) -> None:
    """One such core after another."""
    dice = random.Random(13)
    for _ in range(rounds):
        canary = dice.choice(CANARIES)
        encoded = dice.choice(encodings(canary)).decode("latin-1")
        with contextlib.suppress(OSError, TimeoutError, DoorError):
            spy = connect(folder / "door" / "presence.sock", os.geteuid())
            try:
                await spy.receive()  # whether the broker is there
                await spy.send(hostile(canary, encoded, dice))
                async with asyncio.timeout(0.5):  # what is well formed is shown by then
                    while await spy.receive() is not None:
                        pass
            finally:
                await spy.close()


async def named(folder: Path, outside: Outside) -> None:
    """A core whose last intent has a canary for a name."""
    spy = connect(folder / "door" / "presence.sock", os.geteuid())
    told = CALM.model_copy(update={"intent": NAME, "mood": "speaking"})
    await spy.send(told.model_dump_json(exclude_none=True).encode())
    await until(lambda: b'"speaking"' in outside.home.retained.get(STATE, b""))
    await spy.close()


@needs_mosquitto
async def test_of_all_that_is_said_and_pressed_no_canary_is_shown(tmp_path):
    async with shown_at(tmp_path) as outside:
        await spoken_to(tmp_path, outside, MANY // 2)
        await besiege(tmp_path, MANY // 4)
        await named(tmp_path, outside)
    assert found(outside.wire.out) == []
    assert found((tmp_path / "packets.pcap").read_bytes()) == []
    assert found(outside.heard) == []
    for folder in ("state", "door", "broker"):
        assert found_below(tmp_path / folder) == {}
    for log in ("core.log", "door.log"):
        assert found((tmp_path / log).read_bytes()) == []
    # It was no silence that was looked at: all entities were there, told things, and were worked.
    home = outside.home
    assert set(home.configs) == set(CONFIGS)
    assert home.state["intent"] == "other"
    names = {event.get("intent") for event in home.events}
    assert {"HassTurnOn", "other"} <= names
    with agreement(load(outside.settings), tmp_path / "state", always=True) as under:
        entries = [entry for _, entry in under.store.audit.entries(0, None)]
    done = {entry.reason for entry in entries if entry.actor == "presence"}
    assert done == {
        "mute", "unmute", "erase", "confirm-unasked", "decline-unasked", "policy:guests",
        "policy:usual",
    }  # fmt: skip
    assert b"sotto/home/presence/event" in outside.wire.out
    if may_capture():
        assert b"sotto/home/presence/event" in (tmp_path / "packets.pcap").read_bytes()


@needs_mosquitto
async def test_the_search_sees_a_name_that_the_owner_lets_through(tmp_path):
    """The positive control: the settings list an intent that is called like a canary."""
    async with shown_at(tmp_path, NAME) as outside:
        await named(tmp_path, outside)
    seen = NAME.lower().encode()
    assert seen in found(outside.wire.out)
    assert seen in found(outside.heard)
    assert found_below(tmp_path / "broker")
    if may_capture():
        assert seen in found((tmp_path / "packets.pcap").read_bytes())
