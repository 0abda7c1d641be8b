"""A core without ear and mind, for scripts/torture_door.py: intents come in as lines of numbers.

What follows a grant is all there: the decision, the audit log, the sealed outbox, the link to the
door. It prints the number of each intent that it keeps until it is sent.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from assistant.agreement import agreement
from assistant.events import Event, Kept
from assistant.settings_file import load
from assistant.types import Choice, Number, RedactedIntent
from assistant.way_out import way_out


def report(event: Event) -> None:
    """Say what is kept."""
    if isinstance(event, Kept):
        print(event.id, flush=True)


async def grant_all(settings_file: str, state: str) -> None:
    """Grant an intent for each line of stdin, until there is no more or somebody kills us."""
    settings = load(Path(settings_file))
    with agreement(settings, Path(state), always=True) as under:
        out = way_out(settings, under, (), report, live=True)
        assert out.releasing is not None
        async with out.releasing:
            while line := await asyncio.to_thread(sys.stdin.readline):
                number = int(line)
                slots = {"day": Choice("today"), "hours": Number(number)}
                out.grant(RedactedIntent(number, "GetWeather", slots))


if __name__ == "__main__":
    asyncio.run(grant_all(sys.argv[1], sys.argv[2]))
