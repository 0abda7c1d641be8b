"""`sotto listen`: one utterance from the microphone, without a wake word."""

from __future__ import annotations

import argparse
import asyncio
import sys

from assistant import build, state
from assistant.commands import options, printing
from assistant.events import Done, Event, Failed
from assistant.runtime import Assistant
from assistant.settings import Settings
from pipeline.ports import Source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    options.add_recognizer(parser)
    options.add_home(parser)
    parser.add_argument("--show-raw", action="store_true", help="print what was really said, too")


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Hear one utterance and deal with it; 1 if nothing was said or it failed."""
    report = printing.reporter(as_json=parsed.json, show_raw=parsed.show_raw)
    heard: list[Event] = []

    def watch(event: Event) -> None:
        heard.append(event)
        report(event)

    settings = options.apply(parsed, settings)
    directory = state.directory(parsed.state)
    with build.agreement(settings, directory, always=False) as under:
        assistant = build.assistant(
            settings, state=directory, report=watch, wake=False, speak=True, under=under
        )
        microphone = build.microphone(settings, directory)
        if not parsed.json:
            print("speak now", file=sys.stderr)
        asyncio.run(_listen(assistant, microphone))
    if any(isinstance(event, Failed) for event in heard):
        return 1
    return 0 if any(isinstance(event, Done) for event in heard) else _nothing()


async def _listen(assistant: Assistant, microphone: Source) -> None:
    async with assistant:
        await assistant.listen_once(microphone)


def _nothing() -> int:
    print("sotto: nothing was said; `sotto check` lists the microphones", file=sys.stderr)
    return 1
