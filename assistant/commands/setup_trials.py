"""Tries live what was chosen in `sotto setup`; each says in a line what came of it."""

from __future__ import annotations

import asyncio
import itertools
import math
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from assistant import build
from assistant.errors import MicrophoneError, ModelError, PolicyError, RecognitionError
from assistant.events import Event, Redacted, Understood
from assistant.settings import Settings
from assistant.types import FRAME_SECONDS, AudioFrame
from pipeline.engines.wake import wake_detector
from pipeline.sources.microphone import Microphone, MicrophoneState
from policies.check import check
from policies.load import load

LISTENED = 3.0
"""Seconds for which the level of a microphone is watched."""
WAITED = 15.0
"""Seconds in which the wake word has to be said."""
QUIET = -60.0
"""dB below full scale: a room in which nobody speaks is louder in most microphones."""
EXAMPLE = "what time is it"
_WIDTH = 40


def microphone(settings: Settings) -> str:
    """Listen for a moment and show how loud it is. Raises MicrophoneError."""
    loudest = -math.inf
    for frame in _frames(settings, LISTENED, "listening: say something"):
        loudest = max(loudest, level(frame))
        _show(level(frame))
    _clear()
    if loudest == -math.inf:
        raise MicrophoneError("it gives only zeros: it may be muted, or another one is meant")
    if loudest < QUIET:
        raise MicrophoneError(f"hardly a sound: {loudest:.0f} dB at the loudest; is it muted?")
    return f"it hears: {loudest:.0f} dB below full scale at the loudest"


def wake(settings: Settings) -> str:
    """Wait for the wake word. Raises MicrophoneError and ModelError."""
    detector = wake_detector(settings.wake)
    if detector is None:
        return "no wake word: `sotto listen`, or a button"
    said = " or ".join(phrase.phrase.replace("_", " ") for phrase in settings.wake.phrases)
    for frame in _frames(settings, WAITED, f'say "{said}"'):
        _show(level(frame))
        event = detector.feed(frame)
        if event is not None:
            _clear()
            return f"woken by {event.phrase} ({event.score:.2f})"
    _clear()
    raise ModelError(f'"{said}" was not heard in {WAITED:.0f} s')


def recognizer(settings: Settings, state: Path) -> str:
    """Hear one utterance, without a wake word. Raises ModelError, RecognitionError and others."""
    events: list[Event] = []
    quiet = settings.model_copy(update={"policies": type(settings.policies)()})
    assistant = build.assistant(quiet, state=state, report=events.append, wake=False)
    asyncio.run(assistant.listen_once(_prompting(settings, f'say "{EXAMPLE}"')))
    heard = next((event.text for event in events if isinstance(event, Redacted)), "")
    meant = next((event.name for event in events if isinstance(event, Understood)), None)
    if not heard:
        raise RecognitionError("nothing was understood")
    return f'heard "{heard}", which means {meant or "nothing it knows"}'


def policy(settings: Settings) -> str:
    """Prove what the policy can never do. Raises PolicyError."""
    agreed = load(settings.policies.files)
    report = check(agreed, datetime.now().astimezone())
    if not report.holds:
        fault = next(finding for finding in report.findings if finding.level == "error")
        raise PolicyError(f"{fault.entry}: {fault.text}")
    kept = ", ".join(sorted(agreed.retention)) or "nothing"
    to = ", ".join(sorted(agreed.sharing)) or "nobody"
    return f"keeps {kept}; shares with {to}"


def level(frame: AudioFrame) -> float:
    """How loud a frame is, in dB below full scale (RMS); minus infinity for zeros."""
    samples = np.frombuffer(frame.pcm, "<i2").astype(np.float64)
    power = float(np.mean(samples * samples))
    return 10 * math.log10(power / 32768**2) if power else -math.inf


def _frames(settings: Settings, seconds: float, prompt: str) -> Iterator[AudioFrame]:
    """Give what the microphone hears for so long."""
    source = _prompting(settings, prompt)
    until = time.monotonic() + seconds + 5
    try:
        for item in itertools.islice(source.frames(), round(seconds / FRAME_SECONDS)):
            if isinstance(item, AudioFrame):
                yield item
            if time.monotonic() > until:
                break
    finally:
        source.close()


def _prompting(settings: Settings, prompt: str) -> Microphone:
    """The microphone; the prompt is printed as soon as it hears, for people answer at once."""

    def observe(state: MicrophoneState) -> None:
        if state == "listening":
            print(f"  {prompt}", flush=True)

    return Microphone(settings.microphone.device, observe)


def _show(decibels: float) -> None:
    if sys.stdout.isatty():
        full = max(0, min(_WIDTH, round((decibels + 70) / 70 * _WIDTH))) if decibels > -70 else 0
        print(f"\r  [{'#' * full}{' ' * (_WIDTH - full)}]", end="", flush=True)


def _clear() -> None:
    if sys.stdout.isatty():
        print(f"\r{' ' * (_WIDTH + 4)}\r", end="", flush=True)
