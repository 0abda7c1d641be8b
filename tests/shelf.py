"""Keeps one small text in a file, whole or not at all."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

LARGEST = 256 * 1024


class FileShelf:
    """Keeps `plugins.powers.Shelf`. What can't be kept is said in the log, and lost at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """Give what was written last; None where there is nothing that can be read."""
        try:
            with self._path.open("rb") as file:
                return file.read(LARGEST).decode()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            log.error("%s can't be read: %s", self._path, type(error).__name__)
            return None

    def write(self, text: str) -> None:
        """Keep this instead; nobody else on this machine may read it."""
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            log.error("%s can't be written: %s", self._path, type(error).__name__)
