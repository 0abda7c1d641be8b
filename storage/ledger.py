"""The database and its height, changed together: what is inside is always known outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias, TypeVar

from assistant.private import Private
from storage import tables
from storage.database import Database
from storage.height import FINGERPRINT_BYTES, Height, HeightFile
from storage.rows import Stored, Wanted

T = TypeVar("T")
Announce: TypeAlias = Callable[[Callable[[], None]], object]
_BATCH = 1_000
"""Rows removed in one transaction: the WAL stays small, and a crash costs one batch's work."""


class Ledger:
    """Rows come and go through here only."""

    def __init__(
        self, database: Database, file: HeightFile, key: Private[bytes], height: Height
    ) -> None:
        self.database = database
        self._file = file
        self._key = key
        self._height = height
        self._sizes: dict[tuple[str, str], tuple[int, int]] = {}
        """Rows and bytes of each category and purpose that has been asked for."""

    @property
    def height(self) -> Height:
        """The totals as they are now."""
        return self._height

    def add(
        self, row: Stored, *, announce: Announce, epoch: int, instead_of: Iterable[Stored] = ()
    ) -> None:
        """Keep a row in the place of others, if any; durable when it returns.

        `announce` writes of the row elsewhere, then calls the commit it is given, and raises
        where the writing is not durable in the end: then the row is not kept.
        """
        gone = list(instead_of)
        before, after = self._height, self._without(self._height.next(), gone)
        # A state has no time of its own: it goes when the next one of its name comes.
        expires = row.facts.expires if row.name is None else 0
        after = after.plus(row.digest(self._key), row.facts.id, expires, epoch)

        def commit() -> None:
            self.database.commit()
            self._height = after

        try:
            with self.database.change():
                for old in gone:
                    tables.remove(self.database, old)
                tables.insert(self.database, row)
                tables.set_totals(self.database, after)
                announce(commit)
        except BaseException:
            if self._height is not before:
                self._sizes.clear()
                self.remove([row])
            raise
        self._count([row], 1)
        self._count(gone, -1)
        self._file.write(after)

    def remove(self, gone: Iterable[Stored]) -> int:
        """Take rows out; says how many."""
        count = 0
        for batch in _batches(gone):
            after = self._without(self._height.next(), batch)
            with self.database.change():
                for row in batch:
                    tables.remove(self.database, row)
                tables.set_totals(self.database, after)
            self._count(batch, -1)
            self._height = after
            self._file.write(after)
            count += len(batch)
        return count

    def too_many(self, row: Stored, most: int | None, most_bytes: int | None) -> list[Stored]:
        """The oldest rows of the same category and purpose that must make room for this one."""
        if most is None and most_bytes is None:
            return []
        kind = (row.facts.category, row.facts.purpose)
        if kind not in self._sizes:
            self._sizes[kind] = tables.size(self.database, *kind)
        count, size = self._sizes[kind]
        count, size = count + 1, size + len(row.sealed)
        gone: list[Stored] = []
        while (most is not None and count > most) or (most_bytes is not None and size > most_bytes):
            older = tables.oldest(self.database, *kind, most=len(gone) + 1)[len(gone) :]
            if not older:
                break
            gone += older
            count, size = count - 1, size - len(older[0].sealed)
        return gone

    def amend(self, *, lost: int | None = None) -> None:
        """Note the totals anew, and how many rows are lost; durable when it returns."""
        after = self._height.next()
        if lost is not None:
            after = replace(after, lost=lost)
        with self.database.change():
            tables.set_totals(self.database, after)
        self._height = after
        self._file.write(after)
        self._file.flush()

    def agrees(self) -> bool:
        """Whether every row is the one that was kept, by a look at all of them."""
        return counted(self.database, self._key) == (self._height.rows, self._height.fingerprint)

    def tidy(self) -> None:
        """Empty the WAL, and have the height on the disk."""
        self.database.tidy()
        self._file.flush()

    def close(self) -> None:
        """Let go of both files."""
        try:
            self.tidy()
        finally:
            self.database.abandon()
            self._file.close()

    def _without(self, height: Height, gone: Iterable[Stored]) -> Height:
        for row in gone:
            height = height.minus(row.digest(self._key))
        return height

    def _count(self, changed: Iterable[Stored], sign: int) -> None:
        for row in changed:
            kind = (row.facts.category, row.facts.purpose)
            if kind in self._sizes and row.name is None:
                count, size = self._sizes[kind]
                self._sizes[kind] = count + sign, size + sign * len(row.sealed)


def counted(database: Database, key: Private[bytes]) -> tuple[int, bytes]:
    """The number and the fingerprint of the rows that are really there."""
    found = 0
    total = 0
    for row in tables.select(database, Wanted()):
        found += 1
        total += int.from_bytes(row.digest(key), "big")
    return found, (total % (1 << 8 * FINGERPRINT_BYTES)).to_bytes(FINGERPRINT_BYTES, "big")


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
