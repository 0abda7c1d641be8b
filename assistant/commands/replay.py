"""`sotto replay`: recordings through the very same pipeline as the microphone."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from assistant import build, state
from assistant.commands import options, printing
from assistant.errors import SourceError
from assistant.events import Event, Failed, Report, SourceOpened
from assistant.runtime import Assistant
from assistant.settings import Settings
from pipeline.ports import Source
from pipeline.sources.file import FileSource
from pipeline.sources.noisy import NoisySource
from pipeline.sources.paced import Paced
from pipeline.sources.stdin import PcmSource

STDIN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "audio", nargs="+", help="WAV, FLAC or OGG files; - is raw 16 kHz mono PCM on stdin"
    )
    parser.add_argument(
        "--no-wake", action="store_true", help="each file is one utterance; no wake word"
    )
    parser.add_argument("--realtime", action="store_true", help="as fast as it was spoken")
    options.add_recognizer(parser)
    options.add_home(parser)
    parser.add_argument("--noise", type=Path, metavar="FILE", help="mix this noise in")
    parser.add_argument(
        "--snr", type=float, metavar="DB", default=10.0, help="of the mix (default: 10)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which part of the noise is taken")
    parser.add_argument("--show-raw", action="store_true", help="print what was really said, too")


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Replay every file; 1 if any gave an error."""
    report = printing.reporter(as_json=parsed.json, show_raw=parsed.show_raw)
    watch = Watch(report)
    settings = options.apply(parsed, settings)
    directory = state.directory(parsed.state)
    with build.agreement(settings, directory, always=False) as under:
        assistant = build.assistant(
            settings, state=directory, report=watch, wake=not parsed.no_wake, under=under
        )
        asyncio.run(replay_all(assistant, parsed, watch))
    report.end()
    return 1 if watch.failed else 0


class Watch:
    """Passes events on, and remembers whether one was an error."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.failed = False

    def __call__(self, event: Event) -> None:
        """Pass one event on."""
        self.failed = self.failed or isinstance(event, Failed)
        self._report(event)


async def replay_all(assistant: Assistant, parsed: argparse.Namespace, report: Report) -> None:
    """Replay one file after the other; a bad one does not stop the rest."""
    async with assistant:
        for audio in parsed.audio:
            try:
                source, seconds = open_source(audio, parsed)
                report(SourceOpened(audio, seconds))
                await assistant.replay(source, audio, open_at_once=parsed.no_wake)
            except SourceError as error:
                report(Failed(audio, str(error)))


def open_source(audio: str, parsed: argparse.Namespace) -> tuple[Source, float | None]:
    """Open a file, or stdin, with the noise and the pace that were asked for."""
    if audio == STDIN:
        return PcmSource.stdin(), None
    file = FileSource(Path(audio))
    source: Source = file
    if parsed.noise is not None:
        source = NoisySource(
            file, parsed.noise, parsed.snr if parsed.snr is not None else 10.0, parsed.seed
        )
    return (Paced(source) if parsed.realtime else source), file.seconds
