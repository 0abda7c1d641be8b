"""A core without its ear: what is understood comes in as lines of text, and all else is real.

    python egress_core.py SETTINGS STATE < sentences

Redaction, parsing, decisions, skills in their sandboxes, the store, releases: as `sotto run` has
them. After each line that was dealt with it prints its number.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

from assistant import build, logs, presenting
from assistant.agreement import agreement
from assistant.events import Event, Replied, Sent
from assistant.observe.state import State
from assistant.private import Private
from assistant.runtime import Assistant
from assistant.settings_file import load
from assistant.types import Transcript, Utterance
from pipeline.listen import Heard
from pipeline.worker import Worker

SOUND = bytes(32_000)
"""A second of silence."""


class Text:
    """A recognizer that has heard this."""

    def __init__(self, text: str) -> None:
        self._text = text

    def finish(self, utterance: Utterance) -> Transcript:
        return Transcript(utterance.id, Private(self._text), 0.9)

    def abandon(self) -> None: ...


def report(event: Event) -> None:
    """Print what left, and what a service said."""
    if isinstance(event, Sent) or (isinstance(event, Replied) and event.text.startswith("cloud:")):
        print(json.dumps(event.fields()), flush=True)


async def main(settings_file: str, state: str) -> None:
    logs.set_up("debug")
    settings = load(Path(settings_file))
    with agreement(settings, Path(state), always=True) as under:
        watched = State()

        def told(event: Event) -> None:
            watched.take(event)
            report(event)

        shows = presenting.presenting(settings, Path(state), under, watched)
        said = told if shows is None else shows.reporter(told)
        parts = build.mind(settings, None, under, said, live=True).parts
        assistant = Assistant(object(), parts, said)  # type: ignore[arg-type]
        async with assistant, shows or contextlib.nullcontext():
            with Worker("mind") as mind:
                number = 0
                while line := await asyncio.to_thread(sys.stdin.readline):
                    number += 1
                    utterance = Utterance(number, 0.0, 1.0, 0.7, "silence", Private(SOUND))
                    await assistant.handle(Heard(utterance, Text(json.loads(line))), mind)
                    print(json.dumps({"event": "line", "id": number}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
    os._exit(0)
