"""What waits to be sent: rows like any other, with a time at which they are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.errors import VaultError
from assistant.types import Permit, Release
from storage import tables
from storage.audit_scan import LOG, read_kind
from storage.entry import Entry
from storage.rows import JSON, Row, Wanted
from storage.vault import Vault

OUTBOX = "outbox"


class Outbox:
    """Rows of the category outbox. They end when they are sent, or when their time is over."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.dropped = 0
        """Rows that went unsent since the start, because there was no room for them."""

    def put(
        self,
        permit: Permit,
        payload: Mapping[str, JSON],
        *,
        release: Release | None = None,
        due: float | None = None,
    ) -> int:
        """Keep something to be sent, now or at `due` (unix seconds), and give its number.

        Durable when it returns, and the `release` that lets it out is in the audit log then;
        raises as `Vault.keep`. Where the oldest has to make room the log says so.
        """
        if permit.category != OUTBOX:
            raise VaultError(f"a permit for {permit.category} lets nothing wait to be sent")
        vault = self._vault
        with vault.lock:
            now = vault.clock.now()
            notes = () if release is None else (released(release, now),)
            before = vault.ledger.height.rows
            number = vault.keep(permit, payload, due=now if due is None else due, also=notes)
            if dropped := before + 1 - vault.ledger.height.rows:
                self.dropped += dropped
                counts = {"rows": dropped}
                vault.audit.append(Entry("alarm", now, reason="outbox-full", counts=counts))
            return number

    def due(self) -> list[Row]:
        """What is to be sent by now, the longest due first; the same again until it is done."""
        vault = self._vault
        with vault.lock:
            now = vault.clock.now()
            waiting = tables.due(vault.ledger.database, now)
            if waiting:
                vault.note_read(Wanted(category=OUTBOX), "door", "send")
            opened = [vault.opened(stored, int(now // 60)) for stored in waiting]
            return [row for row in opened if row is not None]

    def done(self, numbers: Sequence[int]) -> None:
        """These were sent: take them out. Durable when it returns."""
        vault = self._vault
        with vault.lock:
            wanted = Wanted(category=OUTBOX, ids=tuple(numbers))
            vault.ledger.remove(list(tables.select(vault.ledger.database, wanted)))


def released(release: Release, at: float) -> Entry:
    """What the audit log says of a release."""
    return Entry(
        "release",
        at,
        rule=release.rule,
        category="intent",
        consent=release.consent,
        destination=release.destination,
        intent=release.intent.name,
    )


def released_since(state: Path, since: float) -> Counter[str]:
    """How many messages were released since a moment (unix seconds), by destination.

    It counts in the audit log of a state directory, which is written before anything leaves.
    Raises AuditError.
    """
    found = read_kind(state / LOG, "release")
    return Counter(entry.destination for entry in found if entry.at >= since)
