"""Signed notes and checkpoints of the audit log, as C2SP signed-note and tlog-checkpoint say."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from assistant.errors import AuditError
from assistant.private import Private
from storage.derive import derive

ED25519 = b"\x01"
"""The note format's byte for signatures of this type."""
LARGEST_NOTE = 16_384
"""Characters; room for far more than the 16 signatures a reader must accept."""
_DASH = "\N{EM DASH} "


class AuditKey:
    """What the audit log needs of the master key: it signs checkpoints and receipts, and it
    chains records.
    """

    __slots__ = ("_signer", "chain", "public")

    def __init__(self, seed: bytes, chain: bytes) -> None:
        self._signer = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._signer.public_key().public_bytes_raw()
        """32 bytes, for those who check."""
        self.chain = chain
        """32 bytes: the key of the codes that tie each record to all before it."""

    @classmethod
    def derive(cls, master: Private[bytes]) -> AuditKey:
        """Make it from the master key, by HKDF."""
        secret = master.reveal()
        return cls(derive(secret, "sotto audit"), derive(secret, "sotto audit chain"))

    def sign(self, message: bytes) -> bytes:
        """Give the Ed25519 signature (RFC 8032), 64 bytes."""
        return self._signer.sign(message)

    def __repr__(self) -> str:
        return f"AuditKey({fingerprint(self.public)})"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log at one size."""

    origin: str
    """Which log: the first line of its checkpoints and the name of its key."""
    size: int
    root: bytes
    """32 bytes."""

    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is the key's, over exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """SHA-256 of the public key, in hex: what the log calls a key."""
    return hashlib.sha256(public).hexdigest()


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature line says which key made it."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """The public key as other tools of the format take it: name+id+base64."""
    encoded = base64.b64encode(ED25519 + public).decode()
    return f"{name}+{key_id(name, public).hex()}+{encoded}"


def read_verifier_key(text: str) -> tuple[str, bytes]:
    """Read a name and its public key. Raises AuditError."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    raw = _bytes(encoded)
    if not is_name(name) or len(raw) != 33 or raw[:1] != ED25519:
        raise AuditError("not a verifier key: expected NAME+ID+BASE64, as `sotto audit key` prints")
    if key_id(name, raw[1:]).hex() != identity:
        raise AuditError("a verifier key whose id is not its own: was all of it copied?")
    return name, raw[1:]


def sign_checkpoint(checkpoint: Checkpoint, *keys: AuditKey) -> str:
    """The checkpoint as a signed note, by each of the keys."""
    text = checkpoint.text()
    name = checkpoint.origin
    lines = [
        f"{_DASH}{name} "
        f"{base64.b64encode(key_id(name, key.public) + key.sign(text.encode())).decode()}\n"
        for key in keys
    ]
    return f"{text}\n{''.join(lines)}"


def read_checkpoint(note: str, public: bytes) -> Checkpoint:
    """Read a signed checkpoint. Raises AuditError unless this key signed it under its origin.

    Signatures of other keys (witnesses, an earlier or later key) are passed over.
    """
    checkpoint = _parse(open_note(note, note.partition("\n")[0], public))
    if checkpoint is None:
        raise AuditError("a signed note that is no checkpoint")
    return checkpoint


def open_note(note: str, name: str, public: bytes) -> str:
    """The text of a signed note. Raises AuditError unless this key signed it under this name."""
    text, blank, signatures = note.rpartition("\n\n")
    if len(note) > LARGEST_NOTE or not blank or not text or not signatures.endswith("\n"):
        raise AuditError("not a signed note")
    if any(character < " " and character != "\n" for character in note):
        raise AuditError("not a signed note: a control character in it")
    text += "\n"
    found = False
    for signer, signature in _signatures(signatures):
        if signer == name and signature[:4] == key_id(name, public):
            if not is_signed(public, signature[4:], text.encode()):
                raise AuditError("a signed note whose signature is not right: it was changed")
            found = True
    if not found:
        raise AuditError("a signed note without a signature of this key")
    return text


def is_name(name: str) -> bool:
    """Whether a key may be called so."""
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def _signatures(lines: str) -> Iterator[tuple[str, bytes]]:
    for line in lines.removesuffix("\n").split("\n"):
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        signature = _bytes(encoded)
        if not line.startswith(_DASH) or not is_name(name) or len(signature) < 5:
            raise AuditError("a signed note with a line that is no signature")
        yield name, signature


def _parse(text: str) -> Checkpoint | None:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        return None
    origin, size, root = lines[0], lines[1], _bytes(lines[2])
    is_number = size.isascii() and size.isdecimal() and len(size) < 20
    if not is_number or str(int(size)) != size or len(root) != 32:
        return None
    return Checkpoint(origin, int(size), root)


def _bytes(encoded: str) -> bytes:
    """Base 64 in its one form, or nothing."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == encoded else b""
