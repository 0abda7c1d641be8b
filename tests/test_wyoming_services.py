"""Speech to text, wake words and intents for Wyoming peers, asked by PyPI's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.info import Describe, Info
from wyoming.intent import Intent, NotRecognized, Recognize
from wyoming.ping import Ping, Pong
from wyoming.wake import Detect, Detection

from assistant.settings import WyomingSettings
from tests.cli import sotto, texts
from tests.wyoming_stage import hear, send_sound, serving, settings, sound_of, uri


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state directory, so that the grammar is compiled once."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def at(state: Path) -> Iterator[WyomingSettings]:
    """Every service with the engines that ship, where nobody said otherwise."""
    made = settings(asr=uri(), wake=uri(), intent=uri())
    with serving(made, state):
        yield made.wyoming


def client(where: str | None) -> AsyncClient:
    assert where is not None
    return AsyncClient.from_uri(where)


async def transcript(where: str | None, pcm: bytes, size: int = 2048) -> str:
    async with client(where) as peer:
        await peer.write_event(Transcribe(language="en").event())
        await send_sound(peer, pcm, size)
        return Transcript.from_event(await hear(peer, "transcript")).text


@pytest.mark.parametrize(
    ("service", "field"), [("asr", "asr"), ("wake", "wake"), ("intent", "intent")]
)
async def test_a_service_says_what_it_is_and_nothing_else(at, service, field):
    async with client(getattr(at, service)) as peer:
        await peer.write_event(Describe().event())
        info = Info.from_event(await hear(peer, "info"))
    (program,) = getattr(info, field)
    assert program.name == f"Sotto {service}"
    assert program.installed
    assert program.models
    assert all(model.installed and model.languages == ["en"] for model in program.models)
    for other in ("asr", "tts", "handle", "intent", "wake", "mic", "snd"):
        assert bool(getattr(info, other)) == (other == field)
    assert info.satellite is None


async def test_a_ping_is_answered(at):
    async with client(at.intent) as peer:
        await peer.write_event(Ping(text="are you there").event())
        assert Pong.from_event(await hear(peer, "pong")).text == "are you there"


async def test_a_peer_gets_the_text_that_the_microphone_would_have_given(at, state, recordings):
    names = ["cmd_call", "cmd_milk", "cmd_time"]
    files = [recordings / f"{name}.flac" for name in names]
    ran = await asyncio.to_thread(sotto, "replay", "--json", "--no-wake", "--state", state, *files)
    said = texts(ran.of("redacted"))
    assert said[1:] == ["add milk to my shopping list", "what time is it"]
    assert [await transcript(at.asr, sound_of(file)) for file in files] == said


async def test_sound_of_another_kind_is_understood(at, recordings):
    import numpy as np
    import soxr

    pcm = np.frombuffer(sound_of(recordings / "cmd_time.flac"), "<i2")
    other = soxr.resample(pcm.astype(np.float64) / 32768, 16_000, 44_100)
    stereo = np.repeat((other * (1 << 31)).clip(-(2**31), 2**31 - 1).astype("<i4"), 2)
    async with client(at.asr) as peer:
        await peer.write_event(AudioStart(44_100, 4, 2).event())
        for start in range(0, len(stereo) * 4, 16_000):
            piece = stereo.tobytes()[start : start + 16_000]
            await peer.write_event(AudioChunk(44_100, 4, 2, piece).event())
        await peer.write_event(AudioStop().event())
        assert (await hear(peer)).data["text"] == "what time is it"


@pytest.mark.parametrize("seconds", [0, 0.01, 3])
async def test_a_transcript_is_answered_where_nothing_was_said(at, seconds):
    assert await transcript(at.asr, bytes(int(seconds * 16_000) * 2)) == ""


async def test_one_connection_may_ask_again_and_again(at, recordings):
    pcm = sound_of(recordings / "cmd_time.flac")
    async with client(at.asr) as peer:
        for _ in range(2):
            await send_sound(peer, pcm)
            assert (await hear(peer)).data["text"] == "what time is it"


async def test_wake_words_are_heard_while_texts_are_sought(at, recordings):
    speech = sound_of(recordings / "cmd_milk.flac")
    waking = sound_of(recordings / "alexa_time.flac")
    done: list[str] = []

    async def ask() -> None:
        assert await transcript(at.asr, speech) == "add milk to my shopping list"
        done.append("text")

    async def wake() -> None:
        async with client(at.wake) as peer:
            await peer.write_event(Detect(names=["alexa"]).event())
            await send_sound(peer, waking)
            detection = Detection.from_event(await hear(peer, "detection", "not-detected"))
            assert detection.name == "alexa"
            assert detection.timestamp is not None
            assert 500 < detection.timestamp < 2000
            done.append("wake")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(ask())
        tasks.create_task(wake())
    assert done.index("wake") < done.index("text", done.index("text") + 1), done
    assert done.count("text") == 3


async def test_only_the_wake_words_that_are_wanted_are_told(at, recordings):
    async with client(at.wake) as peer:
        await peer.write_event(Detect(names=["hey_jarvis"]).event())
        await send_sound(peer, sound_of(recordings / "alexa_time.flac"))
        assert (await hear(peer)).type == "not-detected"


async def test_a_wake_word_is_told_again_after_another_start(at, recordings):
    pcm = sound_of(recordings / "alexa_time.flac")
    async with client(at.wake) as peer:
        for _ in range(2):
            await send_sound(peer, pcm)
            assert (await hear(peer)).type == "detection"


async def ask(at: WyomingSettings, text: str) -> Intent | NotRecognized:
    async with client(at.intent) as peer:
        await peer.write_event(Recognize(text=text, context={"conversation_id": "7"}).event())
        event = await hear(peer, "intent", "not-recognized")
        assert event.data["context"] == {"conversation_id": "7"}
        return (Intent if event.type == "intent" else NotRecognized).from_event(event)


async def test_a_text_is_answered_with_its_intent(at):
    answer = await ask(at, "turn on the kitchen light")
    assert isinstance(answer, Intent)
    assert answer.name == "HassTurnOn"
    assert [(entity.name, entity.value) for entity in answer.entities] == [
        ("name", "Kitchen Light")
    ]


@pytest.mark.parametrize("text", ["the weather in 1893 was purple", "", "unlock the front door"])
async def test_what_means_nothing_or_needs_a_yes_is_not_recognized(at, text):
    answer = await ask(at, text)
    assert isinstance(answer, NotRecognized)
    assert answer.text


async def test_home_assistant_asks_with_a_transcript(at):
    async with client(at.intent) as peer:
        await peer.write_event(Transcript(text="turn off the bedroom fan").event())
        assert (await hear(peer)).type in ("intent", "not-recognized")
        await peer.write_event(Transcript(text="turn on the kitchen light").event())
        assert (await hear(peer)).type == "intent"
