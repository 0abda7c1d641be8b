"""How long to wait before the next try: twice as long each time, and never in step with others."""

from __future__ import annotations

import random


class Backoff:
    """Waits that grow; each is drawn from the upper half, so that a fleet doesn't come at once."""

    def __init__(self, first: float, longest: float, dice: random.Random | None = None) -> None:
        """Seconds: of the first wait at most, and of any."""
        self._first = first
        self._longest = longest
        self._dice = dice or random.SystemRandom()
        self._tries = 0

    def next(self) -> float:
        """Seconds to wait now."""
        whole = min(self._longest, self._first * 2.0 ** min(self._tries, 40))
        self._tries += 1
        return whole * self._dice.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked: begin anew."""
        self._tries = 0
