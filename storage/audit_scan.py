"""Reads an audit log from its first entry to its last, and says where it stops being right."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from assistant.errors import AuditError, StateError
from storage.audit_file import (
    Batch,
    first_code,
    is_torn,
    next_code,
    read_batches,
    read_header,
    rest,
)
from storage.checkpoint import AuditKey, Checkpoint, fingerprint, is_name, read_checkpoint
from storage.entry import Entry, Kind, decode
from storage.files import open_private, read_private
from storage.merkle import EMPTY_ROOT, Frontier, leaf_hash

LOG = "audit.log"
HEAD = "audit.head"
KEY_LABEL = "audit"
"""What the entries call the key of the log itself."""
_LARGEST_HEADER = 256


@dataclass(slots=True)
class Scanned:
    """What an audit log holds."""

    origin: str
    code: bytes
    """Of the last batch: the next one begins from it."""
    end: int
    """The place in the file just past the last batch."""
    frontier: Frontier = field(default_factory=Frontier)
    heights: dict[str, int] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    """Of the sizes that were asked for."""
    hashes: list[bytes] | None = None
    """Of every entry, where they were asked for."""
    torn: int = 0
    """Bytes after the end that a crash left of a batch."""
    fault: str = ""
    """What is wrong after the end: empty, or one line."""


def scan(
    path: Path, key: AuditKey, sizes: Collection[int] = (), *, keep_hashes: bool = False
) -> Scanned:
    """Read the log and check the code of every batch that this key wrote.

    What an earlier key wrote is covered by the first code of this one, which is made from the
    root of everything before it. Raises AuditError where the file is no audit log.
    """
    with _reading(path) as file:
        line = file.readline(_LARGEST_HEADER)
        origin = _origin(path, line)
        code = first_code(key.chain, origin, 0, EMPTY_ROOT)
        scanned = Scanned(origin, code, len(line), hashes=[] if keep_hashes else None)
        reader = _Reader(scanned, key, sizes)
        for batch in read_batches(file, len(line)):
            reader.take(batch)
        found = reader.done()
        content = rest(file, found.end)
        if content and is_torn(content, found.end):
            found.torn = len(content)
        elif content:
            found.fault = reader.fault or (
                f"{path.name}: entry {found.frontier.size} (byte {found.end}) was changed"
            )
        return found


class _Reader:
    """Takes batch after batch, and remembers the last place where everything was right."""

    def __init__(self, scanned: Scanned, key: AuditKey, sizes: Collection[int]) -> None:
        self._now = scanned
        self._key = key
        self._mine = fingerprint(key.public)
        self._sizes = sizes
        self._good: Scanned | None = None
        """How it was before the first batch whose code is not right."""
        self.fault = ""
        self._turn = b""
        """What the next code begins from if this key takes over here."""
        if 0 in sizes:
            scanned.roots[0] = EMPTY_ROOT

    def take(self, batch: Batch) -> None:
        """Read one more batch.

        Doubt ends where this key takes over, and only with the first batch that it coded:
        anybody can write down whose turn it is, but not that code.
        """
        now = self._now
        if self._good is None:
            if batch.code != next_code(self._key.chain, now.code, batch.leaves):
                self._doubt(batch)
        elif self._turn and batch.code == next_code(self._key.chain, self._turn, batch.leaves):
            self._good, self.fault = None, ""
        for leaf in batch.leaves:
            self._take_leaf(leaf)
        now.code, now.end = batch.code, batch.end
        self._turn = b""
        if self._good is not None and self._begins_my_key(batch.leaves[-1]):
            size, root = now.frontier.size, now.frontier.root()
            self._turn = first_code(self._key.chain, now.origin, size, root)

    def done(self) -> Scanned:
        """Give what was right."""
        return self._good or self._now

    def _take_leaf(self, leaf: bytes) -> None:
        now = self._now
        hashed = leaf_hash(leaf)
        now.frontier.append(hashed)
        if now.hashes is not None:
            now.hashes.append(hashed)
        if now.frontier.size in self._sizes:
            now.roots[now.frontier.size] = now.frontier.root()
        _, found, numbers = leaf.rpartition(b'"heights":')
        if found:
            now.heights.update(_heights(numbers))

    def _doubt(self, batch: Batch) -> None:
        now = self._now
        index = now.frontier.size
        self._good = Scanned(
            now.origin, now.code, now.end, now.frontier.copy(), dict(now.heights), dict(now.roots),
            None if now.hashes is None else list(now.hashes),
        )  # fmt: skip
        if not batch.leaves[0].startswith(b'{"n":%d,' % index):
            self.fault = (
                f"{LOG}: entries are missing, doubled or out of order from entry {index} on"
            )
        elif index == 0:
            self.fault = f"{LOG}: entry 0 was changed, or another master key wrote this log"
        else:
            self.fault = f"{LOG}: entry {index} (byte {now.end}) was changed"

    def _begins_my_key(self, leaf: bytes) -> bool:
        if b'"kind":"key-created"' not in leaf:
            return False
        entry = _entry(leaf)
        return entry is not None and (entry.label, entry.digest) == (KEY_LABEL, self._mine)


def read_entries(
    path: Path, first: int = 0, last: int | None = None
) -> Iterator[tuple[int, Entry]]:
    """Give the entries from `first` up to and without `last`. Raises AuditError at a bad one.

    It checks their form and order, not their codes: any reader may do that, without a key.
    """
    for index, leaf in enumerate(read_leaves(path)):
        if last is not None and index >= last:
            return
        if index >= first:
            found, entry = decode(leaf)
            if found != index:
                raise AuditError(f"{path.name}: entry {index} is missing: {found} stands there")
            yield index, entry


def read_kind(path: Path, kind: Kind) -> Iterator[Entry]:
    """Give the entries of one kind; the others are passed over unread. Raises AuditError."""
    mark = f'"kind":"{kind}"'.encode()
    for leaf in read_leaves(path):
        if mark in leaf:
            yield decode(leaf)[1]


def read_leaves(path: Path) -> Iterator[bytes]:
    """Give the entries as they were hashed. Raises AuditError where the file is no log."""
    with _reading(path) as file:
        line = file.readline(_LARGEST_HEADER)
        _origin(path, line)
        for batch in read_batches(file, len(line)):
            yield from batch.leaves


def origin_of(path: Path) -> str:
    """Which log it is. Raises AuditError where it is none."""
    with _reading(path) as file:
        return _origin(path, file.readline(_LARGEST_HEADER))


def read_head(path: Path, public: bytes) -> Checkpoint | None:
    """The checkpoint in a file; None where there is none that this key signed."""
    try:
        return read_checkpoint(read_private(path, 16_384).decode(), public)
    except (OSError, StateError, AuditError, UnicodeDecodeError):
        return None


def contradiction(scanned: Scanned, checkpoint: Checkpoint, name: str) -> str:
    """How the log fails to continue a checkpoint that its key signed: empty, or one line.

    The log was scanned with the checkpoint's size asked for.
    """
    size = scanned.frontier.size
    if checkpoint.origin != scanned.origin:
        return f"{LOG}: another log than the one of {name}: it was replaced or renewed"
    if checkpoint.size > size:
        missing = checkpoint.size - size
        return f"{LOG}: {missing} of the {checkpoint.size} entries that {name} counts are missing"
    if scanned.roots[checkpoint.size] != checkpoint.root:
        return (
            f"{LOG}: its first {checkpoint.size} entries are not the ones that {name} was made of"
        )
    return ""


def _origin(path: Path, line: bytes) -> str:
    origin = read_header(line)
    if origin is None or not is_name(origin):
        raise AuditError(f"{path}: not an audit log, or its first line was changed")
    return origin


def _reading(path: Path) -> BinaryIO:
    try:
        return io.BufferedReader(io.FileIO(open_private(path)), 1 << 16)
    except FileNotFoundError:
        raise AuditError(f"{path}: there is no audit log") from None
    except StateError as error:
        raise AuditError(str(error)) from None


def _heights(numbers: bytes) -> dict[str, int]:
    """The last field of an entry, without a look at the rest: opening reads every one."""
    try:
        heights: dict[str, int] = json.loads(numbers[:-1])
    except ValueError:  # an entry that was changed: its batch's code says so
        return {}
    return heights


def _entry(leaf: bytes) -> Entry | None:
    try:
        return decode(leaf)[1]
    except AuditError:
        return None
