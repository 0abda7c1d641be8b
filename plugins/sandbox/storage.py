"""How much a skill's directory holds, counted by the host."""

from __future__ import annotations

import os
from pathlib import Path

MOST_FILES = 10_000


def held(directory: Path, most: int) -> int:
    """Bytes on disk below `directory`, or the first sum past `most`. Links are not followed.

    Every entry counts for at least 512 bytes, and more than MOST_FILES entries for too much.
    """
    total = 0
    entries = 0
    waiting = [str(directory)]
    while waiting and total <= most:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    entries += 1
                    status = entry.stat(follow_symlinks=False)
                    total += max(512, status.st_blocks * 512)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    if entries > MOST_FILES:
                        return most + 1
        except OSError:  # gone since it was listed
            continue
    return total


def take(directory: Path, user: int | None) -> None:
    """Make the skill's directory, for nobody but it; give it to `user` where we are root."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is None or directory.stat().st_uid == user:
        return
    for place, folders, files in os.walk(directory, topdown=False):
        for name in (*folders, *files):
            os.chown(Path(place) / name, user, user, follow_symlinks=False)
    os.chown(directory, user, user)
