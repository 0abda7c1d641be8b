"""What waits to be sent: rows like any other, with a time at which they are due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.errors import VaultError
from assistant.types import Permit
from storage import tables
from storage.rows import JSON, Row, Wanted
from storage.vault import Vault

OUTBOX = "outbox"


class Outbox:
    """Rows of the category outbox. They end when they are sent, or when their time is over."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def put(self, permit: Permit, payload: Mapping[str, JSON], *, due: float | None = None) -> int:
        """Keep something to be sent, now or at `due` (unix seconds), and give its number.

        Durable when it returns; raises as `Vault.keep`.
        """
        if permit.category != OUTBOX:
            raise VaultError(f"a permit for {permit.category} lets nothing wait to be sent")
        at = self._vault.clock.now() if due is None else due
        return self._vault.keep(permit, payload, due=at)

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
