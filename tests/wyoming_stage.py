"""Services of `sotto wyoming` on a thread of their own, and peers made of PyPI's wyoming."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import soundfile
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event

from assistant.agreed import Agreed
from assistant.serving import Serving
from assistant.settings import Settings, WyomingSettings
from plugins.wyoming.make import plan, serve
from policies.load import Policies

SOON = 60.0
"""Seconds in which what a test waits for comes, on a busy machine."""

RELEASED = """
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
"""A policy under which raw sound may go to Home Assistant."""


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def uri() -> str:
    """An address of loopback that nobody has."""
    return f"tcp://127.0.0.1:{free_port()}"


def settings(policy: Path | None = None, **wyoming: Any) -> Settings:
    """Settings with these services."""
    made: dict[str, Any] = {"wyoming": WyomingSettings(**wyoming)}
    if policy is not None:
        made["policies"] = {"files": (policy,)}
    return Settings.model_validate(made)


@contextlib.contextmanager
def serving(settings: Settings, state: Path) -> Iterator[None]:
    """Serve until the end of the block."""
    agreed = Agreed(Policies(settings.policies.files), state)
    loop = asyncio.new_event_loop()
    ready, failed = threading.Event(), []

    async def run() -> None:
        opened = asyncio.Event()
        task = asyncio.create_task(
            serve(plan(settings.wyoming), made, settings.wyoming, state, opened)
        )
        waiting = asyncio.create_task(opened.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        ready.set()
        tasks.append(task)
        try:
            await task
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            failed.append(error)

    tasks: list[asyncio.Task[None]] = []
    with contextlib.ExitStack() as stack:
        made = Serving(settings, agreed, state, stack).services(plan(settings.wyoming).services)
        thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
        thread.start()
        try:
            assert ready.wait(SOON)
            assert not failed, failed
            yield
        finally:
            for task in tasks:
                loop.call_soon_threadsafe(task.cancel)
            thread.join(SOON)
            loop.close()
    assert not failed, failed


def sound_of(path: Path) -> bytes:
    """A recording's samples: mono, 16 kHz, 16 bits."""
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == 16_000
    return samples.tobytes()  # type: ignore[no-any-return]


async def send_sound(client: AsyncClient, pcm: bytes, size: int = 2048) -> None:
    """audio-start, chunks, audio-stop."""
    await client.write_event(AudioStart(16_000, 2, 1, timestamp=0).event())
    for start in range(0, len(pcm), size):
        chunk = AudioChunk(16_000, 2, 1, pcm[start : start + size], timestamp=start // 32)
        await client.write_event(chunk.event())
    await client.write_event(AudioStop(timestamp=len(pcm) // 32).event())


async def hear(client: AsyncClient, *kinds: str) -> Event:
    """The next event, of one of these kinds where some are named."""
    async with asyncio.timeout(SOON):
        while True:
            event = await client.read_event()
            assert event is not None, "the service hung up"
            if not kinds or event.type in kinds:
                return event
