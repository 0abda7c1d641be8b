"""What Sotto's own code costs: everything but the engines, which are stand-ins here."""

from __future__ import annotations

import argparse
import asyncio
import time

from assistant import build
from assistant.bench.standins import CountingEndpointer, FixedRecognizer, Frames, SilentWake
from assistant.runtime import Assistant
from assistant.settings import Settings
from assistant.types import FRAME_BYTES, FRAME_SECONDS
from pipeline.listen import Listener, ring_for

UTTERANCE_FRAMES = 30
"""2.4 seconds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--hours", type=float, default=1.0, help="hours of audio (default: 1)")
    parser.add_argument("--utterances", type=int, default=10, help="utterances an hour")


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Send hours of frames through source, ring, listener, runtime, redaction, intent, skill."""
    count = round(arguments.hours * 3600 / FRAME_SECONDS)
    every = max(1, round(3600 / FRAME_SECONDS / max(1, arguments.utterances)))
    events: list[object] = []
    listener = Listener(
        wake=SilentWake(every),
        endpointer=CountingEndpointer(UTTERANCE_FRAMES),
        recognizer=FixedRecognizer("what time is it"),
        ring=ring_for(settings.listen),
    )
    assistant = Assistant(listener, build.mind(settings).parts, events.append)
    started = time.process_time()
    asyncio.run(assistant.replay(Frames(count, bytes(FRAME_BYTES)), "stand-in"))
    seconds = time.process_time() - started
    figures: dict[str, object] = {
        "frames": count,
        "events": len(events),
        "CPU seconds": round(seconds, 2),
        "microseconds a frame": round(seconds / count * 1e6, 1),
    }
    if not arguments.json:
        for name, value in figures.items():
            print(f"{name:<24}{value}")
    return figures
