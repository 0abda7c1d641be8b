"""The watchdog's food: frames of sound, each once the ear has dealt with it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from assistant.supervised import Supervisor, microseconds
from assistant.types import AudioFrame, Gap
from pipeline.ports import Source

AWAY = 600.0
"""Seconds without a frame for which systemd waits while a microphone is looked for."""


class Watched:
    """A source whose frames feed the watchdog, each once the ear has dealt with it."""

    def __init__(self, source: Source, supervisor: Supervisor, status: str) -> None:
        """`status`: what is said while it gives sound."""
        self._source = source
        self._supervisor = supervisor
        self._status = status
        self._told = 0.0

    def frames(self) -> Iterator[AudioFrame | Gap]:
        """Give what the source gives."""
        away = False
        for item in self._source.frames():
            yield item
            if isinstance(item, Gap):
                away = True
                self._be_patient()
            else:
                self._feed(was_away=away)
                away = False

    def close(self) -> None:
        """Let the source end."""
        self._source.close()

    def _feed(self, *, was_away: bool) -> None:
        """A frame was dealt with."""
        supervisor = self._supervisor
        supervisor.ready(self._status)
        if supervisor.watchdog is None:
            return
        if was_away:
            supervisor.tell(f"WATCHDOG_USEC={microseconds(supervisor.watchdog)}", "WATCHDOG=1")
        elif monotonic() - self._told >= supervisor.watchdog / 8:
            supervisor.tell("WATCHDOG=1")
        else:
            return
        self._told = monotonic()

    def _be_patient(self) -> None:
        """Sound stopped: there are no frames to deal with until the device is back."""
        if self._supervisor.watchdog is not None:
            self._supervisor.tell(f"WATCHDOG_USEC={microseconds(AWAY)}", "WATCHDOG=1")
        if self._supervisor.is_ready:
            self._supervisor.status("no microphone: looking for it")
