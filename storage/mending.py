"""Opens the vault's database whatever became of it, and says what is missing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from assistant.errors import VaultError
from storage import tables
from storage.database import DamageError, Database
from storage.height import Height, HeightFile
from storage.ledger import Ledger
from storage.rescue import (
    DATABASE,
    HEIGHT,
    QUARANTINE,
    Secrets,
    mended,
    moved,
    read_height,
    remove,
    salt_of,
)
from storage.status import Finding


def open_ledger(
    state: Path, secrets: Secrets, announced: int, previous: Secrets | None = None
) -> tuple[Ledger, tuple[Finding, ...]]:
    """Open or make the database; `announced` is the last row number in the audit log.

    `previous`: of the master before this one, while a rotation is under way; what is still under
    it is moved. Raises VaultError where another master made it, or the disk has no room.
    """
    path = state / DATABASE
    if previous is not None and path.exists() and salt_of(path) == previous.salt:
        before, told_before = open_ledger(state, previous, announced)
        return moved(state, before, secrets), told_before
    with contextlib.ExitStack() as opened:
        file = HeightFile(state / HEIGHT, secrets.height)
        opened.callback(file.close)
        outside = file.read()
        if outside is None and previous is not None:
            outside = read_height(state, previous)
        database, findings = _opened(path, secrets, outside, announced)
        opened.callback(database.abandon)
        told = tables.totals(database)
        height, found = _reconciled(path, told, outside, announced)
        ledger = Ledger(database, file, secrets.rows, height)
        findings += found
        if findings or height != told or outside is None:
            ledger.amend()
        opened.pop_all()
    return ledger, tuple(findings)


def _opened(
    path: Path, secrets: Secrets, outside: Height | None, announced: int
) -> tuple[Database, list[Finding]]:
    """The database, or what could be rescued of it; and what was wrong."""
    remove(path.with_name(f"{DATABASE}.new"))
    findings = []
    if not path.exists() and (announced or outside is not None):
        findings.append(Finding("database-missing", 0, f"{path}: missing; a new one was made"))
    database = _whole(path, secrets)
    if database is None:
        database, rescued = mended(path, secrets, outside, announced)
        aside = path.parent / QUARANTINE
        text = f"{path}: damaged; {rescued} rows were rescued, the file is in {aside}"
        findings.append(Finding("database-damaged", 0, text))
    return database, findings


def _whole(path: Path, secrets: Secrets) -> Database | None:
    """The open database, or None where a part of it can't be read."""
    database = None
    try:
        database = Database(path, secrets.database, secrets.salt)
        if not database.damaged_pages():
            tables.make_tables(database)
            if tables.count(database) == tables.totals(database).rows:
                return database
    except DamageError:
        if database is None and salt_of(path) not in {secrets.salt, b""}:
            raise VaultError(
                f"{path}: made with another master key; give that one, or move the file away"
            ) from None
    if database is not None:
        database.abandon()
    return None


def _reconciled(
    path: Path, told: Height, outside: Height | None, announced: int
) -> tuple[Height, list[Finding]]:
    """The totals to go on with, and what they lack of those outside.

    A row is announced in the audit log before it is kept, and the one before it was kept by
    then: so of the announced ones only the last may be a row that nobody was told is kept.
    """
    beside = outside or told
    known = max(told.last, beside.last, announced - 1)
    newest = beside if beside.generation >= told.generation else told
    missing = known - told.last
    if beside.generation == told.generation:
        missing = beside.rows - told.rows + known - beside.last
    elif newest is beside:
        missing = min(missing, beside.rows + known - beside.last)
    findings = []
    if outside is None and told.generation:
        text = f"{path.with_name(HEIGHT)}: missing or damaged; it was made anew"
        findings.append(Finding("height-missing", 0, text))
    if missing > 0:
        text = f"{path}: {missing} rows that were kept are missing"
        findings.append(Finding("rows-missing", missing, text))
    elif beside.generation > told.generation:
        text = f"{path}: an older copy; what was taken out since is in it again"
        findings.append(Finding("database-behind", 0, text))
    elif beside.generation == told.generation and beside.fingerprint != told.fingerprint:
        text = f"{path}: its rows are not the ones that were kept"
        findings.append(Finding("rows-changed", 0, text))
    height = replace(
        told,
        generation=newest.generation,
        last=known,
        epoch=max(told.epoch, beside.epoch),
        latest=max(told.latest, beside.latest),
        lost=newest.lost + max(0, missing),
    )
    if announced < min(height.last, outside.last if outside is not None else height.last - 1):
        text = f"{path.parent}: the audit log ends before the last row that was kept"
        findings.append(Finding("audit-behind", 0, text))
    return height, findings
