"""The tables of the vault, and every statement that reads or changes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from assistant.errors import VaultError
from storage.database import Database
from storage.height import Height
from storage.rows import SCHEMA, Facts, Stored, Wanted

TABLES = (
    """CREATE TABLE rows (
        id INTEGER PRIMARY KEY,
        category TEXT NOT NULL,
        purpose TEXT NOT NULL,
        subject TEXT NOT NULL,
        consent TEXT NOT NULL,
        made INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        name TEXT,
        due REAL,
        sealed BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX rows_by_made ON rows (made)",
    "CREATE INDEX rows_by_expiry ON rows (expires)",
    "CREATE UNIQUE INDEX rows_by_name ON rows (name) WHERE name IS NOT NULL",
    "CREATE INDEX rows_by_due ON rows (due) WHERE due IS NOT NULL",
    """CREATE TABLE totals (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        generation INTEGER NOT NULL,
        last INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        fingerprint BLOB NOT NULL,
        epoch INTEGER NOT NULL,
        latest INTEGER NOT NULL,
        lost INTEGER NOT NULL
    ) STRICT""",
)
_FACTS = "id, category, purpose, subject, consent, made, expires, epoch"
_ROWS = f"SELECT {_FACTS}, name, due, sealed FROM rows"  # noqa: S608  # no value is ever in it
_PAGE = 500
"""Rows fetched at once."""


def make_tables(database: Database) -> None:
    """Make what is not there yet. Raises VaultError for tables of a newer Sotto."""
    version = database.execute("PRAGMA user_version")[0][0]
    if version > SCHEMA:
        raise VaultError(f"{database.path}: made by a newer Sotto (tables of version {version})")
    if version == SCHEMA:
        return
    with database.change():
        for statement in TABLES:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {SCHEMA}")


def are_made(database: Database) -> bool:
    """Whether the tables are there."""
    return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'totals'"))


def insert(database: Database, row: Stored) -> None:
    """Add a row, inside a change."""
    database.execute(
        "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row.facts.values(), row.name, row.due, row.sealed),
    )


def remove(database: Database, row: Stored) -> None:
    """Take a row out, inside a change."""
    database.execute("DELETE FROM rows WHERE id = ?", (row.facts.id,))


def pages(database: Database, wanted: Wanted) -> Iterator[list[Stored]]:
    """The rows, oldest first, some at a time: others may come and go between."""
    where, values = wanted.condition()
    tail = f"{where} AND (made, id) > (?, ?) ORDER BY made, id LIMIT {_PAGE}"
    after = (-1, -1)
    while page := _rows(database, tail, (*values, *after)):
        yield page
        after = (page[-1].facts.made, page[-1].facts.id)


def select(database: Database, wanted: Wanted) -> Iterator[Stored]:
    """The rows, oldest first."""
    for page in pages(database, wanted):
        yield from page


def facts(database: Database, wanted: Wanted) -> list[Facts]:
    """What can be said of the rows without opening them, oldest first."""
    where, values = wanted.condition()
    statement = f"SELECT {_FACTS} FROM rows{where} ORDER BY made, id"  # noqa: S608  # ours
    return [Facts(*found) for found in database.execute(statement, values)]


def between(database: Database, low: int, high: int) -> list[Stored]:
    """The rows with these numbers, both included, without a look at any index."""
    if low == high:
        # A look for one row never touches the page after its own.
        return _rows(database, " NOT INDEXED WHERE id = ?", (low,))
    return _rows(database, " NOT INDEXED WHERE id BETWEEN ? AND ?", (low, high))


def oldest(database: Database, category: str, purpose: str, most: int) -> list[Stored]:
    """The oldest rows of a category and purpose; a state is none of them."""
    tail = " WHERE category = ? AND purpose = ? AND name IS NULL ORDER BY made, id LIMIT ?"
    return _rows(database, tail, (category, purpose, most))


def size(database: Database, category: str, purpose: str) -> tuple[int, int]:
    """Number and bytes of the rows of a category and purpose."""
    found: tuple[int, int] = database.execute(
        "SELECT count(*), coalesce(sum(length(sealed)), 0) FROM rows "
        "WHERE category = ? AND purpose = ? AND name IS NULL",
        (category, purpose),
    )[0]
    return found


def state(database: Database, name: str) -> Stored | None:
    """The latest row of a name."""
    found = _rows(database, " WHERE name = ?", (name,))
    return found[0] if found else None


def states(database: Database) -> list[Stored]:
    """The latest row of every name."""
    return _rows(database, " WHERE name IS NOT NULL")


def due(database: Database, now: float) -> list[Stored]:
    """Rows that are to be sent by now, the longest due first."""
    return _rows(database, " WHERE due <= ? ORDER BY due, id", (now,))


def expired(database: Database, minute: int) -> list[Stored]:
    """Some of the rows whose time is over."""
    return _rows(database, f" WHERE expires <= ? LIMIT {_PAGE}", (minute,))


def without_consent(database: Database, consents: Collection[str]) -> list[Stored]:
    """Some of the rows of any other consent than these."""
    tail = f" WHERE consent NOT IN (SELECT value FROM json_each(?)) LIMIT {_PAGE}"  # noqa: S608
    return _rows(database, tail, (json.dumps(list(consents)),))


def by_category(database: Database, wanted: Wanted) -> dict[str, int]:
    """How many rows there are of each category."""
    where, values = wanted.condition()
    statement = f"SELECT category, count(*) FROM rows{where} GROUP BY category"  # noqa: S608
    return {str(category): int(number) for category, number in database.execute(statement, values)}


def minutes(database: Database) -> set[int]:
    """Every minute in which a row was made."""
    return {found[0] for found in database.execute("SELECT DISTINCT made FROM rows")}


def count(database: Database) -> int:
    """How many rows there are."""
    number: int = database.execute("SELECT count(*) FROM rows")[0][0]
    return number


def last(database: Database) -> int:
    """The highest number of a row; 0 where there is none."""
    number: int = database.execute("SELECT coalesce(max(id), 0) FROM rows")[0][0]
    return number


def totals(database: Database) -> Height:
    """What the database itself says it holds; nothing, where it has no tables."""
    if not are_made(database):
        return Height()
    found = database.execute(
        "SELECT generation, last, rows, fingerprint, epoch, latest, lost FROM totals"
    )
    return Height(*found[0]) if found else Height()


def set_totals(database: Database, height: Height) -> None:
    """Note what the database holds, inside the change that made it so."""
    database.execute(
        "INSERT OR REPLACE INTO totals VALUES (1, ?, ?, ?, ?, ?, ?, ?)", height.values()
    )


def _rows(database: Database, tail: str, values: Sequence[object] = ()) -> list[Stored]:
    return [_stored(found) for found in database.execute(_ROWS + tail, values)]


def _stored(found: tuple[Any, ...]) -> Stored:
    *facts, name, due, sealed = found
    return Stored(Facts(*facts), name, due, sealed)
