"""Stops the ear for a while, or until somebody says otherwise; it survives a restart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from assistant.errors import AssistantError, StateError
from assistant.skill import Reply
from storage.files import read_private, write_private

log = logging.getLogger(__name__)

NAME = "not-listening"
"""The file in the state directory: until when, in unix seconds, or nothing: until told."""
AGAIN = "I'm listening again."
LONGEST = 48 * 3600.0
"""Seconds that it lasts, but for "until told": "until tomorrow at nine" is the longest."""
_LARGEST = 64
"""Bytes of the file."""


class Pause:
    """Whether nobody may be heard now. The ear's thread asks; any thread may change it.

    The file holds a number and no more, so it is kept whatever the policy says: without it a
    restart would listen to those who said it must not. One that can't be read means "until told".
    """

    def __init__(self, directory: Path | None, now: Callable[[], float] = time.time) -> None:
        """`directory` is where it survives a restart; None: it doesn't."""
        self._path = None if directory is None else directory / NAME
        self._now = now
        self._until: float | None = None
        """Unix seconds; infinity: until told; None: it listens."""
        self._ended = False
        if self._path is not None and self._path.exists():
            self._until = _read(self._path, now())
            log.warning("not listening: somebody said so; `sotto listen-again` ends it")

    def is_on(self) -> bool:
        """Whether the ear is stopped now."""
        until = self._until
        if until is None:
            return False
        if self._now() < until:
            return True
        self.end()
        return False

    def pause(self, seconds: float | None) -> None:
        """Hear nothing for so long, wake words included; None: until told."""
        self._until = float("inf") if seconds is None else self._now() + seconds
        self._ended = False
        if self._path is None:
            return
        try:
            write_private(self._path, b"" if seconds is None else f"{self._until:.0f}".encode())
        except AssistantError as error:
            log.error("a restart would listen again: %s", error)

    def end(self) -> bool:
        """Listen again; whether it did not before."""
        was = self._until is not None
        self._until = None
        self._ended = was
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                log.error("%s: %s; a restart would not listen", self._path, error.strerror)
        return was

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Say it when it is over, until cancelled."""
        while True:
            if not self.is_on() and self._ended:
                self._ended = False
                announce(Reply(AGAIN))
            await asyncio.sleep(1.0)


def end_elsewhere(directory: Path) -> bool:
    """End it where no daemon runs; whether there was one."""
    path = directory / NAME
    was = path.exists()
    path.unlink(missing_ok=True)
    return was


def _read(path: Path, now: float) -> float:
    try:
        text = read_private(path, _LARGEST)
        # A clock that was set back makes it no longer than it can be asked for.
        return min(int(text), now + LONGEST) if text else float("inf")
    except (OSError, StateError, ValueError):
        log.error("%s can't be read: not listening until `sotto listen-again`", path)
        return float("inf")
