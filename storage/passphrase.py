"""A master key from a passphrase: Argon2id (RFC 9106), with its salt in a file."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import KeyslotError
from assistant.private import Private
from storage.derive import KEY_BYTES
from storage.files import erase, read_private, write_private
from storage.slots import key_id

NAME = "master.argon2"
"""Its file in the state directory."""
SHORTEST = 12
"""Characters of a new passphrase."""
_LARGEST = 4096


class Stretch(BaseModel):
    """How one passphrase becomes a key; the defaults are RFC 9106's for little memory."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    salt: str = Field(pattern="^[0-9a-f]{32}$")
    check: str = Field(pattern="^[0-9a-f]{16}$")
    """Names the key, to tell a wrong passphrase from damage."""
    memory: int = Field(1 << 16, ge=1 << 13, le=1 << 21)
    """KiB."""
    passes: int = Field(3, ge=1, le=64)
    lanes: int = Field(4, ge=1, le=64)


def read_passphrase(path: Path) -> Private[bytes]:
    """The file's bytes without the line's end. Raises KeyslotError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise KeyslotError(f"{path}: passphrase can't be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise KeyslotError(f"{path}: longer than {_LARGEST} bytes; is this a passphrase?")
    return Private(data.rstrip(b"\r\n"))


def key_from(directory: Path, passphrase: Private[bytes]) -> Private[bytes] | None:
    """The key that the passphrase gives with a salt noted here; None: not one that was used."""
    for stretch in _read(directory / NAME):
        key = _stretched(passphrase, stretch)
        if key_id(key).hex() == stretch.check:
            return key
    return None


def add_passphrase(directory: Path, passphrase: Private[bytes]) -> Private[bytes]:
    """The key that it gives with a new salt, which is noted beside those that are there.

    Raises KeyslotError for a short one.
    """
    if len(passphrase.reveal().decode("utf-8", "replace")) < SHORTEST:
        raise KeyslotError(f"a new passphrase needs at least {SHORTEST} characters")
    path = directory / NAME
    known = _read(path) if path.exists() else ()
    stretch = Stretch(salt=os.urandom(16).hex(), check="0" * 16)
    key = _stretched(passphrase, stretch)
    _write(path, (*known, stretch.model_copy(update={"check": key_id(key).hex()})))
    return key


def keep_only(directory: Path, key: Private[bytes]) -> None:
    """Forget the salts of other keys; the file goes when none is left."""
    path = directory / NAME
    if not path.exists():
        return
    left = tuple(one for one in _read(path) if one.check == key_id(key).hex())
    if left:
        _write(path, left)
    else:
        erase(path)


def _stretched(passphrase: Private[bytes], stretch: Stretch) -> Private[bytes]:
    method = Argon2id(
        salt=bytes.fromhex(stretch.salt),
        length=KEY_BYTES,
        iterations=stretch.passes,
        lanes=stretch.lanes,
        memory_cost=stretch.memory,
    )
    return Private(method.derive(passphrase.reveal()))


def _write(path: Path, stretches: tuple[Stretch, ...]) -> None:
    lines = [stretch.model_dump_json() + "\n" for stretch in stretches]
    write_private(path, "".join(lines).encode())


def _read(path: Path) -> tuple[Stretch, ...]:
    lines = read_private(path, _LARGEST).decode("utf-8", "replace").splitlines()
    try:
        stretches = tuple(Stretch.model_validate_json(line) for line in lines)
    except ValidationError:
        stretches = ()
    if not stretches:
        raise KeyslotError(f"{path}: damaged; put it back, or use the recovery key")
    return stretches
