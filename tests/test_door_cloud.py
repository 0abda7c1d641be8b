"""Cloud skills: from a sentence to a service and back, with the example that ships."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from door_stage import (
    Listener,
    certificates,
    needs_mosquitto,
    running_mosquitto,
    settings_for,
    stage,
)

from assistant.errors import DoorError
from assistant.private import Private
from assistant.settings_file import load as load_settings
from assistant.skill import Intent
from assistant.types import Choice, RedactedIntent, Refusal, Release, Transcript
from pipeline.intents import IntentParser
from pipeline.redact import redact
from pipeline.sentences import built_in
from pipeline.things import load_things
from plugins.door.cloud import Cloud
from plugins.host import skill_sentences
from policies.check import check
from policies.consents import NONE
from policies.decide import release
from policies.load import load

EXAMPLE = Path(__file__).parent.parent / "examples" / "cloud_skill"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def module(name: str):
    """A module of the example."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLE / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


weather = module("weather_skill").weather
POLICY = load([EXAMPLE / "policy.yaml"])


@pytest.fixture(scope="module")
def parser():
    files = (*built_in(), *skill_sentences([weather.local()]))
    return IntentParser(files, load_things(None), None)


def understood(parser, text: str) -> RedactedIntent | None:
    redacted, originals = redact(Transcript(1, Private(text), 1.0), ())
    originals.forget()
    return parser.parse(redacted)


def decided(intent: RedactedIntent, destination: str) -> Release | Refusal:
    return release(intent, destination, POLICY, NONE, NOON, sent_today=0)


async def no_answer(_release, _seconds):
    return None


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("what is the forecast", {}),
        ("give me the forecast for rome", {"city": Choice("rome")}),
        (
            "what is the forecast for oslo for tomorrow",
            {"city": Choice("oslo"), "day": Choice("tomorrow")},
        ),
        (
            "what will the weather be like in paris on saturday",
            {"city": Choice("paris"), "day": Choice("saturday")},
        ),
    ],
)
def test_its_sentences_are_understood_here_and_released_as_the_policy_says(parser, text, slots):
    intent = understood(parser, text)
    assert (intent.name, dict(intent.slots)) == ("GetForecast", slots)
    assert isinstance(decided(intent, "weather"), Release)


def test_the_examples_policy_proves_what_it_can_never_do():
    report = check(POLICY, NOON)
    assert report.holds, report.findings
    assert [capacity.destination for capacity in report.capacities] == ["weather"]


def test_the_examples_settings_name_files_that_the_script_makes(tmp_path):
    settings = load_settings(EXAMPLE / "settings.yaml")
    made = certificates(tmp_path / "certs")
    for path in (settings.door.ca, settings.door.certificate, settings.door.key):
        assert (made / path.name).is_file()
        assert path.parent == EXAMPLE / "certs"
    assert settings.policies.files == (EXAMPLE / "policy.yaml",)


async def test_without_a_door_the_fallback_is_said(parser):
    intent = understood(parser, "what is the forecast for rome")
    handler = weather.local().handlers["GetForecast"]
    assert (await handler(Intent(intent.name, intent.slots))).text == weather.fallback
    reply = await Cloud([weather], decided, no_answer).handle(intent)
    assert reply.text == weather.fallback


async def test_what_the_policy_does_not_release_is_not_asked(parser):
    asked = []

    async def ask(release, _seconds):
        asked.append(release)
        return "Sunny."

    def refuse(_intent, destination):
        return Refusal(f"no destination: {destination}")

    intent = understood(parser, "what is the forecast for rome")
    assert (await Cloud([weather], refuse, ask).handle(intent)).text == weather.fallback
    assert asked == []
    assert (await Cloud([weather], decided, ask).handle(intent)).text == "Sunny."
    assert [release.destination for release in asked] == ["weather"]


async def test_an_intent_of_another_skill_is_left_to_it(parser):
    intent = understood(parser, "what time is it")
    assert await Cloud([weather], decided, no_answer).handle(intent) is None


async def test_where_the_message_cannot_be_sent_the_fallback_is_said(parser, caplog):
    async def ask(_release, _seconds):
        raise DoorError("too long")

    intent = understood(parser, "what is the forecast for rome")
    assert (await Cloud([weather], decided, ask).handle(intent)).text == weather.fallback
    assert "not sent: too long" in caplog.text


async def test_a_reply_that_never_comes_takes_no_longer_than_its_deadline(tmp_path, parser):
    policy = (EXAMPLE / "policy.yaml").read_text()
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port), policy) as here:
        await here.open()
        cloud = Cloud([weather], decided, here.link.ask, seconds=0.2)
        intent = understood(parser, "what is the forecast for rome")
        async with asyncio.timeout(5):
            assert (await cloud.handle(intent)).text == weather.fallback
    assert len(broker.messages) == 1


@needs_mosquitto
async def test_the_example_from_a_sentence_to_a_spoken_answer_over_tls(tmp_path, parser):
    service = module("weather_service")
    certs = certificates(tmp_path / "certs")
    configuration = (EXAMPLE / "mosquitto.conf").read_text().replace("certs/", f"{certs}/")
    configuration = configuration.replace("acl_file acl", f"acl_file {EXAMPLE}/acl")
    lines = [
        line
        for line in configuration.splitlines()
        if not line.startswith(("listener", "persistence", "set_tcp"))
    ]
    policy = (EXAMPLE / "policy.yaml").read_text()
    with running_mosquitto(tmp_path / "broker", "\n".join(lines)) as broker:
        ours = {"certificate": certs / "door.pem", "key": certs / "door.key"}
        settings = settings_for(broker.port, tls=True, ca=certs / "ca.pem", **ours)
        serving = asyncio.create_task(service.run("127.0.0.1", broker.port, certs))
        async with stage(tmp_path, settings, policy) as here:
            await here.open()
            cloud = Cloud([weather], decided, here.link.ask, seconds=2)
            intent = understood(parser, "what is the forecast for lisbon tomorrow")
            async with asyncio.timeout(20):
                while (reply := await cloud.handle(intent)).text == weather.fallback:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert reply.text == "Tomorrow in Lisbon: sunny, 22 degrees."
    last = json.loads(here.published[-1].payload)
    assert last["slots"] == {"city": {"choice": "lisbon"}, "day": {"choice": "tomorrow"}}
