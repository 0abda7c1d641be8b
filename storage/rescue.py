"""Makes a good database of a damaged one, or of one under another master key.

The damaged one is set aside, where its rows stay under the same keys and so under their time
to live. Nothing kept is destroyed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import VaultError
from assistant.private import Private
from storage import tables
from storage.database import SALT_BYTES, DamageError, Database
from storage.derive import derive
from storage.files import erase, private_directory, sync_directory
from storage.height import Height, HeightFile
from storage.ledger import Ledger, counted
from storage.rows import Stored, Wanted

DATABASE = "vault.db"
HEIGHT = "vault.height"
QUARANTINE = "quarantine"
_PARTS = ("", "-wal", "-shm")
_CHUNK = 4_096
"""Row numbers asked for at once in a damaged database."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the vault needs of the master key."""

    database: Private[bytes]
    salt: bytes
    height: Private[bytes]
    rows: Private[bytes]

    @classmethod
    def derive(cls, master: Private[bytes]) -> Secrets:
        """Make them, by HKDF."""
        secret = master.reveal()
        return cls(
            Private(derive(secret, "sotto vault")),
            derive(secret, "sotto vault salt")[:SALT_BYTES],
            Private(derive(secret, "sotto vault height")),
            Private(derive(secret, "sotto vault rows")),
        )


def read_height(state: Path, secrets: Secrets) -> Height | None:
    """What the database should hold; None where nothing was noted."""
    with contextlib.closing(HeightFile(state / HEIGHT, secrets.height)) as file:
        return file.read()


def quarantined(state: Path) -> Iterator[tuple[Path, int]]:
    """The databases set aside, and the minute from which none of their rows can be opened."""
    for directory in sorted((state / QUARANTINE).glob("*-*")):
        with contextlib.suppress(ValueError):
            yield directory, int(directory.name.partition("-")[0])


def discard(directory: Path) -> None:
    """Remove a database that was set aside."""
    remove(directory / DATABASE)
    directory.rmdir()


def salt_of(path: Path) -> bytes:
    """The salt that the file begins with."""
    with path.open("rb") as file:
        return file.read(SALT_BYTES)


def moved(state: Path, ledger: Ledger, secrets: Secrets) -> Ledger:
    """Copy every row into a database under another master, and put that in the old one's place."""
    path = state / DATABASE
    fresh = path.with_name(f"{DATABASE}.new")
    every = tables.select(ledger.database, Wanted())
    height = _filled(fresh, secrets, every, ledger.height.next())
    ledger.close()
    try:
        fresh.rename(path)
        sync_directory(state)
    except OSError as error:
        raise VaultError(f"{path}: {error.strerror}; it is still under the old key") from None
    database = Database(path, secrets.database, secrets.salt)
    file = HeightFile(state / HEIGHT, secrets.height)
    moved = Ledger(database, file, secrets.rows, height)
    moved.amend()
    return moved


def _filled(fresh: Path, secrets: Secrets, every: Iterable[Stored], height: Height) -> Height:
    """Make a database of these rows; gives the totals with what is in it. All or nothing."""
    new = Database(fresh, secrets.database, secrets.salt)
    latest, last = height.latest, height.last
    try:
        tables.make_tables(new)
        with new.change():
            for row in every:
                tables.insert(new, row)
                # A kill may have come before the height knew of the last row.
                last = max(last, row.facts.id)
                latest = max(latest, row.facts.expires if row.name is None else 0)
            count, fingerprint = counted(new, secrets.rows)
            height = replace(height, last=last, rows=count, fingerprint=fingerprint, latest=latest)
            tables.set_totals(new, height)
        new.close()
    except VaultError:
        new.abandon()
        remove(fresh)
        raise
    return height


def mended(
    path: Path, secrets: Secrets, outside: Height | None, announced: int
) -> tuple[Database, int]:
    """Put the readable rows into a new database and set the old one aside."""
    fresh = path.with_name(f"{DATABASE}.new")
    before = outside or _told(path, secrets) or Height()
    every = _readable(path, secrets, max(before.last, announced))
    height = _filled(fresh, secrets, every, before)
    _set_aside(path, fresh, height.latest)
    return Database(path, secrets.database, secrets.salt), height.rows


def _told(path: Path, secrets: Secrets) -> Height | None:
    """What a damaged database says it holds, where that can be read."""
    try:
        with contextlib.closing(Database(path, secrets.database, secrets.salt)) as database:
            return tables.totals(database)
    except VaultError:
        return None


def _set_aside(path: Path, fresh: Path, latest: int) -> None:
    """Put the fresh database in the place of the old one, of which nothing is lost on the way."""
    number = 1
    above = private_directory(path.parent / QUARANTINE)
    while any(above.glob(f"*-{number}")):
        number += 1
    aside = private_directory(above / f"{latest}-{number}")
    try:
        os.link(path, aside / DATABASE)
        for part in _PARTS[1:]:
            with contextlib.suppress(FileNotFoundError):
                path.with_name(DATABASE + part).rename(aside / f"{DATABASE}{part}")
        sync_directory(aside)
        fresh.rename(path)
        sync_directory(path.parent)
    except OSError as error:
        raise VaultError(f"{aside}: {error.strerror}; the database was not set aside") from None


def _readable(path: Path, secrets: Secrets, last: int) -> Iterator[Stored]:
    """Every row that can still be read, in the order of their numbers."""
    waiting = [
        (low, min(low + _CHUNK - 1, last)) for low in range(last // _CHUNK * _CHUNK, -1, -_CHUNK)
    ]
    database: Database | None = None
    try:
        while waiting:
            low, high = waiting.pop()
            try:
                database = database or Database(path, secrets.database, secrets.salt)
                if not tables.are_made(database):
                    return
                yield from tables.between(database, low, high)
            except DamageError:
                # After one page that can't be read SQLCipher reads no other.
                if database is None:
                    return
                database.abandon()
                database = None
                if low < high:
                    middle = (low + high) // 2
                    waiting += [(middle + 1, high), (low, middle)]
    finally:
        if database is not None:
            database.abandon()


def remove(path: Path) -> None:
    """Overwrite and remove a database with its WAL."""
    for part in _PARTS:
        erase(path.with_name(path.name + part))
