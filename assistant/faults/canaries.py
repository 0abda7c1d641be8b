"""Looks for what was said where it must not be: in output, logs, files and messages."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

CANARIES = (b"five five five zero one", b"55501234", b"5550123")
"""What the telephone number in the recording is in words and in figures."""
_MOST = 64 << 20
_STEP = 1 << 20


def in_text(texts: Iterable[str]) -> list[str]:
    """Which canaries are in these lines."""
    return _named(found for text in texts for found in _in(text.lower().encode()))


def in_files(folder: Path) -> list[str]:
    """Which canaries are in the files below a folder."""
    found: list[str] = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if stat.S_ISREG(path.lstat().st_mode):
                found += [f"{name} in {path.name}" for name in _named(_in_file(path))]
    return found


def _in_file(path: Path) -> list[bytes]:
    found: list[bytes] = []
    before = b""
    with path.open("rb") as file:
        for _ in range(0, min(os.fstat(file.fileno()).st_size, _MOST) + 1, _STEP):
            piece = file.read(_STEP).lower()
            found += _in(before + piece)
            before = piece[-64:]
    return found


def _in(text: bytes) -> list[bytes]:
    return [canary for canary in CANARIES if canary in text]


def _named(found: Iterable[bytes]) -> list[str]:
    """A canary by its number: a table of faults must not say it either."""
    return [f"canary {CANARIES.index(canary)}" for canary in dict.fromkeys(found)]
