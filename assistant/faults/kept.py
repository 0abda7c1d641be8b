"""Remembers what the daemon acknowledged, and holds its store to it."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

from assistant.commands import control
from assistant.faults.lines import Line

LATE = 150.0
"""Seconds after its end within which a row has to be gone: a minute each for its rounding, the
sweep, and half a minute for us."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row that was acknowledged."""

    ends: float
    """By the clock that tells `Kept` the time."""


class Kept:
    """Every row that was acknowledged, by its number."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self.acknowledged = 0
        """How many there were so far."""
        self.released = 0
        """Messages that were acknowledged to be on their way out."""
        self.excused = 0
        """How many were lost with damaged storage, which said so."""

    def hear(self, lines: list[Line], offset: float) -> None:
        """Remember what these lines acknowledge; `offset` leads from their clock to ours."""
        for line in lines:
            event = line.event
            if event.get("event") == "kept" and event["category"] == "outbox":
                self.released += 1
            elif event.get("event") == "kept":
                self._rows[event["row"]] = Row(line.at + offset + event["seconds"])
                self.acknowledged += 1

    def problems(self, listed: set[int], now: float) -> list[str]:
        """What is lost though it was acknowledged, or there though its time was over."""
        lost = [number for number, row in self._rows.items() if row.ends > now + 60]
        lost = [number for number in lost if number not in listed]
        late = [number for number, row in self._rows.items() if row.ends < now - LATE]
        late = [number for number in late if number in listed]
        found = [f"row {number} was acknowledged and is lost" for number in lost]
        found += [f"row {number} is there after its time" for number in late]
        for number in [number for number, row in self._rows.items() if row.ends < now - LATE]:
            del self._rows[number]
        return found

    def ended(self, now: float) -> set[int]:
        """Rows whose time is over by now, or is about to be."""
        return {number for number, row in self._rows.items() if row.ends <= now + 60}

    def excuse(self, listed: set[int]) -> None:
        """Storage was damaged and said what is missing: only what is left can be asked for."""
        gone = self._rows.keys() - listed
        self.excused += len(gone)
        for number in gone:
            del self._rows[number]


def ask(state: Path, command: str, action: str, **more: object) -> tuple[int | None, str, str]:
    """Ask the daemon in a state directory: exit status (None: none runs), output, errors."""
    out, errors = io.StringIO(), io.StringIO()
    request = {"command": command, "action": action, "json": True, **more}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = control.ask(state, request)
    return status, out.getvalue(), errors.getvalue()


def rows(state: Path) -> tuple[set[int], str]:
    """The numbers of the rows that are kept, and what is said of those that are missing.

    Messages that wait to be sent are none of them: they go when they were.
    """
    nothing = {"since": None, "until": None, "subject": None, "category": None}
    status, out, errors = ask(state, "data", "list", **nothing)
    if status != 0:
        raise OSError(f"the daemon does not list what is kept: {errors.strip()}")
    listed = map(json.loads, out.splitlines())
    return {int(row["id"]) for row in listed if row["category"] != "outbox"}, errors.strip()
