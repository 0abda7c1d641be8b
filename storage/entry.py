"""What the audit log may say: a closed set of kinds, and fields too narrow for speech."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from assistant.errors import AuditError

Kind: TypeAlias = Literal[
    "opened",
    "policy-loaded",
    "policy-refused",
    "consent-given",
    "consent-withdrawn",
    "permit",
    "refusal",
    "read",
    "placeholder-opened",
    "release",
    "command",
    "deletion",
    "key-created",
    "key-destroyed",
    "alarm",
    "degraded",
    "repaired",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))
URGENT: frozenset[str] = frozenset(
    {"consent-withdrawn", "deletion", "key-destroyed", "alarm", "degraded", "repaired"}
)
"""What is written even where the disk is full, into room that was set aside for it."""
LARGEST = 2**53
"""Counts stay below it, so that every reader of JSON has them exactly."""

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "policy-loaded": ("digest",),
    "policy-refused": ("reason",),
    "consent-given": ("consent", "subject"),
    "consent-withdrawn": ("consent",),
    "permit": ("category", "purpose", "rule"),
    "refusal": ("rule",),
    "read": ("actor", "purpose"),
    "placeholder-opened": ("actor", "category", "purpose", "rule"),
    "release": ("destination", "intent", "rule"),
    "command": ("actor", "reason"),
    "deletion": ("reason",),
    "key-created": ("label",),
    "key-destroyed": ("label",),
    "alarm": ("reason",),
    "degraded": ("reason",),
}
_PART = r"[A-Za-z0-9_-]{1,40}"
_ID = re.compile(rf"{_PART}(?:[.:/@+]{_PART}){{0,5}}")
_NAME = re.compile(rf"(?!.*[0-9]{{6}}){_PART}(?:[.:/]{_PART}){{0,5}}")
_RULE = re.compile(rf"(?!.*[0-9]{{6}}){_PART}(?:(?:[./#]|: ?){_PART}){{0,5}}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_COUNT = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_TEXTS: Mapping[str, tuple[re.Pattern[str], int]] = {
    "actor": (_NAME, 64),
    "rule": (_RULE, 96),
    "category": (_NAME, 32),
    "purpose": (_NAME, 64),
    "subject": (_ID, 64),
    "consent": (_ID, 64),
    "destination": (_NAME, 64),
    "intent": (_NAME, 64),
    "reason": (_NAME, 64),
    "label": (_ID, 96),
    "digest": (_DIGEST, 64),
}
"""The text fields in the order they are written, with their form and longest length. Names
are the house's own words; ids are given out by programs and may hold long numbers."""
_PER_ENTRY = 32
_YEAR_3000 = 32_503_680_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. Raises AuditError, naming the field, for what does not fit."""

    kind: Kind
    at: float
    """Unix seconds, by the caller's clock; kept to the millisecond."""
    actor: str = ""
    """Who: owner, daemon, skill.lamp, door."""
    rule: str = ""
    category: str = ""
    purpose: str = ""
    """What it is kept or read for."""
    subject: str = ""
    consent: str = ""
    destination: str = ""
    intent: str = ""
    reason: str = ""
    label: str = ""
    """What the key or receipt is called."""
    digest: str = ""
    """SHA-256, in hex, of a policy, a commitment or a receipt."""
    counts: Mapping[str, int] = field(default_factory=dict)
    heights: Mapping[str, int] = field(default_factory=dict)
    """What must be remembered outside the database: rows by table, the keyslots' epoch."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise AuditError("an audit entry of a kind that does not exist")
        if not 0 <= self.at < _YEAR_3000:
            raise AuditError(f"audit entry {self.kind}: at is not a time in unix seconds")
        for name, (form, longest) in _TEXTS.items():
            value = getattr(self, name)
            if value and (len(value) > longest or form.fullmatch(value) is None):
                raise AuditError(f"audit entry {self.kind}: {name} is not an id")
        for name in _REQUIRED.get(self.kind, ()):
            if not getattr(self, name):
                raise AuditError(f"audit entry {self.kind}: {name} is missing")
        _check_numbers(self.kind, "counts", self.counts)
        _check_numbers(self.kind, "heights", self.heights)

    def encode(self, index: int) -> bytes:
        """The one form of this entry at this position: ASCII JSON without a line end."""
        plain: dict[str, Any] = {"n": index, "at": round(self.at * 1000), "kind": self.kind}
        for name in _TEXTS:
            value = getattr(self, name)
            if value:
                plain[name] = value
        if self.counts:
            plain["counts"] = dict(sorted(self.counts.items()))
        if self.heights:
            plain["heights"] = dict(sorted(self.heights.items()))
        return json.dumps(plain, separators=(",", ":")).encode("ascii")


def decode(leaf: bytes) -> tuple[int, Entry]:
    """Read an entry back with its position. Raises AuditError unless it is in the one form."""
    try:
        plain = json.loads(leaf.decode("ascii"))
        index, at = plain.pop("n"), plain.pop("at")
        if type(index) is not int or type(at) is not int:
            raise TypeError
        entry = Entry(at=at / 1000, **plain)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise AuditError("not an audit entry") from None
    if entry.encode(index) != leaf:
        raise AuditError("an audit entry that is not in its one form")
    return index, entry


def _check_numbers(kind: str, name: str, numbers: Mapping[str, int]) -> None:
    if len(numbers) > _PER_ENTRY:
        raise AuditError(f"audit entry {kind}: more than {_PER_ENTRY} {name}")
    for key, value in numbers.items():
        if _COUNT.fullmatch(key) is None:
            raise AuditError(f"audit entry {kind}: a name in {name} is not an id")
        if type(value) is not int or not 0 <= value < LARGEST:
            raise AuditError(f"audit entry {kind}: {name}.{key} is not a count")
