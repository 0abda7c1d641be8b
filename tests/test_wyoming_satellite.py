"""Our microphone for another's pipeline, and another's microphone for ours; both over sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from wyoming.asr import Transcript as Transcribed
from wyoming.audio import AudioChunk, AudioFormat, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, MicProgram
from wyoming.info import Satellite as SatelliteProgram
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.satellite import RunSatellite
from wyoming.server import AsyncEventHandler, AsyncTcpServer

from assistant.agreement import agreement
from assistant.away import Away
from assistant.errors import AuditError
from assistant.private import Private
from assistant.types import (
    FRAME_BYTES,
    FRAME_SECONDS,
    AudioFrame,
    AudioRelease,
    Gap,
    Refusal,
    Transcript,
    Utterance,
)
from pipeline.sources.remote import RemoteMicrophone
from plugins.wyoming.handover import HandingOver, Handover
from plugins.wyoming.meeting import MICROPHONE, SATELLITE
from storage.outbox import released_since
from tests.wyoming_stage import RELEASED, SOON, free_port, hear, serving, settings, uri

RELEASE = AudioRelease("home-assistant", 15, "mine.yaml:sharing.home-assistant.audio", "sound")
FRAME = bytes(range(256)) * 10
assert len(FRAME) == FRAME_BYTES


class Played:
    """A loudspeaker that remembers."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def __call__(self, pcm: bytes) -> None:
        self.heard.append(pcm)


class Own:
    """A recognizer that remembers what it was asked."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def open(self, expect: str = "command") -> Own:
        self.opened.append(expect)
        return self

    def feed(self, pcm: bytes) -> None: ...
    def pause(self) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...

    def finish(self, utterance: Utterance) -> Transcript:
        return Transcript(utterance.id, Private("ours"), 1.0)


def utterance(number: int = 1) -> Utterance:
    return Utterance(number, 0.0, 1.0, 0.8, "silence", Private(b""))


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(RELEASED)
    return file


@contextlib.contextmanager
def line(state: Path, play: Played | None = None) -> Iterator[Handover]:
    made = Handover(state / SATELLITE, play)
    try:
        yield made
    finally:
        made.close()


async def until(true: object) -> None:
    """Wait for another thread."""
    async with asyncio.timeout(SOON):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def home_assistant(where: str | None):
    """A peer that does as Home Assistant does: it connects, and tells the satellite to run."""
    assert where is not None
    async with AsyncClient.from_uri(where) as peer:
        await peer.write_event(RunSatellite().event())
        yield peer


async def test_what_follows_a_wake_word_goes_out_and_the_reply_is_heard(tmp_path, policy):
    made = settings(policy, satellite=uri(), satellite_for="127.0.0.1")
    played = Played()
    with serving(made, tmp_path), line(tmp_path, played) as core:
        async with home_assistant(made.wyoming.satellite) as peer:
            await until(lambda: core.is_ready)
            ours = HandingOver(Own(), core, lambda _sent: RELEASE, "alexa")
            decoding = ours.open()
            decoding.feed(FRAME * 3)  # from before the end of the wake word
            decoding.feed(FRAME)
            decoding.feed(FRAME)
            assert decoding.finish(utterance()) == Transcript(1, Private(""), 0.0)

            assert (await hear(peer)).data["name"] == "alexa"
            run = RunPipeline.from_event(await hear(peer))
            assert (run.start_stage, run.end_stage) == (PipelineStage.ASR, PipelineStage.TTS)
            assert AudioStart.is_type((await hear(peer)).type)
            for _ in range(2):
                chunk = AudioChunk.from_event(await hear(peer))
                assert (chunk.rate, chunk.width, chunk.channels) == (16_000, 2, 1)
                assert chunk.audio == FRAME
            assert AudioStop.is_type((await hear(peer)).type)

            await peer.write_event(Transcribed(text="turn on the light").event())
            await peer.write_event(AudioStart(16_000, 2, 1).event())
            await peer.write_event(AudioChunk(16_000, 2, 1, FRAME).event())
            await peer.write_event(AudioStop().event())
            assert (await hear(peer)).type == "played"
        assert played.heard == [FRAME]


async def test_without_a_release_no_sound_goes_out_and_the_peer_is_told_why(tmp_path, caplog):
    made = settings(satellite=uri(), satellite_for="127.0.0.1")
    with serving(made, tmp_path), line(tmp_path) as core:
        async with home_assistant(made.wyoming.satellite) as peer:
            refused = Error.from_event(await hear(peer, "error"))
            assert refused.code == "not-released"
            assert "no destination: home-assistant" in refused.text
            await peer.write_event(Describe().event())
            assert Info.from_event(await hear(peer, "info")).satellite is None
            # Even a core that would send is stopped here: the policy is asked twice.
            await until(lambda: core.is_ready)
            core.begin("alexa")
            core.give(FRAME)
            core.over()
            await hear(peer, "error")
            await peer.write_event(Event("ping"))
            assert (await hear(peer)).type == "pong"
    assert "no sound goes out" in caplog.text


async def test_only_the_peer_that_the_settings_name_gets_sound(tmp_path, policy, caplog):
    made = settings(policy, satellite=uri())
    with serving(made, tmp_path), line(tmp_path) as core:
        async with home_assistant(made.wyoming.satellite) as peer:
            refused = Error.from_event(await hear(peer, "error"))
            assert "wyoming.satellite_for" in refused.text
        assert not core.is_ready
    assert caplog.text.count("127.0.0.1 was refused") == 1


async def test_a_satellite_says_what_it_is(tmp_path, policy):
    made = settings(policy, satellite=uri(), satellite_for="127.0.0.1")
    with serving(made, tmp_path):
        async with AsyncClient.from_uri(str(made.wyoming.satellite)) as peer:
            await peer.write_event(Describe().event())
            info = Info.from_event(await hear(peer))
    assert info.satellite is not None
    assert info.satellite.name == "Sotto satellite"
    assert info.satellite.installed
    assert info.satellite.active_wake_words == ["alexa"]
    assert info.wake[0].models[0].phrase == "alexa"


async def test_sound_ends_where_the_release_ends(tmp_path, policy):
    policy.write_text(RELEASED.replace("seconds: 15", "seconds: 1"))
    made = settings(policy, satellite=uri(), satellite_for="127.0.0.1")
    with serving(made, tmp_path), line(tmp_path) as core:
        async with home_assistant(made.wyoming.satellite) as peer:
            await until(lambda: core.is_ready)
            core.begin(None)
            for _ in range(20):
                core.give(FRAME)
            await hear(peer, "audio-start")
            sound = b""
            while (event := await hear(peer)).type == "audio-chunk":
                sound += event.payload or b""
            assert event.type == "audio-stop"
            assert len(sound) == 32_000


async def test_no_more_is_sent_once_the_pipeline_has_its_text(tmp_path, policy):
    made = settings(policy, satellite=uri(), satellite_for="127.0.0.1")
    with serving(made, tmp_path), line(tmp_path) as core:
        async with home_assistant(made.wyoming.satellite) as peer:
            await until(lambda: core.is_ready)
            core.begin(None)
            core.give(FRAME)
            await hear(peer, "audio-chunk")
            await peer.write_event(Transcribed(text="that is it").event())
            await until(lambda: not core._wanted)


async def test_a_newer_connection_of_the_peer_takes_the_older_ones_place(tmp_path, policy):
    made = settings(policy, satellite=uri(), satellite_for="127.0.0.1")
    with serving(made, tmp_path), line(tmp_path) as core:
        async with home_assistant(made.wyoming.satellite) as older:
            await until(lambda: core.is_ready)
            async with home_assistant(made.wyoming.satellite) as newer:
                async with asyncio.timeout(SOON):
                    assert await older.read_event() is None
                core.begin(None)
                assert (await hear(newer)).type == "detection"
        await until(lambda: not core.is_ready)


class Waiting:
    """A line at whose other end somebody waits for sound."""

    is_ready = True

    def begin(self, phrase: str | None) -> None: ...
    def give(self, pcm: bytes) -> None: ...
    def over(self) -> None: ...


def test_what_is_not_released_is_dealt_with_here(caplog):
    core = Waiting()
    own = Own()
    refused = HandingOver(own, core, lambda _sent: Refusal("no", "mine.yaml:x"), None)
    core.is_ready = False
    refused.open()  # nobody waits for it
    core.is_ready = True
    refused.open()
    refused.open()
    refused.open("answer")
    assert own.opened == ["command", "command", "command", "answer"]
    assert caplog.text.count("no sound goes out") == 1


def test_answers_and_pins_stay_here_even_where_sound_is_released():
    own = Own()
    given = HandingOver(own, Waiting(), lambda _sent: RELEASE, None)
    given.open("answer")
    given.open("pin")
    assert own.opened == ["answer", "pin"]


def test_a_destination_is_counted_by_the_day():
    asked: list[int] = []
    days = [date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2)]

    def may(sent: int) -> AudioRelease:
        asked.append(sent)
        return RELEASE

    given = HandingOver(Own(), Waiting(), may, None, today=lambda: days.pop(0))
    for _ in range(3):
        given.open()
    assert asked == [0, 1, 0]


def test_sound_that_goes_out_is_in_the_audit_log_first(tmp_path, policy, monkeypatch, caplog):
    made = settings(policy, satellite=uri(), satellite_for="127.0.0.1")
    with agreement(made, tmp_path, always=True) as under:
        away = Away(made, under, tmp_path)
        try:
            ours = away.recognizer(Own())
            given = ours._may_hear(0)
            assert given == AudioRelease(
                "home-assistant", 15, "mine.yaml:sharing.home-assistant.audio", "sound"
            )
            assert released_since(tmp_path, 0.0) == {"home-assistant": 1}
            assert away.recognizer(Own())._sent == 1

            def full(entry: object) -> None:
                raise AuditError("the disk is full")

            monkeypatch.setattr(under.store.audit, "append", full)
            assert ours._may_hear(0) is None
            assert "the disk is full" in caplog.text
        finally:
            monkeypatch.undo()
            away._line.close()


# A microphone elsewhere: a stock server of PyPI's wyoming.


class Elsewhere(AsyncEventHandler):
    """A satellite or a microphone that gives sound for ever."""

    is_satellite = True
    begun = 0

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            about = {
                "name": "kitchen", "attribution": Attribution("", ""), "installed": True,
                "description": None, "version": None,
            }  # fmt: skip
            if self.is_satellite:
                info = Info(satellite=SatelliteProgram(**about))
            else:
                info = Info(mic=[MicProgram(**about, mic_format=AudioFormat(16_000, 2, 1))])
            await self.write_event(info.event())
            if not self.is_satellite:
                await self._speak()
        elif RunSatellite.is_type(event.type):
            type(self).begun += 1
            await self._speak()
        return True

    async def _speak(self) -> None:
        await self.write_event(AudioStart(16_000, 2, 1).event())
        for number in range(25):
            pcm = number.to_bytes(2, "little") * (FRAME_BYTES // 2)
            await self.write_event(AudioChunk(16_000, 2, 1, pcm[:1000]).event())
            await self.write_event(AudioChunk(16_000, 2, 1, pcm[1000:]).event())


@contextlib.asynccontextmanager
async def elsewhere(port: int, *, is_satellite: bool = True):
    Elsewhere.is_satellite, Elsewhere.begun = is_satellite, 0
    server = AsyncTcpServer("127.0.0.1", port)
    running = asyncio.create_task(server.run(Elsewhere))
    try:
        await asyncio.sleep(0)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.stop()


def heard(microphone: RemoteMicrophone, most: int) -> list[AudioFrame | Gap]:
    items = []
    for item in microphone.frames():
        items.append(item)
        if sum(isinstance(one, AudioFrame) for one in items) == most:
            break
    return items


@pytest.mark.parametrize("is_satellite", [True, False])
async def test_a_microphone_elsewhere_is_heard_frame_by_frame(tmp_path, is_satellite):
    port = free_port()
    made = settings(microphone=f"tcp://127.0.0.1:{port}")
    async with elsewhere(port, is_satellite=is_satellite):
        with serving(made, tmp_path):
            microphone = RemoteMicrophone(tmp_path / MICROPHONE)
            items = await asyncio.to_thread(heard, microphone, 20)
            microphone.close()
    frames = [item for item in items if isinstance(item, AudioFrame)]
    assert [frame.pcm[:2] for frame in frames] == [n.to_bytes(2, "little") for n in range(20)]
    indexes = [frame.index for frame in frames]
    assert indexes == list(range(indexes[0], indexes[0] + 20))


async def test_nobody_is_listened_to_while_no_core_listens(tmp_path):
    port = free_port()
    made = settings(microphone=f"tcp://127.0.0.1:{port}")
    async with elsewhere(port):
        with serving(made, tmp_path):
            await asyncio.sleep(0.2)
            assert Elsewhere.begun == 0
            microphone = RemoteMicrophone(tmp_path / MICROPHONE)
            await asyncio.to_thread(heard, microphone, 1)
            microphone.close()
            assert Elsewhere.begun == 1


async def test_a_microphone_that_goes_away_leaves_a_gap_and_is_found_again(tmp_path):
    port = free_port()
    made = settings(microphone=f"tcp://127.0.0.1:{port}")
    microphone = RemoteMicrophone(tmp_path / MICROPHONE)
    items: list[AudioFrame | Gap] = []
    back = threading.Event()

    def listen() -> None:
        for item in microphone.frames():
            items.append(item)
            if back.is_set() and isinstance(item, AudioFrame):
                return

    with serving(made, tmp_path):
        listening = asyncio.create_task(asyncio.to_thread(listen))
        async with elsewhere(port):
            await until(lambda: len(items) >= 25)
        await until(lambda: isinstance(items[-1], Gap))
        assert microphone.state == "no microphone"
        back.set()
        async with elsewhere(port):
            async with asyncio.timeout(SOON):
                await listening
    at = [item.index for item in items if isinstance(item, AudioFrame)]
    gone = sum(item.seconds for item in items if isinstance(item, Gap))
    assert at == sorted(set(at))
    assert (at[-1] - at[0] + 1 - len(at)) * FRAME_SECONDS == pytest.approx(gone, abs=0.1)
    assert gone > 1.0
    assert microphone.gaps >= 1


def test_what_waits_for_its_microphone_says_so_once(tmp_path, caplog):
    told: list[str] = []
    microphone = RemoteMicrophone(tmp_path / MICROPHONE, waits=told.append)
    ended = threading.Thread(target=lambda: list(microphone.frames()))
    with caplog.at_level(logging.WARNING):
        ended.start()
        while not told:
            ended.join(0.01)
        microphone.close()
        ended.join(SOON)
    assert not ended.is_alive()
    assert caplog.text.count("waiting for `sotto wyoming`") == 1
