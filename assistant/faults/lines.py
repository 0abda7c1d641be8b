"""What processes said, line by line, with the moment in which they said it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line of somebody's output."""

    at: float
    """time.monotonic() when it came."""
    text: str

    @property
    def event(self) -> dict[str, Any]:
        """The event it is, or nothing."""
        if not self.text.startswith("{"):
            return {}
        try:
            value = json.loads(self.text)
        except ValueError:  # cut off where its process was killed
            return {}
        return value if isinstance(value, dict) else {}


def is_event(name: str) -> Callable[[Line], bool]:
    """Whether a line is an event of this name."""
    return lambda line: line.event.get("event") == name


def tells(text: str) -> Callable[[Line], bool]:
    """Whether a line has this text in it."""
    return lambda line: text in line.text


class Lines:
    """Everything a program said, over its restarts. Any thread."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """How many there are by now: a mark from which to look on."""
        with self._changed:
            return len(self._lines)

    def follow(self, stream: IO[str]) -> threading.Thread:
        """Read a stream to its end, on a thread of its own."""
        thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        thread.start()
        return thread

    def since(self, mark: int) -> list[Line]:
        """What was said from a mark on."""
        with self._changed:
            return self._lines[mark:]

    def wait(self, fits: Callable[[Line], bool], mark: int, seconds: float) -> Line | None:
        """The first line from a mark on that fits; None where none comes in time."""
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                for line in self._lines[mark:]:
                    if fits(line):
                        return line
                mark = len(self._lines)
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for text in stream:
                with self._changed:
                    self._lines.append(Line(time.monotonic(), text.rstrip("\n")))
                    self._changed.notify_all()
