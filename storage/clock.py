"""What time it is, for keeping and forgetting: a wrong wall clock neither keeps nor deletes.

Within a boot time goes on as the boot clock does, which no one sets. The wall clock is asked
when a boot is first seen, and may afterwards only move time forward, and little. What was once
true is noted (the high-water mark), so that time does not go back over a reboot.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from storage.clocknotes import Anchor, Note, Notes

NAME = "clock"
"""Its file in the state directory."""
DAY = 86_400.0
MOST_IN_A_BOOT = DAY
"""Seconds that the wall clock may move time forward in one boot."""
MOST_OVER_A_REBOOT = 400 * DAY
"""Seconds that may have passed while the device was off."""
NOTE_EVERY = 60.0
"""Seconds of the boot clock between two notes on the disk."""

EARLIEST = 1_767_225_600.0
"""Unix seconds of 2026-01-01: a wall clock before it was never set."""


class Hands(Protocol):
    """The clocks of the machine."""

    def wall(self) -> float:
        """Unix seconds, as somebody set them."""

    def uptime(self) -> float:
        """Seconds since boot, with sleep, that nobody sets."""

    def boot(self) -> bytes:
        """16 bytes that name this boot."""

    def is_synchronised(self) -> bool:
        """Whether the wall clock is known to come from the network since this boot."""


class MachineHands:
    """Linux's clocks."""

    def wall(self) -> float:
        """CLOCK_REALTIME."""
        return time.time()

    def uptime(self) -> float:
        """CLOCK_BOOTTIME."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> bytes:
        """The kernel's boot id."""
        return bytes.fromhex(
            Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")
        )

    def is_synchronised(self) -> bool:
        """As systemd-timesyncd says; with another service start after time-sync.target."""
        return Path("/run/systemd/timesync/synchronized").exists()


class TrustedClock:
    """Unix seconds that never go back, and in a boot never go slower than the boot clock.

    The wall clock is doubtful where, in one boot, it is more than a day off the boot clock; or
    after a reboot more than a day behind the last time noted, or more than 400 days ahead of it.
    """

    def __init__(self, path: Path, *, at_least: float = 0.0, hands: Hands | None = None) -> None:
        """`path`: its file, made where it is missing. `at_least`: it is later than that.

        Raises StateError where the file can't be used. A damaged one counts as none.
        """
        self._hands = hands or MachineHands()
        self._boot = self._hands.boot()
        self._notes = Notes(path)
        note = self._notes.newest
        self._mark = max(at_least, EARLIEST, note.mark if note else 0.0)
        self._was_ever_set = note is not None and note.was_ever_set
        self._noted_at = float("-inf")
        if note is not None and note.anchor.boot == self._boot:
            self._anchor = note.anchor
        else:
            uptime = self._hands.uptime()
            if note is not None:
                self._mark = max(self._mark, note.mark + uptime)
            self._anchor = self._new_anchor(uptime, self._hands.wall())
        self._is_doubtful = self._anchor.is_doubtful
        self.now()

    @property
    def doubtful(self) -> bool:
        """The wall clock was not believed when `now` was last asked: time goes on without it."""
        return self._is_doubtful

    def minute(self) -> int:
        """Whole unix minutes until now."""
        return int(self.now() // 60)

    def now(self) -> float:
        """Unix seconds. Noted on the disk once a minute; where that fails, the next time."""
        uptime, wall = self._hands.uptime(), self._hands.wall()
        self._mark = max(self._mark, self._anchor.time_at(uptime))
        if self._may_be_set(wall):
            self._anchor = self._new_anchor(uptime, wall)
            self._noted_at = float("-inf")
        lead = wall - self._anchor.steady_at(uptime)
        self._is_doubtful = self._anchor.is_doubtful or abs(lead) > MOST_IN_A_BOOT
        if not self._is_doubtful and lead > self._anchor.ahead:
            self._anchor = replace(self._anchor, ahead=lead)
        self._mark = max(self._mark, self._anchor.time_at(uptime))
        if uptime - self._noted_at >= NOTE_EVERY and self._note():
            self._noted_at = uptime
        return self._mark

    def close(self) -> None:
        """Note the time and let go of the file."""
        self._note()
        self._notes.close()

    def _may_be_set(self, wall: float) -> bool:
        """A doubtful anchor may be; and one from before the network told the time, once."""
        if self._anchor.is_doubtful:
            return self._is_plausible(wall)
        return not self._anchor.is_firm and self._hands.is_synchronised()

    def _is_plausible(self, wall: float) -> bool:
        passed = wall - self._mark
        return passed >= -MOST_IN_A_BOOT and (
            not self._was_ever_set or passed <= MOST_OVER_A_REBOOT
        )

    def _new_anchor(self, uptime: float, wall: float) -> Anchor:
        """Believe the wall clock if it can be true; else go on from what is known."""
        is_plausible = self._is_plausible(wall)
        self._was_ever_set |= is_plausible
        return Anchor(
            self._boot,
            uptime,
            at=max(wall, self._mark) if is_plausible else self._mark,
            ahead=0.0,
            is_firm=is_plausible and self._hands.is_synchronised(),
            is_doubtful=not is_plausible,
        )

    def _note(self) -> bool:
        return self._notes.write(Note(self._mark, self._anchor, self._was_ever_set))
