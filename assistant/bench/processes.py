"""What a process takes: memory, threads, descriptors, processor time; from /proc."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MEBIBYTE = 1024.0
"""KiB."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """A process at one moment."""

    resident: float
    """MiB that are in memory, shared with others or not (RSS)."""
    proportional: float
    """MiB, with what is shared counted as a share (PSS)."""
    threads: int
    descriptors: int
    processor: float
    """Seconds so far, in user and system mode."""


def footprint(process: int | None = None) -> Footprint:
    """Look at a process; None: this one. Raises OSError where it is gone."""
    place = Path(f"/proc/{process or 'self'}")
    sizes = {}
    for line in (place / "smaps_rollup").read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        sizes[name] = int(size) / MEBIBYTE
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    return Footprint(
        resident=sizes["Rss:"],
        proportional=sizes["Pss:"],
        threads=int(fields[17]),
        descriptors=len(list((place / "fd").iterdir())),
        processor=(int(fields[11]) + int(fields[12])) / TICKS,
    )


def children(process: int) -> list[int]:
    """The processes that it started, theirs included."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *children(child)]
    return found


def slope(points: Sequence[tuple[float, float]]) -> float:
    """How steeply values rise: the line of least squares through (x, value)."""
    middle = sum(x for x, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (value - mean) for x, value in points) / spread if spread else 0.0
