"""Tells whether an open microphone still hears; it knows times only as they are told."""

from __future__ import annotations

from collections import deque

STALLED = 0.8
"""Seconds without a callback after which a device that was heard is given up."""
FIRST_SOUND = 5.0
"""Seconds a device may take until its first callback (a new sink of PulseAudio takes two)."""
SETTLING = 0.5
"""Seconds after the first callback in which sound that had waited may come all at once."""
WINDOW = 4.0
"""Seconds over which the rate of the samples is watched."""
ASTRAY = 1.0
"""Seconds of sound too much or too little in that window: 25 % for long, or more for less.
A hiccup that a device makes up for is shorter: it would be a stall."""
SILENT = 10.0
"""Seconds of samples that are exactly zero after which a device is called silent."""


class Health:
    """How an open device does."""

    def __init__(self, opened: float) -> None:
        self.seconds = 0.0
        """Of sound that came since it was opened."""
        self._last = opened
        self._settled: float | None = None
        self._came: deque[tuple[float, float]] = deque()
        self._zeros = 0.0

    @property
    def is_silent(self) -> bool:
        """Whether it gives nothing but zeros, as a muted or missing capsule does."""
        return self._zeros >= SILENT

    def heard(self, arrived: float, seconds: float, *, zeros: bool) -> None:
        """Note sound that came; `zeros`: its samples are exactly zero."""
        self._settled = arrived + SETTLING if self._settled is None else self._settled
        self._last = arrived
        self.seconds += seconds
        self._zeros = self._zeros + seconds if zeros else 0.0
        if arrived < self._settled:
            return
        self._came.append((arrived, seconds))
        while self._came[0][0] < arrived - WINDOW:
            self._came.popleft()

    def is_stalled(self, now: float) -> bool:
        """Whether it has been without a callback for too long."""
        return now - self._last > (STALLED if self.seconds else FIRST_SOUND)

    def is_astray(self) -> bool:
        """Whether its samples come at another rate than it says."""
        if len(self._came) < 2:
            return False
        elapsed = self._came[-1][0] - self._came[0][0]
        sound = sum(seconds for _, seconds in self._came) - self._came[0][1]
        return abs(sound - elapsed) > ASTRAY
