"""A disk of its own for the state directory, which can be full, fail, or lose its power."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

MEGABYTES = 48
_FILLER = "filler"


def missing() -> str | None:
    """What a disk of its own lacks here, or None."""
    if os.geteuid() != 0 or not list(Path("/dev").glob("loop[0-9]*")):
        return "needs root and loop devices"
    return None


class Disk:
    """An ext4 image, mounted. Only what reached the image counts after a power cut."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "disk"
        self._image = folder / "disk.img"
        self._cut = folder / "cut.img"
        self.place.mkdir()
        with self._image.open("wb") as file:
            file.truncate(MEGABYTES << 20)
        _do("mkfs.ext4", "-q", "-m", "0", "-F", str(self._image))
        self.mount()

    def mount(self) -> None:
        """Use it."""
        _do("mount", "-o", "loop", str(self._image), str(self.place))

    def unmount(self) -> None:
        """Let go of it; whoever still has a file open there has a moment to close it."""
        for _ in range(50):
            with contextlib.suppress(subprocess.CalledProcessError):
                _do("umount", str(self.place))
                return
            time.sleep(0.1)
        _do("umount", "-l", str(self.place))

    def fill(self) -> None:
        """Leave no room on it."""
        for size in (1 << 16, 1 << 10, 1):
            with contextlib.suppress(OSError), (self.place / _FILLER).open("ab", 0) as file:
                while True:
                    file.write(bytes(size))

    def empty(self) -> None:
        """Make room again."""
        (self.place / _FILLER).unlink(missing_ok=True)

    def fail(self) -> None:
        """Have the file system find an error: it lets nobody write any longer."""
        _do("mount", "-o", "remount,abort", str(self.place))

    def mend(self) -> None:
        """What a start after that does: check it, use it.

        A copy of it: somebody else's mount namespace may hold the one that failed.
        """
        self.unmount()
        self.photograph()
        _do("fsck.ext4", "-y", str(self._cut), check=False)
        self._cut.replace(self._image)
        self.mount()

    def photograph(self) -> None:
        """Note what has reached the disk by now."""
        _do("cp", "--sparse=always", str(self._image), str(self._cut))

    def lose_power(self) -> None:
        """Go on with what had reached the disk when it was photographed."""
        self.unmount()
        self._cut.replace(self._image)
        self.mount()


def _do(*command: str, check: bool = True) -> None:
    subprocess.run(command, check=check, capture_output=True)
