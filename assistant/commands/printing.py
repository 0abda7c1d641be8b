"""How events are shown: a JSON object a line, or a time line for people."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from assistant.events import (
    Alarmed,
    Closed,
    Decided,
    Done,
    Event,
    Failed,
    Kept,
    Noted,
    Redacted,
    Replied,
    Sent,
    SourceOpened,
    Understood,
    Woken,
)

RAW_WARNING = "sotto: --show-raw prints what was really said; keep this output to yourself"
_EFFECTS = {"allow": "allowed", "confirm": "needs a yes", "refuse": "refused"}


def reporter(
    *, as_json: bool, show_raw: bool = False, leaving: bool = False
) -> JsonLines | TimeLine:
    """Give the function that prints events; `leaving` adds what could leave the device."""
    if show_raw:
        print(RAW_WARNING, file=sys.stderr)
    return JsonLines(show_raw=show_raw) if as_json else TimeLine(show_raw=show_raw, leaving=leaving)


class JsonLines:
    """Prints every event as one line of JSON."""

    def __init__(self, *, show_raw: bool) -> None:
        self._show_raw = show_raw

    def end(self) -> None:
        """Nothing more to print."""

    def __call__(self, event: Event) -> None:
        """Print one event at once; what is only counted is not."""
        if not isinstance(event, Noted):
            print(json.dumps(fields(event, show_raw=self._show_raw)), flush=True)


class TimeLine:
    """Prints what was heard, decided and done, in words."""

    def __init__(self, *, show_raw: bool, leaving: bool) -> None:
        self._show_raw = show_raw
        self._leaving = leaving
        self._is_quiet = False
        bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._head, self._tail = ("\x1b[1m", "\x1b[0m") if bold else ("", "")

    def __call__(self, event: Event) -> None:
        """Print one event at once."""
        if isinstance(event, SourceOpened):
            self.end()
        self._is_quiet = isinstance(event, SourceOpened)
        for label, text in self._rows(event):
            print(f"  {label:<12}{text}" if label else text, flush=True)

    def end(self) -> None:
        """Say so where nothing came of the last recording."""
        if self._is_quiet:
            print("  slept       no wake word and no command: nothing was listened to", flush=True)
        self._is_quiet = False

    def _rows(self, event: Event) -> list[tuple[str, str]]:  # noqa: PLR0911, PLR0912  # an event, a row
        match event:
            case SourceOpened():
                length = "" if event.seconds is None else f"  ({event.seconds:.1f} s)"
                return [("", f"\n{self._head}{event.audio}{self._tail}{length}")]
            case Woken():
                return [("woke", f"at {event.at:.2f} s by {event.phrase} ({event.score:.2f})")]
            case Closed():
                span = f"{event.start:.2f} to {event.end:.2f} s"
                return [("listened", f"{span}, ended by {_why(event)}")]
            case Redacted():
                return self._heard(event)
            case Understood():
                return [("meant", self._meaning(event)), *self._departure(event)]
            case Decided():
                return [("decided", f"{_EFFECTS[event.effect]} ({event.rule})")]
            case Replied():
                return [("replied", event.text)]
            case Kept():
                days = event.seconds / 86_400
                return [("kept", f"{event.category}, for {event.purpose}, {days:g} days")]
            case Sent():
                return [("sent", f"{event.intent} to {event.destination}: {event.payload}")]
            case Done():
                return [("took", _times(event))]
            case Failed():
                return [("error", event.reason)]
            case Alarmed():
                return [("alarm", f"{event.kind}{'' if event.on else ': over'}")]
            case Noted():
                return []

    def _heard(self, event: Redacted) -> list[tuple[str, str]]:
        if not event.text:
            return [("heard", "nothing that is a command")]
        rows = [("heard", f"{self._head}{event.text}{self._tail} ({event.confidence:.2f})")]
        if self._show_raw and event.raw is not None:
            rows.append(("raw", event.raw.reveal()))
        return rows

    def _meaning(self, event: Understood) -> str:
        if event.name is None:
            return "no intent"
        return f"{event.name} {_slots(event.slots)}".rstrip()

    def _departure(self, event: Understood) -> list[tuple[str, str]]:
        if not self._leaving or event.name is None:
            return []
        shared = f"{event.name} {_slots(event.closed)}".rstrip()
        return [("left", f"nothing; were it shared, no more than: {shared}")]


def fields(event: Event, *, show_raw: bool = False) -> dict[str, Any]:
    """The event's fields; the raw words only where they were asked for."""
    plain = event.fields()
    if show_raw and isinstance(event, Redacted) and event.raw is not None:
        plain["raw"] = event.raw.reveal()
    return plain


def _why(event: Closed) -> str:
    reasons = {
        "complete": "a complete command",
        "end": "the end of the recording",
        "limit": "the longest time",
    }
    return reasons.get(event.closed_by, event.closed_by)


def _slots(slots: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value!r}" for name, value in slots.items())


def _times(event: Done) -> str:
    steps = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in event.seconds.items())
    return f"{steps}; recognizer at {event.rtf:.2f} of real time"
