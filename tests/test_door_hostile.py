"""A hostile core, a hostile cloud: nothing unreleased goes out, and nothing but text comes in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
from datetime import datetime

import aiomqtt
import pytest
from door_stage import (
    PERMIT,
    POLICY,
    Listener,
    needs_mosquitto,
    release,
    running_mosquitto,
    settings_for,
    stage,
    until,
)
from egress import CANARIES, MANY, encodings, everything_in, found, hostile, packet
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from assistant.errors import DoorError
from assistant.private import Private
from assistant.types import Refusal, Release, Transcript
from pipeline.intents import IntentParser
from pipeline.redact import redact
from pipeline.things import load_things
from plugins.door.cloud import CloudSkill
from plugins.door.packets import Packets, connect
from plugins.door.speakable import LONGEST_REPLY
from plugins.host import skill_sentences
from policies import decide
from policies.consents import NONE
from policies.load import load


async def test_of_what_a_hostile_core_sends_no_canary_reaches_the_broker(tmp_path, caplog):
    dice = random.Random(5)
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        for number in range(MANY):
            await here.link.send(release(dice.choice(["today", "tomorrow"]), number), PERMIT)
            canary = dice.choice(CANARIES)
            encoded = dice.choice(encodings(canary)).decode("latin-1")
            spy = connect(tmp_path / "door.sock", os.geteuid())
            await spy.receive()  # whether the broker is there
            await everything_in(spy, [hostile(number, text, dice) for text in (encoded, canary)])
            await spy.close()
        await here.empty()
    assert found(broker.bytes) == []
    assert found(caplog.text.encode()) == []
    assert found(b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())) == []
    slots = [json.loads(one.payload)["slots"] for one in here.published]
    honest = {each.get("hours", {}).get("number") for each in slots}
    assert honest >= set(range(MANY)), "and every release did reach it"


SAID = """\
consent:
  notes:
    data_subject: household
    personal_data: intent
    purpose: notes
    recipient: notes
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: household}
sharing:
  notes:
    purpose: notes
    retention_period: P1D
    budget: {bits_per_message: 40, bits_per_day: 4000000, messages_per_day: 90000}
    intents:
      TakeNote:
        slots:
          place: {choices: [kitchen, garden]}
          note: {placeholders: [PERSON, PHONE_NUMBER]}
"""


def said(dice: random.Random) -> str:
    """A sentence, most with a canary in it."""
    canary = dice.choice(CANARIES)
    return dice.choice(
        [
            f"take a note in the kitchen that {canary}",
            f"take a note that {dice.choice(encodings(canary)).decode('latin-1')}",
            f"take a note {canary} in the garden",
            f"take a note in the {canary}",
            "take a note in the garden",
            "take a note that PERSON_1",
        ]
    )


async def test_of_what_is_said_no_canary_leaves_even_where_nothing_was_redacted(tmp_path):
    """Behind detectors that find nothing there is the policy, and behind a core that ignores it
    (it makes releases itself) there is the door."""
    policy = "version: 1\n" + SAID
    (tmp_path / "said.yaml").write_text(policy)
    agreed, now = load([tmp_path / "said.yaml"]), datetime.now().astimezone()
    places = {"place": ["kitchen", "garden"], "note": []}
    sentences = ["take a note [in the {place}] [that {note}]", "take a note {note} in the {place}"]
    skill = CloudSkill("notes", "notes", "No.", {"TakeNote": sentences}, places)
    parser = IntentParser(skill_sentences([skill.local()]), load_things(None))
    dice = random.Random(7)
    honest = hostile = 0
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port), policy) as here:
        await here.open()
        for number in range(MANY):
            redacted, _ = redact(Transcript(number, Private(said(dice)), 1.0), ())
            intent = parser.parse(redacted)
            if intent is None:
                continue
            match decide.release(intent, "notes", agreed, NONE, now, sent_today=0):
                case Release() as cleared:
                    honest += 1
                case Refusal():
                    hostile += 1
                    cleared = Release(intent, "notes", "no rule", "no consent")
            with contextlib.suppress(DoorError):
                await here.link.send(cleared, PERMIT)
        await here.empty()
    assert found(broker.bytes) == []
    assert len({json.loads(one.payload)["id"] for one in here.published}) == honest
    assert hostile > MANY / 4
    assert honest > MANY / 20


@needs_mosquitto
async def test_no_canary_is_in_what_a_real_broker_logs_and_keeps(tmp_path, broker):
    dice = random.Random(9)
    async with stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        for number in range(40):
            spy = connect(tmp_path / "door.sock", os.geteuid())
            await spy.receive()
            canary = dice.choice(CANARIES)
            await everything_in(spy, [hostile(number, canary, dice) for _ in range(3)])
            await spy.close()
        assert here.published, "what is harmless in it is published"
    broker.stop()
    files = [file for file in (tmp_path / "broker").iterdir() if file.is_file()]
    assert broker.log in files
    assert found(b"".join(file.read_bytes() for file in files)) == []


@pytest.mark.parametrize("canary", CANARIES)
async def test_the_search_sees_a_canary_that_a_policy_lets_through(tmp_path, canary):
    """The positive control."""
    policy = POLICY.replace("day: {choices: [today, tomorrow]}", "day: {words: 99}")
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port), policy) as here:
        await here.open()
        for index, encoded in enumerate(encodings(canary)):
            text = encoded.decode("utf-16-le" if index == 7 else "ascii")
            spy = connect(tmp_path / "door.sock", os.geteuid())
            await spy.receive()
            await everything_in(spy, [packet(index, slots={"day": {"words": text}})])
            await spy.close()
    assert canary.encode() in found(broker.bytes) or not canary.replace(" ", "").isalnum()
    assert len(found(broker.bytes)) >= 4


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 4097,
        packet(1) + b" " * 4097,
        b"not json",
        b"[" * 4000,
        packet(1, destination="weather/#"),
        packet(1, destination="we+ther"),
        packet(1, destination="weather\0"),
        packet(1, intent="Get\0Weather"),
        packet(1, topic="sotto/home/weather/intent"),
    ],
)
async def test_who_says_what_no_core_says_is_hung_up_on_and_nobody_else(tmp_path, data):
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        spy = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        spy.connect(str(tmp_path / "door.sock"))
        stranger = Packets(spy)
        await stranger.receive()
        await stranger.send(data)
        assert await stranger.receive() is None
        await stranger.close()
        await here.link.send(release(), PERMIT)
        await here.empty()
    assert len(broker.messages) == 1


async def test_what_the_broker_has_is_not_said_again_however_often_a_core_says_it(tmp_path):
    """In which order things come again could tell something beyond the budget."""
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        spy = connect(tmp_path / "door.sock", os.geteuid())
        await spy.receive()
        answers = []
        for number in (1, 2, 2, 1, 1, 2):
            await spy.send(packet(number))
            answers.append(json.loads(await spy.receive()))
        await spy.close()
        assert [one["say"] for one in answers] == ["sent"] * 6
        assert answers[0]["payload"] == answers[3]["payload"]
        assert len(here.published) == len(broker.messages) == 2


async def test_what_the_broker_refused_may_be_said_again(tmp_path):
    async with (
        Listener(acknowledge=0x87) as broker,
        stage(tmp_path, settings_for(broker.port)) as here,
    ):
        await here.open()
        spy = connect(tmp_path / "door.sock", os.geteuid())
        await spy.receive()
        for acknowledge, says in ((0x87, "later"), (0x87, "later"), (0, "sent")):
            broker.acknowledge = acknowledge
            await spy.send(packet(1))
            assert json.loads(await spy.receive())["say"] == says
        await spy.close()
    assert len(broker.messages) == 3


async def test_another_user_is_hung_up_on(tmp_path, monkeypatch):
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        monkeypatch.setattr("plugins.door.packets.peer", lambda _connection: 12345)
        stranger = connect(tmp_path / "door.sock", 12345)
        assert await stranger.receive() is None
        await stranger.close()


async def test_a_crowd_at_the_door_is_hung_up_on(tmp_path):
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        crowd = [connect(tmp_path / "door.sock", os.geteuid()) for _ in range(8)]
        first = [await one.receive() for one in crowd]
        for one in crowd:
            await one.close()
        assert sum(said is None for said in first) == 5


async def test_a_core_that_does_not_read_holds_up_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr("plugins.door.packets.SLOW", 0.3)
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        deaf = connect(tmp_path / "door.sock", os.geteuid())

        async def flood() -> None:
            number = 10_000
            while True:
                number += 1
                await deaf.send(packet(number, intent="Spy"))

        flooding = asyncio.create_task(flood())
        await here.link.send(release(), PERMIT)
        await here.empty()
        ended = await asyncio.gather(flooding, return_exceptions=True)
        assert isinstance(ended[0], OSError)
        await deaf.close()


class Cloud:
    """A service that answers whatever it is told to."""

    def __init__(self, port: int) -> None:
        self.client = aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5)
        self.questions = 0
        self.answers: list[tuple[str, bytes, bytes | None]] = []
        """Topic, payload and correlation; empty or None: those that were asked with."""

    async def serve(self) -> None:
        async with self.client:
            await self.client.subscribe("sotto/+/weather/intent", qos=1)
            async for message in self.client.messages:
                self.questions += 1
                for topic, payload, correlation in self.answers:
                    properties = Properties(PacketTypes.PUBLISH)
                    asked = message.properties.CorrelationData
                    properties.CorrelationData = asked if correlation is None else correlation
                    wanted = topic or message.properties.ResponseTopic
                    await self.client.publish(wanted, payload, qos=1, properties=properties)


@pytest.fixture
def broker(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        yield broker


REPLY = "sotto/home/weather/reply"


@needs_mosquitto
@pytest.mark.parametrize(
    ("answers", "spoken"),
    [
        ([("", b"Sunny.", None)], "Sunny."),
        ([("", b"x" * (1 << 20), None)], None),
        ([("", b"x" * 4000, None)], None),
        ([("", b"x" * 2000, None)], "x" * LONGEST_REPLY),
        ([("", b"turn off the alarm\x00\x1b]0;ls\x07", None)], "turn off the alarm]0;ls"),
        ([("", packet(1), None)], packet(1).decode()),
        ([("", b"{{ 7 * 7 }} PERSON_1", None)], "{{ 7 * 7 }} PERSON 1"),
        ([("", b"Sunny.", b"0" * 32)], None),
        ([("", b"Sunny.", b"")], None),
        ([("sotto/home/traffic/reply", b"Sunny.", None)], None),
        ([("", b"no", b"1" * 32), ("", b"Sunny.", None), ("", b"Rain.", None)], "Sunny."),
        ([("", b"\xff\xfe\xfd", None)], None),
    ],
)
async def test_a_reply_is_text_to_speak_and_nothing_else(tmp_path, broker, answers, spoken):
    cloud = Cloud(broker.port)
    cloud.answers = answers
    async with stage(tmp_path, settings_for(broker.port)) as here:
        serving = asyncio.create_task(cloud.serve())
        await here.open()
        text = None
        while not cloud.questions:
            text = await here.link.ask(release(), 1)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        assert text == spoken
        assert here.link.is_open, "and the door goes on"
        assert here.outbox.rows == {}
        before = len(here.published)
        await asyncio.sleep(0.05)
        assert len(here.published) == before, "a reply starts nothing"


@needs_mosquitto
async def test_one_service_cannot_answer_for_another(tmp_path, broker, caplog):
    policy = POLICY + POLICY.split("sharing:\n")[1].replace("weather", "traffic")
    cloud = Cloud(broker.port)
    async with stage(tmp_path, settings_for(broker.port), policy) as here:
        serving = asyncio.create_task(cloud.serve())
        await here.open()
        await here.link.ask(release(destination="traffic"), 0.2)
        cloud.answers = [("sotto/home/traffic/reply", b"Sunny.", None)]
        while not cloud.questions:
            assert await here.link.ask(release(), 0.5) is None
        await until(lambda: "nobody asked for" in caplog.text)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@needs_mosquitto
async def test_a_question_has_one_answer(tmp_path, broker, caplog):
    cloud = Cloud(broker.port)
    cloud.answers = [("", b"Sunny.", None), ("", b"Rain.", None)]
    async with stage(tmp_path, settings_for(broker.port)) as here:
        serving = asyncio.create_task(cloud.serve())
        await here.open()
        while (text := await here.link.ask(release(), 1)) is None:
            pass
        assert text == "Sunny."
        await until(lambda: "nobody asked for" in caplog.text)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@needs_mosquitto
async def test_a_reply_that_is_too_late_is_dropped(tmp_path, broker, caplog):
    cloud = Cloud(broker.port)
    async with stage(tmp_path, settings_for(broker.port, reply=1)) as here:
        serving = asyncio.create_task(cloud.serve())
        await here.open()
        while not cloud.questions:
            await here.link.ask(release(), 0.2)
        number = json.loads(here.published[-1].payload)["id"]
        await asyncio.sleep(1.1)
        properties = Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = number.encode()
        await cloud.client.publish(REPLY, b"Sunny.", qos=1, properties=properties)
        await until(lambda: "nobody asked for" in caplog.text)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
