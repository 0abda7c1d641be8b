"""`sotto check`: what works here, what is missing and how to get it."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from typing import Literal, TypeAlias

from assistant import describe, state
from assistant.commands import options
from assistant.commands.check_beyond import beyond
from assistant.commands.check_proofs import proofs
from assistant.errors import AssistantError, outline
from assistant.microphones import ELSEWHERE
from assistant.settings import Settings
from pipeline.sources.microphone import input_devices

State: TypeAlias = Literal["ok", "note", "missing"]
"""missing: Sotto can't run so; note: something is less than it could be."""
PACKAGES = ("assistant", "pipeline", "plugins", "policies", "storage")
_MARKS = {"ok": "ok", "note": "note", "missing": "MISSING"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check."""

    part: str
    state: State
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    options.add_recognizer(parser)
    options.add_home(parser)


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Try every part; 1 if `sotto run` could not run."""
    settings = options.apply(parsed, settings)
    logging.disable(logging.WARNING)  # what a part would log is said here in its line
    findings = []
    for finding in _all(parsed, settings):
        findings.append(finding)
        if not parsed.json:
            print(f"{_MARKS[finding.state]:<9}{finding.part:<14}{finding.text}", flush=True)
    if parsed.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    missing = [finding for finding in findings if finding.state == "missing"]
    if missing and not parsed.json:
        print(f"\n`sotto run` can't run: see {', '.join(f.part for f in missing)} above.")
    return 1 if missing else 0


def _all(parsed: argparse.Namespace, settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", "ok", str(parsed.config or "no file: every default"))
    yield _namespace()
    yield _try("home", lambda: describe.home(settings, state.directory(parsed.state)))
    if settings.home_assistant.url is not None:
        yield _try("house", lambda: describe.home_assistant(settings))
    yield _try("wake word", lambda: describe.wake(settings))
    yield _try("recognizer", lambda: describe.recognizer(settings, state.directory(parsed.state)))
    yield _try("memory", lambda: describe.memory(settings))
    yield from _microphones(settings)
    yield _voice(settings)
    if describe.speaks_wyoming(settings):
        yield _try("wyoming", lambda: describe.wyoming(settings, state.directory(parsed.state)))
    for line in beyond(settings, state.directory(parsed.state)):
        yield Finding(*line)
    for line in proofs(settings, state.directory(parsed.state)):
        yield Finding(*line)


def _try(part: str, describe: Callable[[], str]) -> Finding:
    try:
        text = describe()
    except AssistantError as error:
        return Finding(part, "missing", str(error))
    except Exception as error:  # a check says what is wrong, whatever it is
        return Finding(part, "missing", f"failed: {outline(error)}")
    return Finding(part, "note" if text.startswith("note: ") else "ok", text.removeprefix("note: "))


def _namespace() -> Finding:
    """Plain package names are only safe while no other distribution uses them."""
    owners = packages_distributions()
    foreign = {
        owner for name in PACKAGES for owner in owners.get(name, ()) if owner != "sotto-voice"
    }
    if foreign:
        text = f"{', '.join(sorted(foreign))} uses Sotto's package names: give Sotto its own venv"
        return Finding("environment", "missing", text)
    return Finding("environment", "ok", f"Python {sys.version.split()[0]} in {sys.prefix}")


def _microphones(settings: Settings) -> Iterator[Finding]:
    if settings.microphone.device == ELSEWHERE:
        where = settings.wyoming.microphone
        text = "microphone.device is wyoming, and wyoming.microphone names none"
        found: State = "missing" if where is None else "ok"
        yield Finding("microphone", found, text if where is None else f"elsewhere: {where}")
        return
    try:
        devices = input_devices()
    except AssistantError as error:
        yield Finding("microphone", "missing", str(error))
        return
    if not devices:
        text = "no input device was found; plug one in, or start PulseAudio or PipeWire"
        yield Finding("microphone", "missing", text)
        return
    wanted = settings.microphone.device
    chosen = [device for device in devices if device.answers_to(wanted)]
    if not chosen:
        yield Finding("microphone", "missing", f"none answers to {wanted!r}; there are:")
    for device in devices:
        mark = " <- this one" if chosen and device == chosen[0] else ""
        yield Finding("microphone", "ok", f"{device.index}: {device.name}{mark}")


def _voice(settings: Settings) -> Finding:
    engine = settings.voice.engine
    if engine == "none":
        return Finding("voice", "ok", "replies are printed, not spoken")
    if engine == "espeak" and shutil.which("espeak-ng") is None:
        return Finding("voice", "note", "replies are not spoken: apt-get install espeak-ng")
    if engine == "piper" and find_spec("piper") is None:
        return Finding("voice", "note", "replies are not spoken: pip install piper-tts")
    return Finding("voice", "ok", engine)
