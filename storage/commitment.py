"""A commitment to a key: it fixes the key without showing it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["consent", "expires", "made"]


@dataclass(frozen=True, slots=True)
class Commitment:
    """Written down when a key is made or found again when it goes: the same one both times."""

    kind: Kind
    label: str
    """The consent's id, or the first and last minute under a tree's node: `29900000-29900063`."""
    sha256: str
    """Hex, over a tag, the kind, the label and the key."""


def commit(kind: Kind, label: str, key: bytes) -> Commitment:
    """SHA-256 of 32 random bytes behind a tag: nobody finds the key, or another that fits."""
    tagged = f"sotto commitment 1\0{kind}\0{label}\0".encode() + key
    return Commitment(kind, label, hashlib.sha256(tagged).hexdigest())
