"""Words for the places where a template takes free speech, which a grammar can't."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILES = {
    "shopping_list_item": "items.txt",
    "todo_list_item": "items.txt",
    "timer_name": "timers.txt",
}


@cache
def free_speech(name: str) -> tuple[str, ...]:
    """The phrases that a wildcard list stands for; none: sentences with it can't be heard."""
    file = _FILES.get(name)
    if file is None:
        return ()
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line and line[0] != "#")
