"""Ends what rings, when somebody speaks into it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

LATELY = 10.0
"""Seconds for which a "stop" may still mean what was just hushed."""


class Hush:
    """Called to end all that rings; a "stop" that comes after it is answered by silence."""

    def __init__(
        self, stops: Sequence[Callable[[], bool]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`stops` end one kind of ringing each, and say whether there was any."""
        self._stops = stops
        self._clock = clock
        self._last = -LATELY

    def __call__(self) -> bool:
        """End it; whether anything rang."""
        self._last = self._clock()
        return self.stop()

    def stop(self) -> bool:
        """The same, because somebody said so."""
        return sum(stop() for stop in self._stops) > 0

    @property
    def was_lately(self) -> bool:
        """Whether somebody spoke into it just now."""
        return self._clock() - self._last < LATELY
