"""A bar on stderr for long work, where somebody watches."""

from __future__ import annotations

import sys
import time

_WIDTH = 32
_PATIENCE = 0.5
"""Seconds of work that nobody needs a bar for."""
_EVERY = 0.1


class Bar:
    """Shows how far work is: on a terminal only, and only where it takes a while."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_watched = sys.stderr.isatty()
        self._next = time.monotonic() + _PATIENCE
        self._is_shown = False

    def __enter__(self) -> Bar:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        if self._is_shown:
            print(f"\r{' ' * (len(self._what) + _WIDTH + 10)}\r", end="", file=sys.stderr)

    def show(self, done: int, total: int) -> None:
        """Show one more step."""
        if not self._is_watched or (now := time.monotonic()) < self._next:
            return
        self._next, self._is_shown = now + _EVERY, True
        share = min(1.0, done / total) if total else 1.0
        full = int(_WIDTH * share)
        line = f"\r{self._what} [{'#' * full}{' ' * (_WIDTH - full)}] {100 * share:3.0f} %"
        print(line, end="", file=sys.stderr, flush=True)
