"""Rows as they stand in the database, as they are asked for, and as they are read."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from assistant.errors import VaultError
from assistant.private import Private
from storage.height import FINGERPRINT_BYTES
from storage.seal import Label

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
TABLE = "rows"
SCHEMA = 1
"""Version of the tables and of a payload's layout."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be said of a row without opening it."""

    id: int
    category: str
    purpose: str
    subject: str
    consent: str
    made: int
    """Unix minute."""
    expires: int
    """Unix minute at whose beginning the row is gone."""
    epoch: int
    """The keyslots' epoch in which it was sealed."""

    def values(self) -> tuple[int | str, ...]:
        """The fields in their order."""
        words = (self.category, self.purpose, self.subject, self.consent)
        return (self.id, *words, self.made, self.expires, self.epoch)

    def label(self) -> Label:
        """What is bound into the sealed payload."""
        return Label(
            table=TABLE,
            row=self.id,
            made=self.made,
            expires=self.expires,
            subject=self.subject,
            category=self.category,
            purpose=self.purpose,
            consent=self.consent,
            schema=SCHEMA,
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the table."""

    facts: Facts
    name: str | None
    """Of a state; the latest row of a name is its only one."""
    due: float | None
    """Unix seconds at which an outbox row is to be sent."""
    sealed: bytes

    def digest(self, key: Private[bytes]) -> bytes:
        """The keyed hash of the whole row, for the fingerprint of the table."""
        hashed = hashlib.blake2b(key=key.reveal(), digest_size=FINGERPRINT_BYTES)
        # The form of a tuple of numbers, strings and None is unambiguous.
        hashed.update(repr((*self.facts.values(), self.name, self.due)).encode())
        hashed.update(self.sealed)
        return hashed.digest()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was opened."""

    facts: Facts
    payload: Mapping[str, JSON]
    audio: Private[bytes] | None = field(default=None)
    """Mono 16 kHz int16 samples, where a consent allowed to keep them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; what is None excludes none."""

    category: str | None = None
    subject: str | None = None
    consent: str | None = None
    since: int | None = None
    """Unix minute of making, included."""
    until: int | None = None
    """Unix minute of making, included."""
    ids: tuple[int, ...] | None = None

    def condition(self) -> tuple[str, list[object]]:
        """A WHERE clause and its values."""
        tests: list[tuple[str, object]] = [
            ("category = ?", self.category),
            ("subject = ?", self.subject),
            ("consent = ?", self.consent),
            ("made >= ?", self.since),
            ("made <= ?", self.until),
            (
                "id IN (SELECT value FROM json_each(?))",
                None if self.ids is None else json.dumps(self.ids),
            ),
        ]
        used = [(test, value) for test, value in tests if value is not None]
        clause = " AND ".join(test for test, _ in used)
        return f" WHERE {clause or 'TRUE'}", [value for _, value in used]


def packed(payload: Mapping[str, JSON], audio: Private[bytes] | None) -> bytes:
    """A payload as it is sealed: JSON, and after it the samples.

    Raises VaultError for what is not JSON; the message has none of it.
    """
    try:
        encoded = _ENCODER.encode(payload).encode()
    except (TypeError, ValueError, RecursionError):
        raise VaultError("a payload is not JSON; nothing was stored") from None
    return struct.pack(">I", len(encoded)) + encoded + (audio.reveal() if audio else b"")


def unpacked(raw: bytes) -> tuple[dict[str, JSON], Private[bytes] | None]:
    """What `packed` made its bytes from."""
    (length,) = struct.unpack_from(">I", raw)
    payload: dict[str, JSON] = json.loads(raw[4 : 4 + length].decode())
    audio = raw[4 + length :]
    return payload, Private(audio) if audio else None
