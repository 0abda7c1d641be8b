"""A mute switch of hardware: asked before every frame, so that none gets in while it is on.

A file whose first character says so (a GPIO's `value`, a file that a script writes), or an input
device (gpio-keys, a headset): its switch SW_MUTE_DEVICE, or presses of a mute key, which turn it on
and off. What can't be read counts as muted: a loose wire must not open the microphone.
Formats: linux/input.h, linux/input-event-codes.h.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from threading import Lock

log = logging.getLogger(__name__)

_EVENT = struct.Struct("@llHHi")
_KEY, _SWITCH = 1, 5
"""Kinds of event."""
_MUTE_SWITCH = 0x0E
_MUTE_KEYS = frozenset({113, 248})
"""KEY_MUTE and KEY_MICMUTE."""
_GET_SWITCHES = 0x8008451B
"""EVIOCGSW(8): a bit for every switch."""


class Switch:
    """Whether it is on. Any thread may ask, and whoever asks first hears of a change."""

    def __init__(self, path: Path, on: str = "1") -> None:
        """`on`: the first character of the file while nobody may be heard."""
        self.tell: Callable[[bool], None] = _nobody
        """Told of every change, by the thread that asked."""
        self._path = path
        self._on = on.encode()
        self._lock = Lock()
        self._device: int | None = None
        self._toggled = False
        self._told: bool | None = None
        self.is_broken = False
        """It can't be read, and so counts as on."""

    def is_on(self) -> bool:
        """Look."""
        with self._lock:
            now = self._look()
            is_news, self._told = now != self._told, now
        if is_news:
            self.tell(now)
        return now

    def close(self) -> None:
        """Let go of the device."""
        with self._lock:
            self._let_go()

    def _look(self) -> bool:
        try:
            now = self._read()
        except (OSError, ValueError) as error:
            self._let_go()
            if not self.is_broken:
                log.error("the mute switch can't be read, so nobody is heard: %s", error)
            self.is_broken = True
            return True
        if self.is_broken:
            log.warning("the mute switch can be read again")
        self.is_broken = False
        return now

    def _read(self) -> bool:
        if self._device is None:
            opened = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            if stat.S_ISREG(os.fstat(opened).st_mode):
                return self._value(opened)
            self._device = opened
            self._toggled = _switched(opened)
        self._follow(self._device)
        return self._toggled

    def _value(self, opened: int) -> bool:
        """The file's first character, which must be 0 or 1."""
        try:
            first = os.read(opened, 1)
        finally:
            os.close(opened)
        if first not in (b"0", b"1"):
            raise ValueError("neither 0 nor 1")
        return first == self._on

    def _follow(self, device: int) -> None:
        """Take what happened on an input device since the last look."""
        while True:
            try:
                data = os.read(device, _EVENT.size * 64)
            except BlockingIOError:
                return
            if not data:
                raise OSError(errno.ENODEV, "the device is gone")
            for _, _, kind, code, value in _EVENT.iter_unpack(_whole(data)):
                if (kind, code) == (_SWITCH, _MUTE_SWITCH):
                    self._toggled = bool(value)
                elif kind == _KEY and code in _MUTE_KEYS and value == 1:
                    self._toggled = not self._toggled

    def _let_go(self) -> None:
        if self._device is not None:
            os.close(self._device)
        self._device = None


def _whole(data: bytes) -> bytes:
    return data[: len(data) // _EVENT.size * _EVENT.size]


def _switched(device: int) -> bool:
    """Where its mute switch stands; off where it has none."""
    bits = bytearray(8)
    with contextlib.suppress(OSError):
        fcntl.ioctl(device, _GET_SWITCHES, bits)
    return bool(bits[_MUTE_SWITCH // 8] >> _MUTE_SWITCH % 8 & 1)


def _nobody(_on: bool) -> None:
    """Nobody wants to know."""
