"""The bytes of the audit log: room ahead of the records, written in place, read back in batches.

    sotto-audit/1 ORIGIN
    + {"n":0,...}                             an entry of a batch that goes on
    5f0c...(24 hex digits) {"n":1,...}        the last entry of a batch, with its code
                                              line ends: room that was set aside

A batch is written with one call and made durable with one fdatasync, before the next is written:
so every batch but the last was acknowledged for certain. The code is a keyed hash of the code
before it and of the batch's entries, so what is written stays in order and can't be forged
without the master key. Because the room is there already, an append changes no file size and
allocates no block: that halves the cost of fdatasync on ext4, and on a full disk there is
still room for what must be said there.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage.files import PRIVATE_FILE
from storage.flusher import Flusher

ROOM = b"\n"
"""What fills the room set aside; a file system may show zeros after a power cut."""
CHUNK = 65_536
"""Bytes of room made at a time: about 350 entries."""
RESERVE = 16_384
"""Bytes of room that only urgent entries may use: about 80 of them on a full disk."""
LARGEST_BATCH = 49_152
"""Bytes of one batch, as written."""
SECTOR = 512
"""Bytes that a disk writes whole or not at all, at the least."""
CODE_BYTES = 12
_PADDING = b"\n\0"
_MAGIC = b"sotto-audit/1 "


def header(origin: str) -> bytes:
    """The first line of a log."""
    return _MAGIC + origin.encode() + b"\n"


def read_header(line: bytes) -> str | None:
    """The origin that a first line names; None where it is no first line of a log."""
    if not line.startswith(_MAGIC) or not line.endswith(b"\n") or not line.isascii():
        return None
    return line[len(_MAGIC) : -1].decode()


def first_code(key: bytes, origin: str, size: int, root: bytes) -> bytes:
    """What the codes begin from: a key begins where the log has this size and root."""
    return _code(key, f"{origin}\n{size}\n".encode() + root)


def next_code(key: bytes, before: bytes, leaves: Sequence[bytes]) -> bytes:
    """The code of a batch, by the code before it."""
    return _code(key, before + b"\n".join(leaves))


def encode_batch(leaves: Sequence[bytes], code: bytes) -> bytes:
    """The lines of a batch."""
    first = b"".join(b"+ " + leaf + b"\n" for leaf in leaves[:-1])
    return first + code.hex().encode() + b" " + leaves[-1] + b"\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that were written together."""

    leaves: tuple[bytes, ...]
    code: bytes
    end: int
    """The place in the file just past it."""


def read_batches(file: BinaryIO, start: int) -> Iterator[Batch]:
    """Read batches from a place in the file up to the first line that is no part of one."""
    file.seek(start)
    leaves: list[bytes] = []
    place = start
    for line in file:
        mark, space, leaf = line.removesuffix(b"\n").partition(b" ")
        place += len(line)
        if not space or not leaf or not line.endswith(b"\n") or place - start > LARGEST_BATCH:
            return
        leaves.append(leaf)
        if mark != b"+":
            code = _unhex(mark)
            if code is None:
                return
            yield Batch(tuple(leaves), code, place)
            leaves, start = [], place


def rest(file: BinaryIO, start: int) -> bytes:
    """What stands after a place, without the room at the end; at most a little over a batch."""
    file.seek(0, os.SEEK_END)
    end = file.tell()
    while end > start:
        begin = max(start, end - CHUNK)
        file.seek(begin)
        piece = file.read(end - begin)
        if piece.strip(_PADDING):
            file.seek(start)
            content = file.read(begin - start + len(piece.rstrip(_PADDING)))
            return content[: LARGEST_BATCH + SECTOR]
        end = begin
    return b""


def is_torn(content: bytes, start: int) -> bool:
    """Whether the content at this place is a batch of which the disk wrote only some sectors.

    Such a batch was never acknowledged. Content that is whole, but not right, was changed.
    """
    if not 0 < len(content) <= LARGEST_BATCH:
        return False
    end = start + len(content)
    mark, _, leaf = content.rpartition(b"\n")[2].partition(b" ")
    is_line = leaf.count(b"{") == leaf.count(b"}") > 0
    is_finished = is_line and mark != b"+"
    breaks_at = {end, end + 1} if is_line else {end}  # its line end looks like room
    if not is_finished and any(place % SECTOR == 0 for place in breaks_at):
        return True
    edges = [start, *range(start - start % SECTOR + SECTOR, end, SECTOR), end]
    return any(
        not content[first - start : last - start].strip(_PADDING)
        for first, last in itertools.pairwise(edges)
    )


class LogFile:
    """The log, open for writing after its last record. Every method raises OSError as it comes."""

    def __init__(self, path: Path, end: int) -> None:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(path, flags)
        self._room = os.fstat(self._file).st_size
        """The place just past the room set aside."""
        self._end = end
        self._touched = end
        """The place just past anything that a failed write may have left."""
        self._flusher = Flusher()

    @classmethod
    def create(cls, path: Path, origin: str) -> LogFile:
        """Make a new log with room in it, durable but for its name in the directory.

        A crash leaves all of it, or none.
        """
        first = header(origin)
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(fresh, flags, PRIVATE_FILE)
        try:
            _write(file, first + ROOM * (CHUNK - len(first)), 0)
            os.fsync(file)
        finally:
            os.close(file)
        fresh.rename(path)
        return cls(path, len(first))

    @property
    def end(self) -> int:
        """The place just past the last record."""
        return self._end

    def append(
        self, data: bytes, *, urgent: bool, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """Write a batch; durable when it returns. After an error nothing counts as written.

        `meanwhile` is called once it is written, while the disk makes it durable.
        """
        end = self._end + len(data)
        self._make_room(end if urgent else end + RESERVE)
        padding = ROOM * (self._touched - end)
        try:
            self._touched = max(self._touched, end)
            _write(self._file, data + padding, self._end)
            if meanwhile is None:
                os.fdatasync(self._file)
            else:
                self._flusher.flush(self._file, meanwhile)
        except OSError:
            with contextlib.suppress(OSError):
                self.wipe(self._touched)
            raise
        self._end = self._touched = end

    def wipe(self, until: int) -> None:
        """Make what stands after the last record room again, up to a place."""
        self._touched = max(self._touched, until)
        _write(self._file, ROOM * (self._touched - self._end), self._end)
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close it."""
        self._flusher.close()
        os.close(self._file)

    def _make_room(self, needed: int) -> None:
        if needed <= self._room:
            return
        more = -(-(needed - self._room) // CHUNK) * CHUNK
        try:
            _write(self._file, ROOM * more, self._room)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._room)
            raise
        self._room += more


def _write(file: int, data: bytes, place: int) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, place)
        place += written
        view = view[written:]


def _code(key: bytes, message: bytes) -> bytes:
    return hashlib.blake2b(message, key=key, digest_size=CODE_BYTES).digest()


def _unhex(text: bytes) -> bytes | None:
    try:
        code = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return None
    return code if code.hex().encode() == text and len(code) == CODE_BYTES else None
