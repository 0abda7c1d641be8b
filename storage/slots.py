"""One slot of the keyslot file: a fixed number of bytes, encrypted, that show any damage."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assistant.private import Private
from storage.derive import derive

SLOT_BYTES = 1 << 16
_HEADER = struct.Struct(">8sHQ8s32s")
_MAGIC = b"SOTTOKEY"
_VERSION = 1
_TAG_BYTES = 16
_SUM_BYTES = 32
CONTENT_BYTES = SLOT_BYTES - _HEADER.size - _TAG_BYTES - _SUM_BYTES
"""What a slot holds; shorter contents are filled up with zeros, so nothing older stays."""
_NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that opened."""

    epoch: int
    content: bytes = field(repr=False)
    master: int
    """Which of the masters offered opened it."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A slot that did not open."""

    is_foreign: bool = False
    """Whole, but under a master that was not offered."""
    epoch: int = 0
    """What a foreign one says of itself."""


def sealed_slot(content: bytes, epoch: int, master: Private[bytes]) -> bytes:
    """SLOT_BYTES for the disk: header, AES-256-GCM of the content, SHA-256 over both.

    Its key comes from the master and a new random salt, so each is used for one message only.
    """
    salt = os.urandom(32)
    header = _HEADER.pack(_MAGIC, _VERSION, epoch, key_id(master), salt)
    padded = content.ljust(CONTENT_BYTES, b"\0")
    body = header + _cipher(master, salt).encrypt(_NONCE, padded, header)
    return body + hashlib.sha256(body).digest()


def opened_slot(data: bytes, masters: Sequence[Private[bytes]]) -> Slot | Spoilt:
    """What the slot holds, if one of the masters opens it."""
    body, checksum = data[:-_SUM_BYTES], data[-_SUM_BYTES:]
    if len(data) != SLOT_BYTES or hashlib.sha256(body).digest() != checksum:
        return Spoilt()
    magic, version, epoch, owner, salt = _HEADER.unpack_from(body)
    if (magic, version) != (_MAGIC, _VERSION):
        return Spoilt()
    for number, master in enumerate(masters):
        if key_id(master) == owner:
            header, sealed = body[: _HEADER.size], body[_HEADER.size :]
            try:
                content = _cipher(master, salt).decrypt(_NONCE, sealed, header)
            except InvalidTag:
                return Spoilt()
            return Slot(epoch, content, number)
    return Spoilt(is_foreign=True, epoch=epoch)


def key_id(master: Private[bytes]) -> bytes:
    """Eight bytes that name a master and say nothing about it."""
    return derive(master.reveal(), "sotto key id")[:8]


def _cipher(master: Private[bytes], salt: bytes) -> AESGCM:
    return AESGCM(derive(master.reveal(), "sotto keyslots", salt))
