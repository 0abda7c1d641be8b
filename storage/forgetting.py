"""Deletion: the keys first, durably; then the proof of it; the rows themselves are housekeeping.

A deletion of the keys works on a full disk and with a database that can't be read. What SQL
does afterwards is done again by the next sweep where it failed.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import AuditError, KeyslotError, StateError, VaultError
from storage import rescue, tables
from storage.announcing import KEYSLOTS
from storage.checkpoint import AuditKey
from storage.commitment import Commitment
from storage.entry import Entry
from storage.files import private_directory, read_private, write_private
from storage.receipt import Receipt, keys_digest, read_receipt, sign_receipt
from storage.rows import Stored, Wanted
from storage.vault import STATE, Vault

log = logging.getLogger(__name__)

RECEIPTS = "receipts"
LARGEST_RECEIPT = 1 << 20
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deletion and its signed receipt."""

    receipt: Receipt
    path: Path
    """Where the receipt lies: one line of JSON, which names nothing that was said."""


class Sweeper:
    """Ends the time of what has had its time; call it once a minute."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._consents: frozenset[str] | None = None

    def sweep(self) -> int:
        """Destroy the keys of rows whose time is over, then take the rows out; says how many.

        A full disk or a failing database never stops the first; the rest is done next time.
        """
        vault = self._vault
        with vault.lock:
            minute = vault.clock.minute()
            keys: tuple[Commitment, ...] = ()
            try:
                vault.keyslots.settle()
                keys = vault.keyslots.expire(minute)
            except KeyslotError as error:
                log.error("keys are not destroyed on the disk yet: %s", error)
            try:
                gone = self._remove(minute)
                if gone:
                    _note(vault, "expired", keys, gone)
                    vault.ledger.tidy()
            except (VaultError, AuditError) as error:
                log.warning("swept rows can't be opened, but are still there: %s", error)
                return 0
            return sum(gone.values())

    def purge(self) -> tuple[int, int]:
        """Sweep now, and remove databases set aside with what could not be rescued of them.

        Says how many rows and databases.
        """
        with self._vault.lock:
            self._consents = None
            gone = self.sweep()
            aside = [directory for directory, _ in rescue.quarantined(self._vault.state)]
            for directory in aside:
                rescue.discard(directory)
            return gone, len(aside)

    def _remove(self, minute: int) -> dict[str, int]:
        vault = self._vault
        database = vault.ledger.database
        self._drop_old_states()
        gone: dict[str, int] = {}
        while batch := tables.expired(database, minute):
            _remove(vault, batch, gone)
        consents = frozenset(vault.keyslots.consents())
        if consents != self._consents:
            while batch := tables.without_consent(database, consents):
                _remove(vault, batch, gone)
            self._consents = consents
        for directory, latest in rescue.quarantined(vault.state):
            if latest <= minute:
                rescue.discard(directory)
        return gone

    def _drop_old_states(self) -> None:
        """Destroy the keys of states that a crash left behind their successors.

        Not where rows are missing: the right database may be put back.
        """
        vault = self._vault
        if vault.status.lost or vault.status.findings:
            return
        present = {stored.facts.consent for stored in tables.states(vault.ledger.database)}
        for consent in vault.keyslots.consents():
            if consent.startswith(f"{STATE}/") and consent not in present:
                vault.keyslots.destroy_consent(consent)


def forget_subject(vault: Vault, subject: str) -> Deleted:
    """Make everything of a person unreadable. Raises VaultError where nothing is kept of them."""
    with vault.lock:
        if subject not in vault.keyslots.consents().values():
            raise VaultError(f"{subject}: no consent of that subject has a key; nothing to forget")
        wanted = Wanted(subject=subject)
        deletion = _Deletion("forget", wanted, subject=subject)
        return deletion.carry_out(vault, lambda: vault.keyslots.destroy_subject(subject))


def withdraw(vault: Vault, consent: str) -> Deleted:
    """Make everything kept under a consent unreadable. Raises VaultError where it has no key."""
    with vault.lock:
        subject = vault.keyslots.consents().get(consent)
        if subject is None:
            raise VaultError(f"consent {consent}: it has no key; nothing is kept under it")
        deletion = _Deletion("withdrawn", Wanted(consent=consent), subject, consent)
        return deletion.carry_out(vault, lambda: (vault.keyslots.destroy_consent(consent),))


def forget_span(vault: Vault, since: float | None, until: float | None) -> Deleted:
    """Make everything made from `since` to `until` (unix seconds) unreadable, in whole minutes.

    The minutes are those that the span touches. Timers and lists are of the present, not of the
    time in which they were last changed: they stay.
    """
    with vault.lock:
        now = vault.clock.now()
        end = now if until is None else min(until, now)
        first, last = max(0, int((since or 0) // 60)), math.ceil(end / 60) - 1
        if last < first:
            raise VaultError("the time to forget ends before it begins, or has not come yet")
        return _forget_minutes(vault, first, last)


def forget_rows(vault: Vault, ids: Collection[int]) -> Deleted | None:
    """Make these rows unreadable, and with them what else was made in their minutes.

    None where none of them is left. Timers and lists stay.
    """
    with vault.lock:
        found = tables.facts(vault.ledger.database, Wanted(ids=tuple(ids)))
        minutes = [facts.made for facts in found]
        return _forget_minutes(vault, min(minutes), max(minutes)) if minutes else None


def _forget_minutes(vault: Vault, first: int, last: int) -> Deleted:
    """Make everything unreadable that was made in these minutes, but for timers and lists."""
    vault.move_states(first, last)
    used = tables.minutes(vault.ledger.database)
    wanted = Wanted(since=first, until=last)
    deletion = _Deletion("forget", wanted, since=first * 60, until=(last + 1) * 60)
    return deletion.carry_out(vault, lambda: vault.keyslots.erase_made(first, last, used=used))


def forget_all(vault: Vault) -> Deleted:
    """Make everything unreadable; every consent must be given anew."""
    with vault.lock:
        deleted = _Deletion("purge", Wanted()).carry_out(vault, vault.keyslots.destroy_all)
        for directory, _ in rescue.quarantined(vault.state):
            rescue.discard(directory)
        return deleted


def sign_again(vault: Vault, old: AuditKey) -> None:
    """Put receipts that an earlier key signed under the audit log's present one."""
    for path in sorted((vault.state / RECEIPTS).glob("*.json")):
        text = read_private(path, LARGEST_RECEIPT).decode("utf-8", "replace")
        try:
            receipt = read_receipt(text, old.public)
        except AuditError:
            continue
        index, _, _ = receipt.proof.check(old.public)
        signed = sign_receipt(replace(receipt, proof=vault.audit.prove(index)), vault.audit.key)
        write_private(path, signed.encode() + b"\n")


@dataclass(frozen=True, slots=True)
class _Deletion:
    """What is to go, and what the receipt will say."""

    reason: str
    rows: Wanted
    subject: str = ""
    consent: str = ""
    since: int = 0
    until: int = 0

    def carry_out(self, vault: Vault, destroy: Callable[[], tuple[Commitment, ...]]) -> Deleted:
        """Destroy the keys, sign the receipt, and take the rows out.

        Raises KeyslotError or AuditError where the disk fails; the keys are gone from memory
        then, the rows are taken out as far as that works, and the sweep does the rest.
        """
        counts = tables.by_category(vault.ledger.database, self.rows)
        try:
            keys = destroy()
            return self._prove(vault, keys, counts)
        finally:
            try:
                vault.ledger.remove(tables.select(vault.ledger.database, self.rows))
                vault.ledger.tidy()
            except VaultError as error:
                log.warning("deleted rows can't be opened, but are still there: %s", error)

    def _prove(
        self, vault: Vault, keys: tuple[Commitment, ...], counts: Mapping[str, int]
    ) -> Deleted:
        now = vault.clock.now()
        index = _note(vault, self.reason, keys, counts, self.subject, self.consent)
        receipt = Receipt(
            at=int(now),
            reason=self.reason,
            epoch=vault.keyslots.epoch,
            rows=counts,
            keys=keys,
            proof=vault.audit.prove(index),
            subject=self.subject,
            since=self.since,
            until=self.until,
        )
        try:
            path = private_directory(vault.state / RECEIPTS) / f"{int(now)}-{index}.json"
            write_private(path, sign_receipt(receipt, vault.audit.key).encode() + b"\n")
        except StateError as error:
            raise VaultError(
                f"the keys are destroyed, and the audit log says so, but not the receipt: {error}"
            ) from None
        return Deleted(receipt, path)


def _note(
    vault: Vault,
    reason: str,
    keys: tuple[Commitment, ...],
    counts: Mapping[str, int],
    subject: str = "",
    consent: str = "",
) -> int:
    """Tell the audit log of a deletion; gives the position."""
    entry = Entry(
        "deletion",
        vault.clock.now(),
        reason=reason,
        subject=subject,
        consent=consent,
        digest=keys_digest(keys),
        counts={f"rows-{category}": number for category, number in counts.items()},
        heights={KEYSLOTS: vault.epoch},
    )
    return vault.audit.append(entry)


def _remove(vault: Vault, batch: list[Stored], gone: dict[str, int]) -> None:
    vault.ledger.remove(batch)
    for row in batch:
        gone[row.facts.category] = gone.get(row.facts.category, 0) + 1
