"""The audit log: what was decided, kept, read, released and deleted, in an order that holds.

Append-only, hashed as RFC 6962 says, with checkpoints that anybody who holds the public key can
check. An entry is durable before what it speaks of happens; where it can't be written,
AuditError is raised and nothing may be stored or sent. How the bytes lie is told in
`storage.audit_file`, what can be detected and by whom in `docs/audit.md`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType

from assistant.errors import AuditError, StateError
from storage import merkle
from storage.audit_check import Report, prove, verify
from storage.audit_file import LARGEST_BATCH, LogFile, encode_batch, first_code, next_code
from storage.audit_scan import (
    HEAD,
    KEY_LABEL,
    LOG,
    Scanned,
    contradiction,
    read_entries,
    read_head,
    scan,
)
from storage.checkpoint import AuditKey, Checkpoint, fingerprint, sign_checkpoint
from storage.entry import URGENT, Entry
from storage.files import sync_directory, write_private
from storage.proof import Proof

log = logging.getLogger(__name__)


class AuditLog:
    """The log of one state directory, open for writing. One process at a time; any thread."""

    def __init__(self, directory: Path, key: AuditKey, scanned: Scanned) -> None:
        self._directory = directory
        self._key = key
        self._lock = threading.Lock()
        self._origin = scanned.origin
        self._code = scanned.code
        self._frontier = scanned.frontier
        self._heights = scanned.heights
        self._signed: tuple[int, str] | None = None
        self._owed: list[Entry] = []
        """What opening found, to be said with the next entry."""
        self._file = LogFile(directory / LOG, scanned.end)

    @classmethod
    def open(cls, directory: Path, key: AuditKey, *, previous: AuditKey | None = None) -> AuditLog:
        """Open the log of a state directory; begin one where there was never any.

        What a crash left of a last batch, which nobody was told is written, is taken away, and
        the next append says so first. `previous` is the key before this one while a rotation is
        under way: where the log is still under it, it is opened with that; call `rekey` then.
        Raises AuditError where anything else is not right.
        """
        path, head_path = directory / LOG, directory / HEAD
        try:
            if not path.exists():
                if head_path.exists():
                    raise AuditError(f"{path}: missing; put it back, or type: sotto audit renew")
                return cls._begin(directory, key)
            head = read_head(head_path, key.public)
            if head is None and previous is not None:
                head = read_head(head_path, previous.public)
            sizes = () if head is None else (head.size,)
            scanned = scan(path, key, sizes)
            if scanned.fault and previous is not None:
                key, scanned = previous, scan(path, previous, sizes)
            fault = scanned.fault or (head and contradiction(scanned, head, HEAD))
            if fault:
                raise AuditError(f"{directory}: {fault}; see `sotto audit verify`")
            opened = cls(directory, key, scanned)
            opened._repair(scanned.torn, is_headless=head is None)
        except OSError as error:
            raise _unwritable(path, error) from None
        return opened

    @classmethod
    def renew(cls, directory: Path, key: AuditKey, at: float) -> AuditLog:
        """Set a log that is damaged aside, and begin another whose first entry says so."""
        number = 1
        while any((directory / f"{name}.{number}").exists() for name in (LOG, HEAD)):
            number += 1
        try:
            for name in (LOG, HEAD):
                if (directory / name).exists():
                    (directory / name).rename(directory / f"{name}.{number}")
            renewed = cls._begin(directory, key)
        except OSError as error:
            raise _unwritable(directory / LOG, error) from None
        renewed.append(Entry("alarm", at, reason="audit-log-renewed", counts={"aside": number}))
        renewed.checkpoint()
        return renewed

    @classmethod
    def _begin(cls, directory: Path, key: AuditKey) -> AuditLog:
        origin = f"sotto/audit/{os.urandom(8).hex()}"
        LogFile.create(directory / LOG, origin).close()
        sync_directory(directory)
        begun = cls(directory, key, scan(directory / LOG, key))
        begun.checkpoint()
        return begun

    def append(self, entry: Entry) -> int:
        """Write an entry and give its position; durable when it returns. Raises AuditError."""
        return self.append_many((entry,))[0]

    def append_many(
        self, entries: Sequence[Entry], meanwhile: Callable[[], None] | None = None
    ) -> range:
        """Write entries with one flush, all or none, and give their positions.

        Raises AuditError; then nothing was appended, and the same call works when there is room.
        `meanwhile` is called once they are written, while the disk makes them durable; what it
        raises is raised when they are. Where they can't be written it isn't called.
        """
        if not entries:
            return range(self.size, self.size)
        raised: list[BaseException] = []
        with self._lock:
            owed = [replace(entry, at=entries[0].at) for entry in self._owed]
            during = None if meanwhile is None else partial(_catching, meanwhile, raised)
            written = self._write([*owed, *entries], during)
            self._owed.clear()
        if raised:
            raise raised[0]
        return written[len(owed) :]

    def _write(
        self, entries: Sequence[Entry], meanwhile: Callable[[], None] | None = None
    ) -> range:
        first = self._frontier.size
        leaves = [entry.encode(first + place) for place, entry in enumerate(entries)]
        code = next_code(self._key.chain, self._code, leaves)
        data = encode_batch(leaves, code)
        if len(data) > LARGEST_BATCH:
            raise AuditError(f"{len(entries)} audit entries at once are too many")
        try:
            urgent = any(entry.kind in URGENT for entry in entries)
            self._file.append(data, urgent=urgent, meanwhile=meanwhile)
        except OSError as error:
            raise _unwritable(self._directory / LOG, error) from None
        self._code = code
        for leaf, entry in zip(leaves, entries, strict=True):
            self._frontier.append(merkle.leaf_hash(leaf))
            self._heights.update(entry.heights)
        return range(first, first + len(leaves))

    @property
    def origin(self) -> str:
        """Which log: given when it was begun, and kept."""
        return self._origin

    @property
    def size(self) -> int:
        """Entries so far."""
        return self._frontier.size

    @property
    def heights(self) -> Mapping[str, int]:
        """The newest value of every height in the log: compare them with the database."""
        return MappingProxyType(self._heights)

    @property
    def head(self) -> Checkpoint:
        """Origin, size and root, unsigned: cheap enough to remember in the database."""
        with self._lock:
            return Checkpoint(self._origin, self._frontier.size, self._frontier.root())

    @property
    def key(self) -> AuditKey:
        """What signs here: checkpoints, and receipts."""
        return self._key

    def holds(self, head: Checkpoint) -> bool:
        """Whether this log continues a head that was remembered: else it was rolled back."""
        if head.origin != self._origin or head.size > self.size:
            return False
        return scan(self._path, self._key, (head.size,)).roots.get(head.size) == head.root

    def signed(self) -> str:
        """The signed checkpoint of now, to be published: C2SP tlog-checkpoint."""
        head = self.head
        if self._signed is None or self._signed[0] != head.size:
            self._signed = head.size, sign_checkpoint(head, self._key)
        return self._signed[1]

    def checkpoint(self) -> str:
        """Sign a checkpoint, put it into `audit.head`, durably, and give it.

        Raises AuditError where it can't be written: the log itself goes on.
        """
        note = self.signed()
        self._put_head(note)
        return note

    def entries(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, Entry]]:
        """Give the entries with their positions, up to and without `last`."""
        end = self.size if last is None else min(last, self.size)
        return read_entries(self._path, first, end)

    def prove(self, index: int) -> Proof:
        """What shows a holder of the public key that an entry is in the log of now.

        Raises AuditError where there is no such entry, or the log does not hold together.
        """
        return prove(self._directory, self._key, index)

    def consistency_proof(self, old: int) -> tuple[bytes, ...]:
        """What shows a holder of the checkpoint of `old` entries that this log continues it.

        Raises IndexError where the log has fewer.
        """
        hashes = scan(self._path, self._key, keep_hashes=True).hashes or []
        return merkle.consistency_proof(hashes, old)

    def verify(self) -> Report:
        """Read the whole log again, and hold it against what this process wrote."""
        return verify(self._directory, self._key, {"the running log": self.signed()})

    def rekey(self, key: AuditKey, at: float) -> None:
        """Go over to another key: the old one signs the new one in, and both sign the head.

        Does nothing more where it is under that key already.
        """
        if key.public == self._key.public:
            return
        announced = Entry("key-created", at, label=KEY_LABEL, digest=fingerprint(key.public))
        self.append(announced)
        old, self._key = self._key, key
        head = self.head
        self._code = first_code(key.chain, head.origin, head.size, head.root)
        self._signed = None
        self._put_head(sign_checkpoint(head, old, key))
        self.append(Entry("opened", at, reason="rekeyed"))

    def close(self) -> None:
        """Leave a checkpoint of the last entry, where that can be written, and close."""
        try:
            self.checkpoint()
        except AuditError as error:
            log.warning("the last checkpoint of the audit log is older than its end: %s", error)
        finally:
            self._file.close()

    def __enter__(self) -> AuditLog:
        """Use it in a `with`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    @property
    def _path(self) -> Path:
        return self._directory / LOG

    def _put_head(self, note: str) -> None:
        try:
            write_private(self._directory / HEAD, note.encode())
        except StateError as error:
            raise AuditError(str(error)) from None

    def _repair(self, torn: int, *, is_headless: bool) -> None:
        if torn:
            self._file.wipe(self._file.end + torn)
            self._owed.append(Entry("repaired", 0, reason="torn", counts={"bytes": torn}))
        if is_headless and self.size:
            self._owed.append(Entry("alarm", 0, reason="checkpoint-lost"))


def _catching(work: Callable[[], None], raised: list[BaseException]) -> None:
    try:
        work()
    except BaseException as error:  # raised again when the entries are durable
        raised.append(error)


def _unwritable(path: Path, error: OSError) -> AuditError:
    why = error.strerror or type(error).__name__
    return AuditError(f"{path}: {why}; nothing is stored or sent until it can be written")
