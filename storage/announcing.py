"""What the vault tells the audit log: ids, rules and counts, never contents."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types import Permit
from storage.commitment import Commitment
from storage.entry import Entry
from storage.rows import Facts, Wanted

HOUSEHOLD = "household"
ROW = "row"
KEYSLOTS = "keyslots"
"""The heights that the log holds for us: the last row's number, and the keyslots' epoch."""


@dataclass(frozen=True, slots=True)
class StatePermit:
    """Timers and lists are kept because somebody asked for them, until somebody ends them."""

    category: str
    consent: str
    purpose: str = "service"
    subject: str = HOUSEHOLD
    rule: str = "built-in: service"


def kept(permit: Permit | StatePermit, facts: Facts, at: float, epoch: int) -> Entry:
    """A row is about to be kept."""
    return Entry(
        "permit",
        at,
        rule=permit.rule,
        category=permit.category,
        purpose=permit.purpose,
        subject=permit.subject,
        consent=permit.consent,
        heights={ROW: facts.id, KEYSLOTS: epoch},
    )


def read(wanted: Wanted, actor: str, purpose: str, at: float) -> Entry:
    """Somebody is about to read what is kept."""
    return Entry(
        "read",
        at,
        actor=actor,
        purpose=purpose,
        category=wanted.category or "",
        subject=wanted.subject or "",
        consent=wanted.consent or "",
    )


def key_created(commitment: Commitment, at: float) -> Entry:
    """What fixes a key without showing it, for a deletion receipt one day."""
    return Entry("key-created", at, label=commitment.label, digest=commitment.sha256)
