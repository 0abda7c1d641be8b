"""Sealing one row: ChaCha20-Poly1305 with everything about the row bound in."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from assistant.errors import SealError
from assistant.private import Private

FORMAT = 1
NONCE_BYTES = 12
"""Random. A row key serves one consent, one minute of making and one of expiring: with a
million rows in that minute two share a nonce with a chance of 2^-57."""
STEP = 64
STEPS_UP_TO = 1024
"""Bytes: up to here lengths are rounded up to a multiple of STEP, above to a power of two."""
LARGEST = 64 << 20
"""Bytes of a payload: several minutes of audio."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a sealed row is; it opens only under the same label."""

    table: str
    row: int
    made: int
    """Unix minute of making, which chose the key."""
    expires: int
    """Unix minute of expiring, which chose the key."""
    subject: str
    category: str
    purpose: str
    consent: str
    schema: int
    """Version of the payload's layout."""


def seal(key: Private[bytes], payload: bytes, label: Label) -> bytes:
    """The payload, encrypted and padded: version, nonce, ciphertext, tag.

    Raises SealError for a payload above LARGEST.
    """
    if len(payload) > LARGEST:
        raise SealError(f"{_row(label)}: {len(payload)} bytes; at most {LARGEST} are kept")
    nonce = os.urandom(NONCE_BYTES)
    padded = struct.pack(">I", len(payload)) + payload
    padded = padded.ljust(padded_length(len(padded)), b"\0")
    sealed = ChaCha20Poly1305(key.reveal()).encrypt(nonce, padded, encoded(label))
    return bytes([FORMAT]) + nonce + sealed


def open_sealed(key: Private[bytes], sealed: bytes, label: Label) -> bytes:
    """The payload, or SealError where the row, its label or its key is not the sealed one's."""
    if len(sealed) < 1 + NONCE_BYTES or sealed[0] != FORMAT:
        raise SealError(f"{_row(label)}: not a sealed row")
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        padded = ChaCha20Poly1305(key.reveal()).decrypt(nonce, body, encoded(label))
    except InvalidTag:
        raise SealError(f"{_row(label)}: damaged, or sealed as another row") from None
    (length,) = struct.unpack_from(">I", padded)
    return padded[4 : 4 + length]


def padded_length(length: int) -> int:
    """The bucket for so many bytes: what an onlooker learns of a row's size."""
    if length <= STEPS_UP_TO:
        return -(-length // STEP) * STEP
    return 1 << (length - 1).bit_length()


def encoded(label: Label) -> bytes:
    """The label as bytes, one way only: each word with its length before it."""
    words = (label.table, label.subject, label.category, label.purpose, label.consent)
    numbers = f"{label.row} {label.made} {label.expires} {label.schema}"
    return f"sotto row 1 {numbers} {''.join([f'{len(word)}:{word}' for word in words])}".encode()


def _row(label: Label) -> str:
    return f"{label.table} row {label.row}"
