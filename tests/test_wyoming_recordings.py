"""A peer's sound gives the very text that `sotto replay --no-wake` gives, whoever else speaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error

from assistant import settings_file
from assistant.settings import Settings, WyomingSettings
from tests.cli import sotto
from tests.wyoming_stage import hear, send_sound, serving, sound_of, uri

TOGETHER = 4
SIZES = (2048, 130, 998, 3200, 65_536, 131_072)
"""Bytes of a chunk, up to the largest that is taken."""


def as_settings(folder: Path, **sections: Any) -> tuple[Path, Settings]:
    """A settings file, and what it says with speech to text on a free port."""
    file = folder / "settings.yaml"
    file.write_text(json.dumps(sections))
    wyoming = WyomingSettings(asr=uri())
    return file, settings_file.load(file).model_copy(update={"wyoming": wyoming})


def replayed(file: Path, state: Path, recordings: Sequence[Path]) -> list[str]:
    """The text of each, as `sotto replay --no-wake --json` gives it; empty where it gives none."""
    words = ("--config", file, "--state", state, "replay", "--no-wake", "--json")
    ran = sotto(*words, *recordings)
    assert ran.status == 0, ran.err
    texts: list[str] = []
    for event in ran.events:
        if event["event"] == "source":
            texts.append("")
        elif event["event"] == "redacted":
            texts[-1] = event["text"]
    return texts


async def heard(at: str | None, recordings: Sequence[Path]) -> list[str]:
    """The text of each, as PyPI's client gets it: several clients, chunks of several sizes."""
    assert at is not None
    room = asyncio.Semaphore(TOGETHER)

    async def one(number: int, path: Path) -> str:
        async with room, AsyncClient.from_uri(at) as peer:
            pcm = sound_of(path)
            size = SIZES[number % len(SIZES)]
            await send_sound(peer, pcm, size)
            return Transcript.from_event(await hear(peer)).text

    return await asyncio.gather(*(one(number, path) for number, path in enumerate(recordings)))


def compared(folder: Path, recordings: Sequence[Path], **sections: Any) -> list[tuple[str, str]]:
    """What either gives for each recording."""
    file, settings = as_settings(folder, **sections)
    expected = replayed(file, folder, recordings)
    with serving(settings, folder):
        got = asyncio.run(heard(settings.wyoming.asr, recordings))
    return list(zip(expected, got, strict=True))


def spread(paths: list[Path], few: int) -> list[Path]:
    """A few of them, from all over."""
    return sorted(paths)[:: max(1, len(paths) // few)]


def test_the_recordings_that_ship_give_the_same_text(tmp_path, recordings):
    """Those without a wake word; what comes after a long pause only a peer's utterance has."""
    pairs = compared(tmp_path, sorted(recordings.glob("c*.flac")))
    assert [got for _, got in pairs] == [expected for expected, _ in pairs]
    assert len({got for _, got in pairs}) > 6


@pytest.mark.shared
def test_commands_at_home_give_the_same_text(tmp_path, shared_data):
    home = shared_data / "audio" / "home"
    pairs = compared(
        tmp_path, spread(list(home.rglob("*.flac")), 12), home={"things": f"{home}/things.yaml"}
    )
    assert [got for _, got in pairs] == [expected for expected, _ in pairs]
    assert sum(bool(got) for _, got in pairs) > 8


@pytest.mark.shared
def test_orders_of_coffee_give_the_same_text(tmp_path, shared_data):
    folder = shared_data / "audio" / "barista"
    pairs = compared(
        tmp_path,
        spread(list(folder.glob("*.flac")), 12),
        home={"sentences": [f"{folder}/barista.yaml"]},
    )
    assert [got for _, got in pairs] == [expected for expected, _ in pairs]
    assert sum(bool(got) for _, got in pairs) > 8


@pytest.mark.shared
def test_whisper_gives_the_same_text(tmp_path, shared_data):
    pytest.importorskip("faster_whisper", reason="the whisper extra is not installed")
    models = shared_data / "models"
    pairs = compared(
        tmp_path,
        spread(list((models / "whisper-micro-check").glob("*.wav")), 12),
        recognizer={"engine": "whisper", "whisper_model": f"{models}/whisper-micro-en"},
    )
    assert [got for _, got in pairs] == [expected for expected, _ in pairs]
    assert sum(bool(got) for _, got in pairs) > 8


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory):
    """Speech to text, as it ships."""
    folder = tmp_path_factory.mktemp("state")
    _, settings = as_settings(folder)
    with serving(settings, folder):
        yield settings.wyoming.asr


def spoken(path: Path, rate: int, width: int, channels: int) -> bytes:
    """A recording in another form: resampled, in samples of another width, on every channel."""
    samples, _ = soundfile.read(path, dtype="float64")
    mono = soxr.resample(samples, 16_000, rate) if rate != 16_000 else samples
    both = np.repeat(mono.clip(-1, 1 - 2**-15), channels)
    if width == 1:
        return (both * 127 + 128).astype("u1").tobytes()
    return (both * 2 ** (8 * width - 1)).astype(f"<i{width}").tobytes()


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize(("width", "channels"), [(2, 1), (4, 2), (1, 1), (2, 8)])
async def test_sound_of_every_kind_that_is_taken_is_understood(
    at, recordings, rate, width, channels
):
    pcm = spoken(recordings / "cmd_time.flac", rate, width, channels)
    step = 1001 * width * channels  # no whole number of milliseconds at any rate
    async with AsyncClient.from_uri(at) as peer:
        await peer.write_event(AudioStart(rate, width, channels).event())
        for start in range(0, len(pcm), step):
            piece = pcm[start : start + step]
            await peer.write_event(AudioChunk(rate, width, channels, piece).event())
        await peer.write_event(AudioStop().event())
        assert Transcript.from_event(await hear(peer)).text == "what time is it"


@pytest.mark.parametrize(
    ("rate", "width", "channels", "size", "reason"),
    [
        (7_999, 2, 1, 100, "sound: rate is not what it may be (8000 to 96000 a second)"),
        (192_000, 2, 1, 100, "sound: rate is not what it may be (8000 to 96000 a second)"),
        (16_000, 3, 1, 300, "sound: width is not what it may be (1, 2 or 4 bytes)"),
        (16_000, 2, 9, 180, "sound: channels is not what it may be (1 to 8)"),
        (16_000, 2, 1, 101, "sound that ends in the middle of a sample"),
        (16_000, 2, 1, 131_074, "a payload_length of more than 131072"),
    ],
)
async def test_other_sound_is_refused_in_one_line_with_a_reason(
    at, rate, width, channels, size, reason
):
    async with AsyncClient.from_uri(at) as peer:
        await peer.write_event(AudioChunk(rate, width, channels, bytes(size)).event())
        assert Error.from_event(await hear(peer, "error")).text == reason
