"""What may be logged of a skill's error: a type that we know, and a place in its own files."""

from __future__ import annotations

import builtins
from pathlib import Path

from assistant.errors import SkillError

_OURS = frozenset(path.name for path in Path(__file__).parent.glob("*.py")) | {"skill.py"}
"""What of ours runs in its process."""
MOST_LINES = 20_000
"""A place further down than this is none: the number could be somebody's."""


def known(error: str, origin: str) -> str:
    """A skill's `Type at file:line`, without what could be speech: it chose those words itself.

    `origin` is the file of the skill, or of its package.
    """
    kind, _, place = error.partition(" at ")
    file, _, line = place.rpartition(":")
    found = getattr(builtins, kind, None)
    is_known = kind == SkillError.__name__ or (
        isinstance(found, type) and issubclass(found, BaseException)
    )
    is_there = file in _OURS | _files(Path(origin)) and line.isdigit() and int(line) <= MOST_LINES
    return f"{kind if is_known else 'an error of its own'} at {place if is_there else 'elsewhere'}"


def _files(origin: Path) -> set[str]:
    """The names of the skill's own files."""
    if origin.name != "__init__.py":
        return {origin.name}
    try:
        return {path.name for path in origin.parent.rglob("*.py")}
    except OSError:
        return {origin.name}
