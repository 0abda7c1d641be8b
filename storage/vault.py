"""What is kept, and for how long: every row sealed, announced, counted and under a permit."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from assistant.errors import SealError, VaultError
from assistant.private import Private
from assistant.types import Permit
from storage import tables
from storage.announcing import HOUSEHOLD, ROW, StatePermit, kept, key_created, read
from storage.audit import AuditLog
from storage.clock import TrustedClock
from storage.entry import Entry
from storage.keyslots import Keyslots
from storage.ledger import Ledger
from storage.mending import open_ledger
from storage.rescue import Secrets
from storage.rows import JSON, Facts, Row, Stored, Wanted, packed, unpacked
from storage.seal import open_sealed, seal
from storage.status import Finding, Status
from storage.tree import MINUTES

STATE = "state"
"""Consents of this name belong to the vault: each state has its own, for as long as it is valid,
so that what was taken off a list is gone from every copy."""


class Vault:
    """The store. Any thread may call it; the calls wait for each other."""

    def __init__(
        self,
        state: Path,
        ledger: Ledger,
        keyslots: Keyslots,
        audit: AuditLog,
        clock: TrustedClock,
        findings: tuple[Finding, ...],
    ) -> None:
        """Use `open`."""
        self.state = state
        self.ledger = ledger
        self.keyslots = keyslots
        self.audit = audit
        self.clock = clock
        self.lock = threading.RLock()
        self._findings = findings
        self._unreadable: set[int] = set()

    @classmethod
    def open(
        cls,
        state: Path,
        *,
        master: Private[bytes],
        keyslots: Keyslots,
        audit: AuditLog,
        clock: TrustedClock,
        previous: Private[bytes] | None = None,
    ) -> Vault:
        """Open or make the database. What is wrong with it is in `status` and the audit log.

        `previous`: the master before this one, while a rotation is under way. Raises VaultError
        where it can't be opened at all: another master's, a full disk.
        """
        announced = audit.heights.get(ROW, 0)
        old = None if previous is None else Secrets.derive(previous)
        ledger, findings = open_ledger(state, Secrets.derive(master), announced, old)
        vault = cls(state, ledger, keyslots, audit, clock, findings)
        try:
            vault._tell(announced)
        except BaseException:
            vault.close()
            raise
        return vault

    def _tell(self, announced: int) -> None:
        """Tell the audit log what was found, and of a row that it was not told of in time."""
        now, heights = self.clock.now(), {ROW: self.ledger.height.last}
        for finding in self._findings:
            counts = {"rows": finding.rows}
            self.audit.append(
                Entry("degraded", now, reason=finding.reason, counts=counts, heights=heights)
            )
        if not self._findings and announced < self.ledger.height.last:
            # A power cut took the flush of the last announcement, and not that of its row.
            self.audit.append(Entry("repaired", now, reason="announced-late", heights=heights))

    @property
    def status(self) -> Status:
        """How it is now."""
        with self.lock:
            return Status(
                rows=self.ledger.height.rows,
                lost=self.ledger.height.lost,
                unreadable=len(self._unreadable),
                findings=self._findings,
                clock_doubtful=self.clock.doubtful,
                keys_settled=self.keyslots.is_settled,
            )

    @property
    def epoch(self) -> int:
        """The keyslots' epoch as far as it is on the disk."""
        return self.keyslots.epoch if self.keyslots.is_settled else self.ledger.height.epoch

    def keep(
        self,
        permit: Permit,
        payload: Mapping[str, JSON],
        audio: Private[bytes] | None = None,
        *,
        due: float | None = None,
        also: Sequence[Entry] = (),
    ) -> int:
        """Keep what a permit allows, and give the row's number; durable when it returns.

        The permit, and what is `also` to be noted, go to the audit log first: where that can't be
        written AuditError is raised and nothing is kept. Raises VaultError where the consent has
        no key (it was withdrawn), the time is over before it begins, or the disk fails. `due`:
        unix seconds at which a row of the outbox is to be sent.
        """
        with self.lock:
            now = self.clock.now()
            expires = math.ceil((now + permit.keep_for.total_seconds()) / 60)
            facts = self._facts(permit, now, expires)
            stored = self._sealed(facts, payload, audio, due=due)
            full = self.ledger.too_many(stored, permit.most, permit.most_bytes)
            self._add(stored, full, *also, kept(permit, facts, now, self.epoch))
            return facts.id

    def give(self, consent: str, subject: str) -> None:
        """Make the key for a consent that was given, so that rows can be kept under it."""
        with self.lock:
            if not self.keyslots.has_consent(consent):
                made = self.keyslots.add_consent(consent, subject)
                self.audit.append(key_created(made, self.clock.now()))

    def rows(self, wanted: Wanted, *, actor: str, purpose: str) -> Iterator[Row]:
        """Open the rows that are wanted, oldest first, after noting who reads them and why.

        What can't be opened any more is left out; what should open and doesn't is counted in
        `status` and left out.
        """
        with self.lock:
            self.note_read(wanted, actor, purpose)
        pages = tables.pages(self.ledger.database, wanted)
        while True:
            with self.lock:
                page, minute = next(pages, None), self.clock.minute()
                opened = [self.opened(stored, minute) for stored in page or ()]
            if page is None:
                return
            yield from (row for row in opened if row is not None)

    def facts(self, wanted: Wanted, *, actor: str, purpose: str) -> list[Facts]:
        """What can be said of the rows that are wanted and can still be opened, oldest first."""
        with self.lock:
            self.note_read(wanted, actor, purpose)
            minute = self.clock.minute()
            found = tables.facts(self.ledger.database, wanted)
            return [facts for facts in found if facts.expires > minute and self._key(facts)]

    def put_state(self, name: str, payload: Mapping[str, JSON], category: str) -> int:
        """Keep the present state of timers or lists, in the place of the one before.

        The one before is gone with its key. `name` is an id: letters, digits, dots.
        """
        with self.lock:
            return self._put(name, payload, category, self.clock.now())

    def get_state(self, name: str) -> Mapping[str, JSON] | None:
        """The state that was last put under this name; None where there is none."""
        with self.lock:
            stored = tables.state(self.ledger.database, name)
            row = self.opened(stored, self.clock.minute()) if stored is not None else None
            return None if row is None else row.payload

    def move_states(self, first: int, last: int) -> None:
        """Seal the states that were put in these minutes as if put after them."""
        with self.lock:
            for stored in tables.states(self.ledger.database):
                row = self.opened(stored, self.clock.minute())
                if stored.name is not None and row is not None and first <= row.facts.made <= last:
                    self._put(stored.name, row.payload, row.facts.category, (last + 1) * 60.0)

    def acknowledge(self) -> int:
        """Leave the degraded state: somebody knows of the rows that are lost. Says how many."""
        with self.lock:
            lost = self.ledger.height.lost
            entry = Entry(
                "repaired", self.clock.now(), reason="acknowledged", counts={"rows": lost}
            )
            self.audit.append(entry)
            self.ledger.amend(lost=0)
            self._findings = ()
            return lost

    def close(self) -> None:
        """Write everything back and let go of the files of the vault."""
        with self.lock:
            self.ledger.close()

    def _put(self, name: str, payload: Mapping[str, JSON], category: str, at: float) -> int:
        consent = f"{STATE}/{name}/{self.ledger.height.last + 1}"
        permit = StatePermit(category, consent)
        before = tables.state(self.ledger.database, name)
        made = self.keyslots.add_consent(consent, HOUSEHOLD)
        facts = self._facts(permit, at, MINUTES - 1)
        stored = self._sealed(facts, payload, None, name=name)
        now = self.clock.now()
        old = () if before is None else (before,)
        self._add(stored, old, key_created(made, now), kept(permit, facts, now, self.epoch))
        if before is not None and self.keyslots.has_consent(before.facts.consent):
            self.keyslots.destroy_consent(before.facts.consent)
        return facts.id

    def _facts(self, permit: Permit | StatePermit, now: float, expires: int) -> Facts:
        made = self.keyslots.next_made(int(now // 60))
        if expires <= int(now // 60) or expires >= MINUTES:
            raise VaultError("a permit that is over before it begins, or never; nothing was stored")
        return Facts(
            id=self.ledger.height.last + 1,
            category=permit.category,
            purpose=permit.purpose,
            subject=permit.subject,
            consent=permit.consent,
            made=made,
            expires=expires,
            epoch=self.keyslots.epoch,
        )

    def _sealed(
        self,
        facts: Facts,
        payload: Mapping[str, JSON],
        audio: Private[bytes] | None,
        *,
        name: str | None = None,
        due: float | None = None,
    ) -> Stored:
        key = self._key(facts)
        if key is None:
            raise VaultError(
                f"consent {facts.consent}: it has no key, it was not given or was withdrawn; "
                "nothing was stored"
            )
        sealed = seal(key, packed(payload, audio), facts.label())
        return Stored(facts, name, due, sealed)

    def _add(self, row: Stored, instead_of: Sequence[Stored], *entries: Entry) -> None:
        """Keep a row: the audit log's entries are written first, and both are flushed at once."""

        def announce(commit: Callable[[], None]) -> None:
            self.audit.append_many(entries, meanwhile=commit)

        self.ledger.add(row, announce=announce, epoch=self.epoch, instead_of=instead_of)

    def note_read(self, wanted: Wanted, actor: str, purpose: str) -> None:
        """Tell the audit log who reads what is kept, and what for."""
        self.audit.append(read(wanted, actor, purpose, self.clock.now()))

    def _key(self, facts: Facts) -> Private[bytes] | None:
        return self.keyslots.row_key(
            facts.consent, made=facts.made, expires=facts.expires, epoch=facts.epoch
        )

    def is_unreadable(self, stored: Stored) -> bool:
        """Whether a row was found not to open though its keys are there."""
        return stored.facts.id in self._unreadable

    def opened(self, stored: Stored, minute: int) -> Row | None:
        """The row, or None where its keys are gone; one that is damaged is counted."""
        key = self._key(stored.facts)
        if key is None or stored.facts.expires <= minute:
            return None
        try:
            payload, audio = unpacked(open_sealed(key, stored.sealed, stored.facts.label()))
        except SealError:
            self._unreadable.add(stored.facts.id)
            return None
        return Row(stored.facts, payload, audio)
