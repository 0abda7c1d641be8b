"""How the vault is, and what was found wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Reason: TypeAlias = Literal[
    "rows-missing",
    "database-missing",
    "database-damaged",
    "database-behind",
    "rows-changed",
    "height-missing",
    "audit-behind",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not as it should be when the vault was opened."""

    reason: Reason
    rows: int
    """Rows that are missing for it."""
    text: str
    """One line for people."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the vault is."""

    rows: int
    lost: int
    """Rows found missing and not yet acknowledged."""
    unreadable: int
    """Rows that did not open though their keys are there, since the vault was opened."""
    findings: tuple[Finding, ...]
    """What was wrong when it was opened."""
    clock_doubtful: bool
    keys_settled: bool

    @property
    def degraded(self) -> bool:
        """Something that was kept is not there, or time or keys are not as they should be."""
        wrong = self.lost or self.unreadable or self.findings or self.clock_doubtful
        return bool(wrong) or not self.keys_settled
