"""Files of the house that are edited while Sotto runs."""

from __future__ import annotations

import asyncio

import pytest

from assistant import build, rereading
from assistant.agreed import Agreed
from assistant.agreement import Agreement
from assistant.errors import SentencesError
from assistant.events import Understood
from assistant.following import household
from assistant.private import Private
from assistant.runtime import Assistant
from assistant.settings import HomeSettings, Settings
from assistant.types import RedactedTranscript, Transcript
from pipeline.detectors import find_all
from pipeline.redactor import redact_utterance
from pipeline.sources.file import FileSource
from policies.load import Policies

ONE = "areas: [{name: Kitchen}]\nentities: [{name: A Light, domain: light, area: Kitchen}]\n"
NONE = "areas: [{name: Kitchen}]\nentities: []\n"
SENTENCES = "language: en\nintents: {X: {data: [{sentences: ['polish the silver']}]}}\n"
OTHERS = """language: en
intents: {Y: {data: [{sentences: ['visit john smith']}]}}
responses: {intents: {Y: {default: Good day to you}}}
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(rereading, "LOOK_EVERY", 0.01)
    for name, text in (("things.yaml", ONE), ("sentences.yaml", SENTENCES)):
        (tmp_path / name).write_text(text)
    return tmp_path


def settings_of(files):
    return Settings(
        home=HomeSettings(things=files / "things.yaml", sentences=(files / "sentences.yaml",))
    )


def following(files):
    return household(settings_of(files), files, live=True)


def edit(path, text):
    """As an editor saves: whole, in the place of the one before."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


async def until(holds):
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110  # a file is looked at, there is no event
            await asyncio.sleep(0.005)


async def test_other_things_count_without_a_restart(files):
    home, (follows,) = following(files)
    async with follows:
        assert len(home.things.entities) == 1
        await asyncio.sleep(0.05)
        edit(files / "things.yaml", NONE)
        await until(lambda: not home.things.entities)
        assert home.house.devices.things is home.things


async def test_broken_things_leave_those_before_and_say_where(files, caplog):
    home, (follows,) = following(files)
    async with follows:
        await asyncio.sleep(0.05)
        edit(files / "things.yaml", "areas: 7\n")
        await until(lambda: "things.yaml:1" in caplog.text)
        assert len(home.things.entities) == 1
        edit(files / "things.yaml", NONE)
        await until(lambda: not home.things.entities)


def text(words):
    return Transcript(1, Private(words), 1.0)


def understood(mind, words):
    """What a sentence means, redacted as speech is."""
    parts = mind.parts
    redacted, _ = redact_utterance(parts.detectors(), text(words), needs=parts.needs)
    intent = parts.parser.parse(redacted)
    return None if intent is None else intent.name


async def replied(mind, words):
    intent = mind.parts.parser.parse(RedactedTranscript(1, words, (), 1.0))
    return (await mind.parts.skills.handle(intent)).text


async def test_other_sentences_count_without_a_restart(files):
    mind = build.mind(settings_of(files), under=Agreement(Agreed(Policies(())), files), live=True)
    heard = []
    mind.household.hears = lambda talk: lambda: heard.append(talk.files)
    async with mind.parts.outside:
        assert understood(mind, "polish the silver") == "X"
        assert understood(mind, "visit john smith") is None
        assert find_all(mind.parts.detectors(), text("visit john smith"))
        await asyncio.sleep(0.05)
        edit(files / "sentences.yaml", OTHERS)
        await until(lambda: heard)
        assert understood(mind, "polish the silver") is None
        assert understood(mind, "visit john smith") == "Y"
        assert not find_all(mind.parts.detectors(), text("visit john smith"))
        assert await replied(mind, "visit john smith") == "Good day to you"
        assert understood(mind, "turn on the a light") == "HassTurnOn"
        edit(files / "things.yaml", NONE)
        await until(lambda: len(heard) == 2)
        assert understood(mind, "visit john smith") == "Y"
        assert understood(mind, "turn on the a light") is None


async def test_sentences_that_are_broken_or_cannot_be_heard_leave_those_before(files, caplog):
    mind = build.mind(settings_of(files), under=Agreement(Agreed(Policies(())), files), live=True)

    def hears(talk):
        if any("treasure" in str(file.values) for file in talk.files if not file.built_in):
            raise SentencesError("sentences.yaml: 'treasure' can't be spoken")
        return lambda: None

    mind.household.hears = hears
    async with mind.parts.outside:
        await asyncio.sleep(0.05)
        edit(files / "sentences.yaml", "intents: [")
        await until(lambda: "sentences.yaml:1" in caplog.text)
        assert understood(mind, "polish the silver") == "X"
        edit(files / "sentences.yaml", SENTENCES.replace("silver", "treasure"))
        await until(lambda: "can't be spoken; what was read before stays in force" in caplog.text)
        assert understood(mind, "polish the silver") == "X"
        assert understood(mind, "polish the treasure") is None
        edit(files / "sentences.yaml", OTHERS)
        await until(lambda: understood(mind, "visit john smith") == "Y")


async def test_a_recording_of_another_sentence_is_heard_after_the_edit(files, tmp_path, recordings):
    """The grammar recognizer hears what the file says now, and no more what it said."""
    light = "language: en\nintents: {X: {data: [{sentences: ['turn on the kitchen light']}]}}\n"
    settings = settings_of(files)
    mind = build.mind(settings, under=Agreement(Agreed(Policies(())), files), live=True)
    events = []
    ours = Assistant(build.ear(settings, mind, tmp_path, wake=True), mind.parts, events.append)
    in_force = []
    hears = mind.household.hears

    def noting(talk):
        use = hears(talk)
        return lambda: (use(), in_force.append(talk))

    mind.household.hears = noting

    async def meant():
        events.clear()
        await ours.replay(FileSource(recordings / "alexa_light_on.flac"), "alexa_light_on")
        return [event.name for event in events if isinstance(event, Understood)]

    async with ours:
        assert "X" not in await meant()
        edit(files / "sentences.yaml", light)
        await until(lambda: in_force)
        assert await meant() == ["X"]


async def test_a_file_that_is_gone_is_said_and_changes_nothing(files, caplog):
    home, (follows,) = following(files)
    async with follows:
        await asyncio.sleep(0.05)
        (files / "things.yaml").unlink()
        await until(lambda: "things.yaml" in caplog.text)
        assert len(home.things.entities) == 1


def test_a_recording_is_not_followed(files):
    settings = Settings(home=HomeSettings(things=files / "things.yaml"))
    assert household(settings, files, live=False)[1] == []
