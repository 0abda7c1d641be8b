"""Cloud skills: from a sentence to a service and back, with the example that ships."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli import here
from door_stage import (
    Listener,
    certificates,
    needs_mosquitto,
    running_mosquitto,
    settings_for,
    stage,
)

from assistant import build
from assistant.errors import DoorError, ManifestError, SentencesError
from assistant.private import Private
from assistant.settings_file import load as load_settings
from assistant.types import Choice, RedactedIntent, Refusal, Release, Transcript
from pipeline.intents import IntentParser
from pipeline.redact import redact
from pipeline.sentences import built_in
from pipeline.things import load_things
from plugins.catalogue import catalogue, read
from plugins.door.cloud import Cloud
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


INSTALLED = read(EXAMPLE / "skills" / "weather.yaml")
weather = INSTALLED.cloud
POLICY = load([EXAMPLE / "policy.yaml"])


@pytest.fixture(scope="module")
def parser():
    files = (*built_in(), *INSTALLED.files)
    return IntentParser(files, load_things(None), None)


def understood(parser, text: str) -> RedactedIntent | None:
    redacted, originals = redact(Transcript(1, Private(text), 1.0), ())
    originals.forget()
    return parser.parse(redacted)


async def decided(intent: RedactedIntent, destination: str) -> Release | Refusal:
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
async def test_its_sentences_are_understood_here_and_released_as_the_policy_says(
    parser, text, slots
):
    intent = understood(parser, text)
    assert (intent.name, dict(intent.slots)) == ("GetForecast", slots)
    assert isinstance(await decided(intent, "weather"), Release)


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
    reply = await Cloud([weather], decided, no_answer).handle(intent)
    assert reply.text == weather.fallback


async def test_what_the_policy_does_not_release_is_not_asked(parser):
    asked = []

    async def ask(release, _seconds):
        asked.append(release)
        return "Sunny."

    async def refuse(_intent, destination):
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


def skill_file(folder: Path, text: str, name: str = "snow.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


SNOW = """\
cloud: {destination: weather, fallback: "I don't know."}
intents:
  GetSnow:
    data: [{sentences: ["how much snow is there in {city}"]}]
lists:
  city: {values: [oslo, rome]}
"""


def test_a_file_with_sentences_a_destination_and_a_fallback_is_a_cloud_skill(tmp_path):
    skill = read(skill_file(tmp_path, SNOW))
    assert (skill.kind, skill.skill.name, skill.intents) == ("cloud", "snow", ("GetSnow",))
    assert skill.cloud.destination == "weather"
    assert skill.cloud.fallback == "I don't know."
    assert catalogue(tmp_path).cloud == (skill.cloud,)
    assert catalogue(tmp_path).answers == {}, "no code of it runs here"


def test_it_may_take_over_intents_whose_sentences_are_here_already(tmp_path):
    text = "cloud: {destination: weather, fallback: No., intents: [HassGetWeather]}\n"
    skill_file(tmp_path, text)
    found = catalogue(tmp_path, {"HassGetWeather": "things"})
    assert found.cloud[0].sentences == {"HassGetWeather": ()}
    assert found.clashes == ("skills snow and things both answer HassGetWeather: snow does",)


@pytest.mark.parametrize(
    ("old", "new", "error", "line"),
    [
        ("destination: weather, ", "", ManifestError, "snow.yaml:1: cloud: 'destination' is miss"),
        ("weather", "We/ther", ManifestError, "expected a destination of the policy"),
        ("fallback", "fall", ManifestError, "snow.yaml:1: cloud.fall: there is no such key"),
        ('"I don\'t know."', "''", ManifestError, "cloud.fallback: string should have at least"),
        ("cloud: {", "cloud: 5 #", ManifestError, "snow.yaml:1: cloud: input should be a valid"),
        ("{city}", "{town}", SentencesError, "snow.yaml:4"),
        ("lists:", "responses: {intents: {}}\nlists:", ManifestError, "is answered elsewhere"),
        ("lists:", "list:", SentencesError, "snow.yaml:5: list: there is no such key"),
    ],
)
def test_a_broken_cloud_skill_is_named_with_its_line(tmp_path, old, new, error, line):
    with pytest.raises(error) as raised:
        read(skill_file(tmp_path, SNOW.replace(old, new)))
    assert line in str(raised.value)


def test_a_cloud_skill_without_any_sentence_says_what_to_add(tmp_path):
    text = "cloud: {destination: weather, fallback: No.}\n"
    with pytest.raises(ManifestError, match="add them under intents"):
        read(skill_file(tmp_path, text))


def test_the_example_is_shown_with_whom_it_asks(tmp_path):
    config = ("--config", EXAMPLE / "settings.yaml")
    listed = json.loads(here("skills", "list", "--json", *config).out)["skills"]
    assert [one["kind"] for one in listed if one["name"] == "weather"] == ["cloud"]
    shown = here("skills", "info", "weather", *config).out
    assert "elsewhere: weather, and gets what the policy shares" in shown
    assert weather.fallback in shown


async def test_without_a_way_out_the_skills_fallback_is_said_and_others_answer_as_ever(caplog):
    settings = load_settings(EXAMPLE / "settings.yaml")
    parts = build.mind(settings).parts
    asked = RedactedIntent(1, "GetForecast", {"city": Choice("rome")})
    assert (await parts.skills.handle(asked)).text == weather.fallback
    other = await parts.skills.handle(RedactedIntent(2, "HassGetCurrentTime", {}))
    assert other.text
    assert other.text != weather.fallback
