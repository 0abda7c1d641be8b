"""SQLCipher, met here and nowhere else: one encrypted file, one connection, plain errors."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from assistant.errors import VaultError
from assistant.private import Private

SALT_BYTES = 16
"""The first bytes of the file. Ours are derived from the master, so a stranger's file shows."""
_CORRUPT = frozenset({11, 26})
"""SQLITE_CORRUPT, SQLITE_NOTADB."""
_SETTINGS = (
    "cipher_memory_security = ON",
    "locking_mode = EXCLUSIVE",  # the index of the WAL stays in memory: there is no -shm file
    "journal_mode = WAL",
    "synchronous = FULL",
    "temp_store = MEMORY",
    "secure_delete = ON",
    "mmap_size = 0",
    "journal_size_limit = 4194304",
)


class DamageError(VaultError):
    """A database that can't be read as it stands."""


class Database:
    """An open database. Changes are made inside `change()` and are durable when it ends."""

    def __init__(self, path: Path, key: Private[bytes], salt: bytes) -> None:
        """Open or make the file; raises DamageError where it can't be read with this key."""
        self.path = path
        self._is_open = False
        with contextlib.suppress(OSError):  # SQLite itself would let others read its pages
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            self._connection = sqlcipher.connect(
                str(path), isolation_level=None, check_same_thread=False, timeout=2
            )
        except sqlcipher.Error as error:
            raise _named(path, error) from None
        try:
            # A raw key of 32 bytes and the salt: no passphrase, so no key stretching.
            self.execute("PRAGMA cipher_log_level = NONE")
            self.execute(f"PRAGMA key = \"x'{key.reveal().hex()}{salt.hex()}'\"")
            for setting in _SETTINGS:
                self.execute(f"PRAGMA {setting}")
            self.execute("SELECT count(*) FROM sqlite_master")
        except VaultError:
            self.abandon()
            raise

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and give all its rows. Raises VaultError, DamageError."""
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(statement, values).fetchall()
        except sqlcipher.Error as error:
            raise _named(self.path, error) from None
        return found

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """All of what is executed inside, or nothing.

        It is on the disk when the block ends, or when `commit` is called in it.
        """
        self.execute("BEGIN IMMEDIATE")
        self._is_open = True
        try:
            yield
            self.commit()
        except BaseException:
            if self._is_open:
                self._is_open = False
                with contextlib.suppress(VaultError):
                    self.execute("ROLLBACK")
            raise

    def commit(self) -> None:
        """End the change that is open, if one is; durable when it returns."""
        if self._is_open:
            self.execute("COMMIT")
            self._is_open = False

    def damaged_pages(self) -> int:
        """How many pages of the file are not what was once written: their HMACs are checked."""
        return len(self.execute("PRAGMA cipher_integrity_check"))

    def faults(self) -> int:
        """How many faults SQLite finds in tables and indexes."""
        return sum(row[0] != "ok" for row in self.execute("PRAGMA integrity_check"))

    def tidy(self) -> None:
        """Write the WAL back and empty it, so that what was deleted is in neither."""
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rekey(self, key: Private[bytes], salt: bytes) -> None:
        """Encrypt every page with another key, in one step."""
        self.execute(f"PRAGMA rekey = \"x'{key.reveal().hex()}{salt.hex()}'\"")

    def close(self) -> None:
        """Write the WAL back and let go of the file."""
        try:
            self.tidy()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the file as it is."""
        with contextlib.suppress(sqlcipher.Error):
            self._connection.close()


def _named(path: Path, error: Exception) -> VaultError:
    """The error with the file in it and nothing of the statement or its values."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    text = str(error)
    if code & 0xFF in _CORRUPT or "not a database" in text or "malformed" in text:
        return DamageError(f"{path}: damaged, or not a database of this master key")
    what = {
        13: "the disk is full",
        8: "it can't be written (a read-only disk or file)",
        10: "the disk gives errors",
        5: "another process uses it",
        6: "another process uses it",
        14: "it can't be opened",
    }.get(code & 0xFF, f"SQLite error {code}")
    return VaultError(f"{path}: {what}; nothing was stored")
