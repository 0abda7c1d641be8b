"""Counts of values in buckets, as Prometheus wants them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from threading import Lock


class Histogram:
    """Any thread may add; the single values are not kept."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Take the upper bounds of the buckets, in order; one without bound comes after them."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._lock = Lock()

    def add(self, value: float) -> None:
        """Count a value."""
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value

    def read(self) -> tuple[list[tuple[str, int]], float, int]:
        """Buckets as (upper bound, how many were no larger), the sum, the count."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        buckets = list(_running(zip((*map(_text, self._bounds), "+Inf"), counts, strict=True)))
        return buckets, total, buckets[-1][1]


def _running(counts: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    so_far = 0
    for bound, count in counts:
        so_far += count
        yield bound, so_far


def _text(bound: float) -> str:
    return f"{bound:g}"
