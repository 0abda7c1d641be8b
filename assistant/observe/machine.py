"""What the kernel says of this process and the board: /proc and /sys, read when asked."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOT = 80.0
"""Degrees at which a Raspberry Pi begins to slow down."""
SCARCE = 64 * 1024 * 1024
"""Bytes of disk space, below which little can be kept any longer."""
TIGHT = 32 * 1024 * 1024
"""Bytes of memory that the system can still give, below which somebody will soon be ended."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One reading."""

    cpu_seconds: float
    """Of this process, all threads."""
    memory: int
    """Bytes of this process in memory."""
    threads: int
    descriptors: int
    celsius: Mapping[int, float]
    """By thermal zone; empty where the board has no sensor."""
    available: int
    """Bytes of memory that the system could give."""

    @property
    def hottest(self) -> float | None:
        """The highest temperature."""
        return max(self.celsius.values(), default=None)


def read(proc: Path = Path("/proc"), zones: Path = Path("/sys/class/thermal")) -> Machine:
    """Read it; what can't be read is 0, or is not there."""
    own = proc / "self"
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Machine(
        cpu_seconds=used.ru_utime + used.ru_stime,
        memory=_field(own / "statm", 1) * resource.getpagesize(),
        threads=_named(own / "status", "Threads:"),
        descriptors=_count(own / "fd"),
        celsius=_temperatures(zones),
        available=_named(proc / "meminfo", "MemAvailable:") * 1024,
    )


def is_full(directory: Path) -> bool:
    """Whether there is hardly any space left in which to keep anything."""
    with contextlib.suppress(OSError):
        space = os.statvfs(directory)
        return space.f_bavail * space.f_frsize < SCARCE
    return False


def _temperatures(zones: Path) -> dict[int, float]:
    found: dict[int, float] = {}
    for zone in sorted(zones.glob("thermal_zone*")):
        number = zone.name.removeprefix("thermal_zone")
        with contextlib.suppress(OSError, ValueError):  # a sensor may be switched off
            found[int(number)] = int((zone / "temp").read_text()) / 1000
    return found


def _field(path: Path, index: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(path.read_text().split()[index])
    return 0


def _named(path: Path, name: str) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0


def _count(directory: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(1 for _ in directory.iterdir())
    return 0
