"""Keys from keys: HKDF-SHA256 (RFC 5869), 32 bytes at a time."""

from __future__ import annotations

import hmac

KEY_BYTES = 32
"""Length of every key of the store."""


def derive(secret: bytes, info: str, salt: bytes = b"") -> bytes:
    """The 32 bytes that `secret` gives for this use; another `info` gives unrelated ones."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, info.encode() + b"\x01", "sha256")
