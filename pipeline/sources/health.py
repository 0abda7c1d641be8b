"""Tells whether an open microphone still hears; it knows times only as they are told."""

from __future__ import annotations

from collections import deque

STALLED = 0.8
"""Seconds without a callback after which a device that was heard is given up."""
FIRST_SOUND = 5.0
"""Seconds a device may take until its first callback (a new sink of PulseAudio takes two)."""
STRETCH = 5
"""Chunks over which a pace is taken; single ones come two or three at a time."""
FAST, SLOW = 7, 15
"""Stretches in a row that must all come too fast or too slowly. A wrong rate does that; a
busy computer lets sound wait and then has it all at once."""
ASTRAY = 1.25
"""How many times too fast or too slow is a wrong rate."""
SILENT = 10.0
"""Seconds of samples that are exactly zero after which a device is called silent."""


class Health:
    """How an open device does."""

    def __init__(self, opened: float) -> None:
        self.seconds = 0.0
        """Of sound that came since it was opened."""
        self._opened = opened
        self._last = opened
        self._zeros = 0.0
        self._stretch: list[float] = []
        self._begun: float | None = None
        self._paces: deque[float] = deque(maxlen=SLOW)

    @property
    def is_silent(self) -> bool:
        """Whether it gives nothing but zeros, as a muted or missing capsule does."""
        return self._zeros >= SILENT

    def heard(self, arrived: float, seconds: float, *, zeros: bool) -> None:
        """Note sound that came; `zeros`: its samples are exactly zero."""
        self._last = arrived
        self.seconds += seconds
        self._zeros = self._zeros + seconds if zeros else 0.0
        self._stretch.append(seconds)
        if self._begun is None or len(self._stretch) == STRETCH:
            if self._begun is not None:
                self._paces.append((arrived - self._begun) / sum(self._stretch))
            self._begun = arrived
            self._stretch.clear()

    def is_stalled(self, now: float) -> bool:
        """Whether it has been without a callback for too long."""
        return now - self._last > (STALLED if self.seconds else FIRST_SOUND)

    def is_astray(self) -> bool:
        """Whether its samples come at another rate than it says.

        Sound that only waited is never more than the time since the device was opened.
        """
        paces = list(self._paces)
        more_than_time = self.seconds > self._last - self._opened
        if more_than_time and len(paces) >= FAST and max(paces[-FAST:]) < 1 / ASTRAY:
            return True
        return len(paces) == SLOW and min(paces) > ASTRAY
