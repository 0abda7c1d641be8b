"""Lines of text or JSON as a stream of bytes gives them, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from assistant.private import Private

LONGEST = 1 << 20
"""Bytes of a line; a longer one is skipped, so no line fills the memory."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says, or why it can't be read: never a word of it."""

    number: int
    """From 1."""
    id: Any = None
    """As it came with the line; the line's number where none came."""
    segments: tuple[Private[str], ...] = ()
    whole: bool = True
    """One text, and no segments of a conversation."""
    problem: str = ""


def lines(stream: IO[bytes]) -> Iterator[Line]:
    """Read until the stream ends.

    A line that begins with "{" is JSON, and after the first one all are; other lines are text.
    Among JSON, blank lines say nothing.
    """
    is_json = False
    for number, raw in enumerate(_cut(stream), start=1):
        if raw is None:
            yield Line(number, problem=f"longer than {LONGEST} bytes")
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            yield Line(number, problem="not UTF-8")
            continue
        is_json = is_json or text.lstrip().startswith("{")
        if not is_json:
            yield Line(number, number, (Private(text),))
        elif text.strip():
            yield _parsed(number, text)


def _cut(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Each line with its end, or None in the place of one that is too long."""
    while raw := stream.readline(LONGEST):
        if len(raw) < LONGEST or raw.endswith(b"\n"):
            yield raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = stream.readline(LONGEST)
        yield None


def _parsed(number: int, text: str) -> Line:
    try:
        values = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Line(number, problem="not JSON")
    if not isinstance(values, dict):
        return Line(number, problem="not a JSON object")
    whole, segments = values.get("text"), values.get("segments")
    name = values.get("id", number)
    if isinstance(whole, str) and segments is None:
        return Line(number, name, (Private(whole),))
    texts = segments if isinstance(segments, list) and whole is None else [None]
    if all(isinstance(segment, str) for segment in texts):
        return Line(number, name, tuple(map(Private, texts)), whole=False)
    return Line(number, problem='expected "text" (a string) or "segments" (a list of strings)')


def _refuse(_constant: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError
