"""What leaves of sound: nothing without a release; with one what follows the wake word, so long.

`sotto run` and `sotto wyoming` as they run, a microphone elsewhere at a Unix socket, Home Assistant
at a port of loopback: each packet there is recorded, and each byte of sound counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.satellite import RunSatellite
from wyoming.server import AsyncEventHandler, AsyncServer

from tests.cli import SOTTO
from tests.door_stage import until
from tests.egress import captured, may_capture, process
from tests.wyoming_stage import RELEASED, sound_of, uri

FRAME = 2560
PIECE = 24
"""Bytes of sound that are looked for in packets: no quiet place holds them twice."""
BRIEF = RELEASED.replace("seconds: 15", "seconds: 1")


@dataclass
class Room:
    """A room with a microphone: quiet, but for what is said in it."""

    says: bytes = b""
    begun: int = 0

    def speak(self, pcm: bytes) -> None:
        self.says += pcm

    def frame(self) -> bytes:
        frame, self.says = self.says[:FRAME], self.says[FRAME:]
        return frame.ljust(FRAME, b"\0")


class Microphone(AsyncEventHandler):
    """Gives what is heard in the room, in real time."""

    def __init__(self, room: Room, *given: asyncio.StreamReader) -> None:
        super().__init__(*given)
        self._room = room

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(Event("info", {"mic": [{"name": "far"}]}))
            await self.write_event(AudioStart(16_000, 2, 1).event())
            self._room.begun += 1
            with contextlib.suppress(OSError):
                while True:
                    chunk = AudioChunk(16_000, 2, 1, self._room.frame())
                    await self.write_event(chunk.event())
                    await asyncio.sleep(0.08)
        return False


@dataclass
class Peer:
    """Home Assistant: it waits for sound, and counts it."""

    events: list[Event] = field(default_factory=list)

    async def listen(self, where: str) -> None:
        async with AsyncClient.from_uri(where) as line:
            await line.write_event(RunSatellite().event())
            while (event := await line.read_event()) is not None:
                self.events.append(event)

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def sound(self) -> bytes:
        return b"".join(event.payload or b"" for event in self.events)


@dataclass
class House:
    """All of it."""

    room: Room
    peer: Peer
    core: list[dict]
    """The core's events."""

    async def say(self, pcm: bytes, is_over: Callable[[], bool]) -> None:
        """Speak in the room, again where it was not heard, until it is dealt with."""
        for _ in range(5):
            self.room.speak(pcm + bytes(64_000))
            with contextlib.suppress(TimeoutError):
                await until(lambda: not self.room.says and is_over(), 20)
                return
        raise AssertionError(self.core)


@contextlib.asynccontextmanager
async def house(folder: Path, policy: str) -> AsyncIterator[House]:
    """Run it, until a core hears the room and a peer waits."""
    (folder / "policy.yaml").write_text(policy)
    satellite, microphone = uri(), f"unix://{folder / 'far.sock'}"
    wyoming = {"satellite": satellite, "satellite_for": "127.0.0.1", "microphone": microphone}
    settings = folder / "settings.yaml"
    settings.write_text(
        json.dumps(
            {
                "policies": {"files": [str(folder / "policy.yaml")]},
                "microphone": {"device": "wyoming"},
                "voice": {"engine": "none"},
                "wyoming": wyoming,
            }
        )
    )
    words = (SOTTO, "--config", settings, "--state", folder / "state")
    made = House(Room(), Peer(), [])
    server = AsyncServer.from_uri(microphone)
    async with contextlib.AsyncExitStack() as stack:
        hearing = asyncio.create_task(server.run(lambda *given: Microphone(made.room, *given)))
        stack.callback(hearing.cancel)
        stack.enter_context(captured(folder / "packets.pcap"))
        log = folder / "wyoming.log"
        await stack.enter_async_context(process(*words, "wyoming", log=log))
        await until(lambda: b"satellite: at" in log.read_bytes(), 60)
        pipe = asyncio.subprocess.PIPE
        core = await stack.enter_async_context(
            process(*words, "run", "--json", log=folder / "core.log", stdout=pipe)
        )

        async def follow() -> None:
            async for line in core.stdout:
                made.core.append(json.loads(line))

        for each in (made.peer.listen(satellite), follow()):
            stack.callback(asyncio.create_task(each).cancel)
        await until(lambda: made.room.begun > 0, 120)
        yield made


def unlike(path: Path) -> bytes:
    """A recording as nobody else has it who speaks on loopback now: with a little noise."""
    samples = np.frombuffer(sound_of(path), "<i2").astype(int)
    samples += np.random.default_rng().integers(-8, 9, len(samples))
    return samples.clip(-(1 << 15), (1 << 15) - 1).astype("<i2").tobytes()


def wake_word_ends(pcm: bytes) -> int:
    """The byte at which the first word ends, before a pause of a fifth of a second."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(int))
    loud = np.flatnonzero(samples > 400)
    pauses = np.flatnonzero(np.diff(loud) > 3200)
    return int(loud[pauses[0]]) * 2


def pieces(pcm: bytes) -> dict[int, bytes]:
    """Pieces of the sound by where they begin, but for the quiet ones."""
    found = {at: pcm[at : at + PIECE] for at in range(0, len(pcm) - PIECE, 320)}
    return {
        at: piece for at, piece in found.items() if piece.count(0) < 2 and pcm.count(piece) == 1
    }


def seen(folder: Path, pcm: bytes) -> list[int]:
    """Where the pieces begin that are in a packet of loopback."""
    packets = (folder / "packets.pcap").read_bytes()
    return [at for at, piece in pieces(pcm).items() if piece in packets]


async def test_without_a_release_no_sound_leaves(tmp_path, recordings):
    pcm = unlike(recordings / "alexa_time.flac")
    async with house(tmp_path, "version: 1\nextends: household\n") as all_of:
        done = lambda: any(event["event"] == "reply" for event in all_of.core)  # noqa: E731
        await all_of.say(pcm, done)
        await until(lambda: "error" in all_of.peer.kinds)
    assert all_of.peer.sound == b""
    assert set(all_of.peer.kinds) == {"error"}
    assert seen(tmp_path, pcm) == []
    assert (tmp_path / "packets.pcap").stat().st_size > 100 or not may_capture()


async def test_with_a_release_only_what_follows_the_wake_word_leaves_and_so_long(
    tmp_path, recordings
):
    """The words before the wake word, the wake word itself, and what comes too late stay here."""
    before, woken = (unlike(recordings / f"{name}.flac") for name in ("cmd_milk", "alexa_call"))
    pcm = before + woken
    async with house(tmp_path, BRIEF) as all_of:
        await all_of.say(pcm, lambda: "audio-stop" in all_of.peer.kinds)
        await until(lambda: any(event["event"] == "utterance" for event in all_of.core))
    assert sum(event["event"] == "wake" for event in all_of.core) == 1
    sound = all_of.peer.sound
    assert len(sound) == 32_000
    begins = pcm.find(sound[:FRAME])
    assert sound == pcm[begins : begins + 32_000]
    assert begins > len(before) + wake_word_ends(woken) - FRAME
    if may_capture():
        places = seen(tmp_path, pcm)
        assert len(places) > 20
        assert min(places) >= begins
        assert max(places) < begins + 32_000
