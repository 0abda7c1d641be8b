"""What Wyoming's services know of the house: told by the door, or read from its files."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from wyoming.asr import Transcript
from wyoming.client import AsyncClient
from wyoming.intent import Recognize

from tests.cli import SOTTO
from tests.home_assistant_fake import TOKEN, FakeHome, fake_home
from tests.wyoming_stage import SOON, hear, send_sound, sound_of, uri


@contextlib.asynccontextmanager
async def command(*words: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(SOTTO, *map(str, words), stderr=PIPE)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def meant(where: str, text: str) -> str | None:
    """The intent of a text, by a peer that comes anew."""
    async with AsyncClient.from_uri(where) as peer:
        await peer.write_event(Recognize(text=text).event())
        event = await hear(peer, "intent", "not-recognized")
        return event.data["name"] if event.type == "intent" else None


FOOTBALL = "they lost again on saturday and nobody was really surprised"


async def heard(where: str, pcm: bytes) -> str:
    async with AsyncClient.from_uri(where) as peer:
        await send_sound(peer, pcm)
        return Transcript.from_event(await hear(peer, "transcript")).text


async def said(process: asyncio.subprocess.Process, words: bytes) -> None:
    """Wait until a line of its log has these words."""
    assert process.stderr is not None
    async with asyncio.timeout(SOON):
        while words not in await process.stderr.readline():
            pass


async def until_meant(where: str, text: str, intent: str | None) -> None:
    async with asyncio.timeout(SOON):
        while True:
            with contextlib.suppress(OSError):
                if await meant(where, text) == intent:
                    return
            await asyncio.sleep(0.1)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A state directory with a token, and room for settings."""
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    return tmp_path


def configured(path: Path, home: FakeHome, where: str) -> tuple[str, str, str, str]:
    (path / "settings.yaml").write_text(
        f"home_assistant: {{url: '{home.url}', token_file: {path / 'token'}}}\n"
        f"wyoming: {{intent: '{where}'}}\n"
    )
    return "--config", str(path / "settings.yaml"), "--state", str(path)


async def test_a_service_knows_home_assistants_things_and_their_new_names(written):
    where = uri()
    async with fake_home() as home:
        words = configured(written, home, where)
        async with command(*words, "door"), command(*words, "wyoming"):
            await until_meant(where, "turn on the bed light", "HassTurnOn")
            assert await meant(where, "turn on the reading lamp") is None
            await home.rename("light.bed_light", "Reading Lamp")
            await until_meant(where, "turn on the reading lamp", "HassTurnOn")
            assert await meant(where, "turn on the bed light") is None
            assert home.called == []
        async with command(*words, "wyoming"):  # the door is away: what was told last counts
            await until_meant(where, "turn on the reading lamp", "HassTurnOn")


async def test_who_is_told_of_the_house_may_ask_for_nothing(written):
    async with fake_home() as home:
        words = configured(written, home, uri())
        async with command(*words, "door") as door:
            step = written / "names.sock"
            async with asyncio.timeout(SOON):
                while not step.exists():  # noqa: ASYNC110  # another process makes it
                    await asyncio.sleep(0.02)
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
                other.settimeout(SOON)
                other.connect(str(step))
                call = b'{"do":"call","id":1,"service":"light.turn_on","entities":["light.a"]}'
                other.send(call)
                while other.recv(1 << 20):
                    pass
            await said(door, b"only told what there is")
            assert home.called == []


async def test_without_a_service_that_needs_names_the_door_tells_nobody(written):
    async with fake_home() as home:
        words = configured(written, home, uri())
        (written / "settings.yaml").write_text(
            f"home_assistant: {{url: '{home.url}', token_file: {written / 'token'}}}\n"
        )
        async with command(*words, "door"):
            async with asyncio.timeout(SOON):
                while not home.shown_tokens:  # noqa: ASYNC110  # it comes over the network
                    await asyncio.sleep(0.02)
            assert (written / "home.sock").exists()
            assert not (written / "names.sock").exists()


async def test_speech_to_text_hears_what_the_files_say_now(tmp_path, recordings):
    where, sentences = uri(), tmp_path / "sentences.yaml"
    text = "language: en\nintents: {X: {data: [{sentences: ['%s']}]}}\n"
    sentences.write_text(text % "polish the silver")
    (tmp_path / "settings.yaml").write_text(
        f"home: {{sentences: [{sentences}]}}\nwyoming: {{asr: '{where}'}}\n"
    )
    pcm = sound_of(recordings / "chat_football.flac")
    words = ("--config", tmp_path / "settings.yaml", "--state", tmp_path, "wyoming")
    async with command(*words) as process:
        await said(process, b"wyoming asr: at")
        assert await heard(where, pcm) != FOOTBALL
        sentences.write_text(text % FOOTBALL)
        await said(process, b"other sentences count from now on")
        assert await heard(where, pcm) == FOOTBALL
