"""What the database should hold, kept beside it: a database that was rolled back shows.

The file has two slots, each shorter than a disk's sector and written in turn, so that one is
whole at any time. It is written after a commit and before the row is acknowledged, but flushed
to the disk only now and then: a crash of the process loses nothing of it, and after a power
cut the audit log, which is flushed before every row, tells the number of the last.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import VaultError
from assistant.private import Private

FINGERPRINT_BYTES = 32
_MAGIC = b"SOTTOHT1"
_FIELDS = struct.Struct(">8sQQQ32sQQQ")
_SLOT_BYTES = _FIELDS.size + 32
_OFFSETS = (0, 4096)
_FILE_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Height:
    """Totals over everything the vault ever held."""

    generation: int = 0
    """Changes made so far."""
    last: int = 0
    """The highest number a row ever got."""
    rows: int = 0
    """Rows there are now."""
    fingerprint: bytes = bytes(FINGERPRINT_BYTES)
    """Sum, modulo 2**256, of the keyed hashes of the rows there are (MSet-Add-Hash of Clarke
    et al., "Incremental Multiset Hash Functions", 2003): the order doesn't matter, and a row
    comes and goes without a look at the others."""
    epoch: int = 0
    """The keyslot file's epoch when this was written."""
    latest: int = 0
    """The latest minute at which any row expires."""
    lost: int = 0
    """Rows found missing that nobody has acknowledged yet."""

    def values(self) -> tuple[int | bytes, ...]:
        """The fields in their order."""
        counts = (self.generation, self.last, self.rows)
        return (*counts, self.fingerprint, self.epoch, self.latest, self.lost)

    def plus(self, digest: bytes, number: int, expires: int, epoch: int) -> Height:
        """The totals with one row more."""
        return Height(
            generation=self.generation,
            last=max(self.last, number),
            rows=self.rows + 1,
            fingerprint=_added(self.fingerprint, digest, 1),
            epoch=epoch,
            latest=max(self.latest, expires),
            lost=self.lost,
        )

    def minus(self, digest: bytes) -> Height:
        """The totals with one row less."""
        fingerprint = _added(self.fingerprint, digest, -1)
        return replace(self, rows=self.rows - 1, fingerprint=fingerprint)

    def next(self) -> Height:
        """The totals of the next generation."""
        return replace(self, generation=self.generation + 1)


def _added(fingerprint: bytes, digest: bytes, sign: int) -> bytes:
    total = int.from_bytes(fingerprint, "big") + sign * int.from_bytes(digest, "big")
    return (total % (1 << 8 * FINGERPRINT_BYTES)).to_bytes(FINGERPRINT_BYTES, "big")


class HeightFile:
    """The two slots."""

    def __init__(self, path: Path, key: Private[bytes]) -> None:
        """Open or make the file. Raises VaultError where that can't be done."""
        self.path = path
        self._key = key
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(self._file).st_size < _FILE_BYTES:
                # Written, not only made longer: later writes then need no room on the disk.
                size = os.fstat(self._file).st_size
                os.pwrite(self._file, bytes(_FILE_BYTES - size), size)
                os.fsync(self._file)
        except OSError as error:
            raise VaultError(f"{path}: {error.strerror}") from None
        self._next = 0

    def read(self) -> Height | None:
        """The newest whole slot; None where neither is whole."""
        slots = [self._slot(offset) for offset in _OFFSETS]
        whole = [(slot.generation, index) for index, slot in enumerate(slots) if slot is not None]
        if not whole:
            return None
        _, newest = max(whole)
        self._next = 1 - newest
        return slots[newest]

    def write(self, height: Height) -> None:
        """Put the totals where the older ones stand."""
        fields = _FIELDS.pack(_MAGIC, *height.values())
        try:
            os.pwrite(self._file, fields + self._mac(fields), _OFFSETS[self._next])
        except OSError as error:
            raise VaultError(f"{self.path}: {error.strerror}") from None
        self._next = 1 - self._next

    def flush(self) -> None:
        """Have it on the disk."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise VaultError(f"{self.path}: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _slot(self, offset: int) -> Height | None:
        raw = os.pread(self._file, _SLOT_BYTES, offset)
        fields, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
        if len(raw) < _SLOT_BYTES or not hmac.compare_digest(mac, self._mac(fields)):
            return None
        magic, generation, last, rows, fingerprint, epoch, latest, lost = _FIELDS.unpack(fields)
        if magic != _MAGIC:
            return None
        return Height(generation, last, rows, fingerprint, epoch, latest, lost)

    def _mac(self, fields: bytes) -> bytes:
        return hmac.digest(self._key.reveal(), fields, hashlib.sha256)
