"""`sotto demo`: the main job, on recordings that ship with Sotto."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from assistant import build
from assistant.commands import leaving, printing
from assistant.events import Event, SourceOpened
from assistant.settings import HomeSettings, RecognizerSettings, Settings
from pipeline.sources.file import FileSource

RECORDINGS = Path(__file__).parent.parent / "recordings"
"""Synthesised by scripts/make_fixtures.py with espeak-ng and flite."""
DEMO = Settings(
    home=HomeSettings(sentences=(RECORDINGS / "sentences.yaml",)),
    recognizer=RecognizerSettings(engine="grammar"),
)
INTRODUCTION = """\
Sotto hears these recordings as it would hear a microphone: wake word, end of speech, speech
recognition, redaction, intent, decision, reply. All of it happens in this process."""
FAREWELL = """
Nothing left this machine and nothing was kept.
Try your own: sotto replay FILE..., sotto parse "..."."""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add the options of this command: none."""


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Replay the demo's recordings, with its house and its sentences; nothing is kept."""
    if not parsed.json:
        print(INTRODUCTION)
    report = printing.reporter(as_json=parsed.json, leaving=True)
    with tempfile.TemporaryDirectory(prefix="sotto-demo-") as folder:
        assistant = build.assistant(DEMO, state=Path(folder), report=report, wake=True)
        for path in sorted(RECORDINGS.glob("*.flac")):
            source = FileSource(path)
            report(_opened(path, source))
            asyncio.run(assistant.replay(source, path.name))
    report.end()
    leaving.show(as_json=parsed.json)
    if not parsed.json:
        print(FAREWELL)
    return 0


def _opened(path: Path, source: FileSource) -> Event:
    return SourceOpened(path.name, source.seconds)
