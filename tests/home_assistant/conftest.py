"""Sotto's processes beside a real Home Assistant, and a satellite without wake word elsewhere.

It runs in an environment of its own (`make home-assistant-test`): Home Assistant 2024.3.3 pins
other versions than ours. `SOTTO` names our `sotto`, `SOTTO_PYTHON` our Python.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest
import zeroconf
from homeassistant.components.wyoming.const import DOMAIN
from homeassistant.setup import async_setup_component
from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, Satellite
from wyoming.satellite import RunSatellite
from wyoming.server import AsyncEventHandler, AsyncTcpServer

RECORDINGS = Path(__file__).parent.parent / "audio"
SOON = 90.0
"""Seconds in which what a test waits for comes, on a busy machine."""
POLICY = """
version: 1
extends: household
sharing:
  home-assistant:
    purpose: service
    retention_period: P1D
    budget: {bits_per_message: 1, bits_per_day: 1, messages_per_day: 1000}
    audio: {seconds: 15}
consent:
  sound:
    data_subject: household
    personal_data: audio
    purpose: service
    recipient: home-assistant
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: household}
"""
SETTINGS = """
microphone: {{device: wyoming}}
policies: {{files: [{policy}]}}
wyoming:
  asr: tcp://127.0.0.1:{asr}
  wake: tcp://127.0.0.1:{wake}
  satellite: tcp://127.0.0.1:{satellite}
  satellite_for: 127.0.0.1
  microphone: tcp://127.0.0.1:{microphone}
  announce: true
  name: Kitchen
"""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def sound_of(name: str) -> bytes:
    """A recording's samples; our environment has what reads FLAC, this one has not."""
    read = (
        "import sys, soundfile as f;"
        "sys.stdout.buffer.write(f.read(sys.argv[1], dtype='int16')[0].tobytes())"
    )
    words = [os.environ["SOTTO_PYTHON"], "-c", read, str(RECORDINGS / f"{name}.flac")]
    return subprocess.run(words, check=True, capture_output=True).stdout


class Sotto:
    """Where its services are, and its processes."""

    def __init__(self, directory: Path) -> None:
        self.ports = {name: free_port() for name in ("asr", "wake", "satellite", "microphone")}
        self.state = directory / "state"
        self.settings = directory / "settings.yaml"
        policy = directory / "policy.yaml"
        policy.write_text(POLICY)
        self.played = directory / "played"
        player = directory / "bin" / "pacat"
        player.parent.mkdir()
        player.write_text(f"#!/bin/sh\ncat >> {self.played}\n")
        player.chmod(0o755)
        self.environment = os.environ | {"PATH": f"{player.parent}:{os.environ['PATH']}"}
        self.settings.write_text(SETTINGS.format(policy=policy, **self.ports))

    @contextlib.asynccontextmanager
    async def running(self, command: str):
        words = [os.environ["SOTTO"], "--config", str(self.settings), "--state", str(self.state)]
        log = (self.settings.parent / f"{command}.log").open("w")
        process = await asyncio.create_subprocess_exec(
            *words, "--json", command, stdout=log, stderr=log, env=self.environment
        )
        try:
            yield process
        finally:
            process.terminate()
            await process.wait()
            log.close()

    def log(self, command: str) -> str:
        return (self.settings.parent / f"{command}.log").read_text()

    async def said(self, command: str, text: str) -> None:
        """Wait until a line is in the log."""
        async with asyncio.timeout(SOON):
            while text not in self.log(command):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


class Elsewhere(AsyncEventHandler):
    """A satellite that streams a recording, as fast as it was spoken, and then silence."""

    pcm = b""
    speak: asyncio.Event

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            satellite = Satellite(
                name="elsewhere", attribution=Attribution("", ""), installed=True,
                description=None, version=None,
            )  # fmt: skip
            await self.write_event(Info(satellite=satellite).event())
        elif RunSatellite.is_type(event.type):
            self.streaming = asyncio.create_task(self._stream())
        return True

    async def disconnect(self) -> None:
        self.streaming.cancel()

    async def _stream(self) -> None:
        with contextlib.suppress(ConnectionError):  # our process ends before this
            await self._stream_for_ever()

    async def _stream_for_ever(self) -> None:
        await self.write_event(AudioStart(16_000, 2, 1).event())
        loop = asyncio.get_running_loop()
        began, sent, waiting = loop.time(), 0, b""
        while True:
            if self.speak.is_set():
                self.speak.clear()
                waiting += self.pcm
            piece, waiting = waiting[:2560].ljust(2560, b"\0"), waiting[2560:]
            await self.write_event(AudioChunk(16_000, 2, 1, piece).event())
            sent += 1
            await asyncio.sleep(began + sent * 0.08 - loop.time())


@pytest.fixture
async def elsewhere(sotto):
    """The satellite; set `speak` and it does."""
    Elsewhere.speak = asyncio.Event()
    server = AsyncTcpServer("127.0.0.1", sotto.ports["microphone"])
    running = asyncio.create_task(server.run(Elsewhere))
    yield Elsewhere
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(autouse=True)
async def home(hass, tmp_path):
    """What every Home Assistant has, but for ffmpeg: what it would convert stays as it is."""
    hass.config.config_dir = str(tmp_path)  # it keeps what it once said
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text('#!/bin/sh\nfor last; do :; done\ncat > "$last"\n')
    ffmpeg.chmod(0o755)
    for part in ("homeassistant", "media_source", "conversation", "assist_pipeline"):
        assert await async_setup_component(hass, part, {"ffmpeg": {"ffmpeg_bin": str(ffmpeg)}})
    await hass.async_block_till_done()


@pytest.fixture
def sotto(tmp_path, socket_enabled):
    """Our processes, with settings; nothing runs yet."""
    return Sotto(tmp_path)


class OnLoopback(zeroconf.Zeroconf):
    """mDNS on loopback, which Home Assistant leaves out of the interfaces it looks at."""

    def __init__(self, **_arguments: object) -> None:
        super().__init__(interfaces=["127.0.0.1"], ip_version=zeroconf.IPVersion.V4Only)

    def close(self) -> None:
        """Home Assistant's closes nothing here; see `ha_close`."""

    def ha_close(self) -> None:
        super().close()


@pytest.fixture
async def mdns(hass):
    """Home Assistant's own discovery, with real packets."""
    with patch("homeassistant.components.zeroconf.HaZeroconf", OnLoopback):
        assert await async_setup_component(hass, "zeroconf", {"zeroconf": {}})
        await hass.async_block_till_done()
        yield


async def discovered(hass, names: set[str]) -> dict[str, dict]:
    """Wait until Home Assistant offers to add these; its flows by name."""
    async with asyncio.timeout(SOON):
        while True:
            flows = {
                flow["context"]["title_placeholders"]["name"]: flow
                for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
                if "title_placeholders" in flow["context"]
            }
            if names <= flows.keys():
                return flows
            await asyncio.sleep(0.1)


async def add(hass, flow) -> object:
    """Click on Submit; the entry."""
    done = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert done["type"] == "create_entry"
    await hass.async_block_till_done()
    return done["result"]
