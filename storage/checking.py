"""Looks at everything that is kept, and says what is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.errors import AuditError, StateError
from storage import tables
from storage.files import read_private
from storage.forgetting import LARGEST_RECEIPT, RECEIPTS
from storage.receipt import read_receipt
from storage.rows import Wanted
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Report:
    """What was found."""

    rows: int
    readable: int
    """Rows that opened."""
    ended: int
    """Rows whose keys are gone, and that the next sweep takes out."""
    receipts: int
    problems: tuple[str, ...]
    """A line each, of rows by their number only."""


def check(vault: Vault, progress: Callable[[int, int], None]) -> Report:
    """Check pages, indexes, every row and its seal, the height, the receipts.

    The audit log says what is wrong with itself: `AuditLog.verify`.
    """
    with vault.lock:
        ledger, database = vault.ledger, vault.ledger.database
        problems = [finding.text for finding in vault.status.findings]
        if lost := ledger.height.lost:
            problems.append(f"{lost} rows that were kept are missing (--acknowledge: you know)")
        if pages := database.damaged_pages():
            problems.append(f"{database.path}: {pages} pages are damaged")
        elif faults := database.faults():
            problems.append(f"{database.path}: {faults} faults in tables and indexes")
        if not pages and not ledger.agrees():
            problems.append(f"{database.path}: its rows are not the ones that were kept")
        readable = ended = 0
        minute = vault.clock.minute()
        for done, stored in enumerate(tables.select(database, Wanted()), start=1):
            if vault.opened(stored, minute) is not None:
                readable += 1
            elif vault.is_unreadable(stored):
                problems.append(f"row {stored.facts.id}: damaged; it does not open")
            else:
                ended += 1
            progress(done, ledger.height.rows)
        receipts, wrong = _receipts(vault)
        return Report(ledger.height.rows, readable, ended, receipts, (*problems, *wrong))


def _receipts(vault: Vault) -> tuple[int, list[str]]:
    good, wrong = 0, []
    for path in sorted((vault.state / RECEIPTS).glob("*.json")):
        try:
            read_receipt(read_private(path, LARGEST_RECEIPT).decode(), vault.audit.key.public)
            good += 1
        except (AuditError, StateError, UnicodeDecodeError) as error:
            reason = error if not isinstance(error, UnicodeDecodeError) else "not a receipt"
            wrong.append(f"{path}: {reason}")
    return good, wrong
