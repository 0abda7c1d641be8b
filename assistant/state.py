"""The directory in which Sotto keeps what it makes: caches and models."""

from __future__ import annotations

import os
from pathlib import Path

from assistant.errors import SettingsError


def directory(named: Path | None) -> Path:
    """The named directory, else systemd's, else the user's own; made private if it is new.

    Raises SettingsError where it can't be made.
    """
    path = named or _usual()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; choose another with --state DIR") from None
    return path


def _usual() -> Path:
    given = os.environ.get("STATE_DIRECTORY")
    if given:
        return Path(given.split(":", 1)[0])
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path("~/.local/state").expanduser()) / "sotto"
