"""What the clock notes on the disk: two small records, written in turn, in place."""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from storage.files import open_private, write_at, write_private

_RECORD = struct.Struct(">8sQ16sddddB")
_MAGIC = b"SOTTOCLK"
_SUM_BYTES = 32
_PLACE = 4096
"""Bytes from one record to the other: a torn write spoils one."""
_FIRM, _DOUBTFUL, _EVER_SET = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Anchor:
    """The time at one moment of a boot."""

    boot: bytes
    """16 bytes that name the boot."""
    uptime: float
    """Seconds since boot at that moment."""
    at: float
    """Unix seconds at that moment."""
    ahead: float
    """Seconds by which the wall clock has moved time forward since."""
    is_firm: bool
    """The wall clock was believed then, and came from the network."""
    is_doubtful: bool
    """The wall clock was not believed then."""

    def steady_at(self, uptime: float) -> float:
        """Unix seconds at this uptime, by the boot clock alone."""
        return self.at + uptime - self.uptime

    def time_at(self, uptime: float) -> float:
        """Unix seconds at this uptime."""
        return self.steady_at(uptime) + self.ahead


@dataclass(frozen=True, slots=True)
class Note:
    """What is known when it is written."""

    mark: float
    """Unix seconds: it is later than that."""
    anchor: Anchor
    was_ever_set: bool
    """A wall clock was believed at least once."""


class Notes:
    """The file of both records, made 0600 where it is missing."""

    def __init__(self, path: Path) -> None:
        """Raises StateError where the file can't be used; damaged records count as none."""
        try:
            self._file = open_private(path, os.O_RDWR)
        except FileNotFoundError:
            write_private(path, bytes(2 * _PLACE))
            self._file = open_private(path, os.O_RDWR)
        found = [self._read(place) for place in (0, 1)]
        self._count, self.newest = max(
            (record for record in found if record is not None),
            key=lambda record: record[0],
            default=(0, None),
        )

    def write(self, note: Note) -> bool:
        """Over the older record; False where the disk fails, and then the newer one stands."""
        anchor = note.anchor
        flags = _FIRM * anchor.is_firm | _DOUBTFUL * anchor.is_doubtful
        flags |= _EVER_SET * note.was_ever_set
        body = _RECORD.pack(
            _MAGIC,
            self._count + 1,
            anchor.boot,
            note.mark,
            anchor.uptime,
            anchor.at,
            anchor.ahead,
            flags,
        )
        try:
            place = (self._count + 1) % 2 * _PLACE
            write_at(self._file, place, body + hashlib.sha256(body).digest())
        except OSError:
            return False
        self._count += 1
        return True

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _read(self, place: int) -> tuple[int, Note | None] | None:
        data = os.pread(self._file, _RECORD.size + _SUM_BYTES, place * _PLACE)
        body, checksum = data[: _RECORD.size], data[_RECORD.size :]
        if len(data) < _RECORD.size or hashlib.sha256(body).digest() != checksum:
            return None
        magic, count, boot, mark, uptime, at, ahead, flags = _RECORD.unpack(body)
        if magic != _MAGIC:
            return None
        anchor = Anchor(boot, uptime, at, ahead, bool(flags & _FIRM), bool(flags & _DOUBTFUL))
        return count, Note(mark, anchor, bool(flags & _EVER_SET))
