"""Deletion receipts: which keys are gone, why and when, signed and tied to the audit log.

A commitment to a key is made when the key is made: that of a consent stands in the log's
`key-created` entry, that of a tree's node follows from keys that existed. Whoever still holds a
key (an old copy of the keyslot file, say) can show with `is_key_of` that it was this one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from assistant.errors import AuditError
from assistant.private import Private
from storage.checkpoint import AuditKey, is_signed
from storage.commitment import Commitment, Kind, commit
from storage.entry import Entry
from storage.proof import Proof, canonical, read_proof

_TAG = b"sotto receipt 1\n"
_NUMBERS = ("at", "epoch", "since", "until")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted."""

    at: int
    """Unix seconds."""
    reason: str
    """forget, withdrawn, expired, purge: an id."""
    epoch: int
    """Of the keyslot file once the keys were gone."""
    rows: Mapping[str, int]
    """How many rows became unreadable, by category."""
    keys: tuple[Commitment, ...]
    """Of the keys that were destroyed."""
    proof: Proof
    """Of the log's `deletion` entry."""
    subject: str = ""
    since: int = field(default=0)
    until: int = field(default=0)
    """What was forgotten by time, in unix seconds, `until` not included; both 0: by nothing."""


def keys_digest(keys: Sequence[Commitment]) -> str:
    """SHA-256, in hex, over all commitments of a deletion: the `digest` of its audit entry."""
    lines = "".join(f"{key.kind} {key.label} {key.sha256}\n" for key in keys)
    return hashlib.sha256(b"sotto destroyed keys 1\n" + lines.encode()).hexdigest()


def row_counts(rows: Mapping[str, int]) -> dict[str, int]:
    """The `counts` of a deletion's audit entry."""
    return {f"rows-{category}": number for category, number in rows.items()}


def sign_receipt(receipt: Receipt, key: AuditKey) -> str:
    """One line of JSON with the signature in it. Raises AuditError where it contradicts itself."""
    fields = _fields(receipt)
    _check(receipt, key.public)
    signature = key.sign(_TAG + canonical(fields).encode())
    return canonical({**fields, "signature": base64.b64encode(signature).decode()})


def read_receipt(text: str, public: bytes) -> Receipt:
    """Read a receipt that this key signed. Raises AuditError."""
    try:
        fields: dict[str, Any] = json.loads(text[:_LARGEST])
        signature = base64.b64decode(fields.pop("signature"), validate=True)
        signed = _TAG + canonical(fields).encode()
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise AuditError("not a deletion receipt") from None
    if not is_signed(public, signature, signed):
        raise AuditError("a deletion receipt that this key did not sign, or that was changed")
    receipt = _parse(fields)
    _check(receipt, public)
    return receipt


def is_key_of(commitment: Commitment, key: Private[bytes]) -> bool:
    """Whether this is the key that was committed to."""
    return commit(commitment.kind, commitment.label, key.reveal()) == commitment


def _check(receipt: Receipt, public: bytes) -> Entry:
    """Hold a receipt against the entry it proves."""
    _, entry, _ = receipt.proof.check(public)
    told = (entry.kind, entry.reason, entry.subject, entry.digest, entry.counts)
    counts = row_counts(receipt.rows)
    if told != ("deletion", receipt.reason, receipt.subject, keys_digest(receipt.keys), counts):
        raise AuditError("a deletion receipt that says something else than its audit entry")
    return entry


def _fields(receipt: Receipt) -> dict[str, Any]:
    numbers = {name: getattr(receipt, name) for name in _NUMBERS}
    return {
        "receipt": 1,
        **numbers,
        "reason": receipt.reason,
        "subject": receipt.subject,
        "rows": dict(receipt.rows),
        "keys": [[key.kind, key.label, key.sha256] for key in receipt.keys],
        "proof": receipt.proof.fields(),
    }


def _parse(fields: Mapping[str, Any]) -> Receipt:
    try:
        numbers = {name: fields[name] for name in _NUMBERS}
        rows, reason, subject = fields["rows"], fields["reason"], fields["subject"]
        keys = tuple(Commitment(*map(str, key)) for key in fields["keys"])  # type: ignore[arg-type]
        is_ours = (
            fields["receipt"] == 1
            and all(type(number) is int for number in (*numbers.values(), *rows.values()))
            and all(type(text) is str for text in (reason, subject))
            and all(key.kind in get_args(Kind) for key in keys)
        )
    except (KeyError, TypeError, AttributeError):
        is_ours = False
    if not is_ours:
        raise AuditError("a deletion receipt of a form that is not known here")
    proof = read_proof(fields["proof"])
    return Receipt(reason=reason, subject=subject, rows=rows, keys=keys, proof=proof, **numbers)
