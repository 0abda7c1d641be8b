"""The master key: from systemd, from a passphrase, or from a file of our own.

It is never made anew where something is kept already: that would only hide that the right one
is missing. docs/keys.md has a state for each way to lose a key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from assistant.errors import KeyslotError
from assistant.private import Private
from storage import passphrase
from storage.derive import KEY_BYTES
from storage.files import read_private, write_private

NAME = "master.key"
"""The key file in the state directory: 64 hex digits."""
CREDENTIAL = "sotto-master"
"""The name of the systemd credential: 32 bytes, or 64 hex digits."""
CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"
PASSPHRASE_FILE = "SOTTO_PASSPHRASE_FILE"  # noqa: S105 - the variable's name
KEPT = ("keyslots", "vault.db", "audit.log")
"""Files of the state directory that are worth nothing without their master key."""
_LARGEST = 4096

Source: TypeAlias = Literal["credential", "passphrase", "file"]


@dataclass(frozen=True, slots=True)
class Master:
    """A master key and where it was found."""

    key: Private[bytes]
    source: Source


def master_key(state: Path, environment: Mapping[str, str]) -> Private[bytes]:
    """The 32 bytes that everything else is derived from. Raises KeyslotError, StateError."""
    return find_master(state, environment).key


def find_master(state: Path, environment: Mapping[str, str]) -> Master:
    """The master key of this state directory; made only where nothing is kept yet.

    The first of these that is there: the systemd credential, the passphrase that
    SOTTO_PASSPHRASE_FILE names, the key file.
    """
    credentials = environment.get(CREDENTIALS_DIRECTORY)
    if credentials and (Path(credentials) / CREDENTIAL).exists():
        return Master(read_key(Path(credentials) / CREDENTIAL), "credential")
    named = environment.get(PASSPHRASE_FILE)
    if named:
        return Master(_from_passphrase(state, Path(named)), "passphrase")
    return Master(_from_file(state), "file")


def read_key(path: Path) -> Private[bytes]:
    """A key from a file: 32 bytes, or 64 hex digits on one line. Raises KeyslotError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except OSError as error:
        raise KeyslotError(f"{path}: the key can't be read: {error.strerror}") from None
    return _parsed(path, data)


def write_key(state: Path, key: Private[bytes]) -> None:
    """Put a key into the key file, and overwrite the one that was there. Raises StateError."""
    write_private(state / NAME, key.reveal().hex().encode() + b"\n")


def _from_passphrase(state: Path, named: Path) -> Private[bytes]:
    words = passphrase.read_passphrase(named)
    if not (state / passphrase.NAME).exists():
        _refuse_where_kept(state, f"{passphrase.NAME}, the salt of the passphrase")
        return passphrase.add_passphrase(state, words)
    key = passphrase.key_from(state, words)
    if key is None:
        raise KeyslotError(f"{named}: not the passphrase that {state} was made with")
    return key


def _from_file(state: Path) -> Private[bytes]:
    path = state / NAME
    try:
        return _parsed(path, read_private(path, _LARGEST))
    except FileNotFoundError:
        pass
    if (state / passphrase.NAME).exists():
        raise KeyslotError(f"{state}: opened by a passphrase; name its file in {PASSPHRASE_FILE}")
    _refuse_where_kept(state, f"{NAME}, or the systemd credential {CREDENTIAL},")
    key = Private(os.urandom(KEY_BYTES))
    write_key(state, key)
    return key


def _refuse_where_kept(state: Path, what: str) -> None:
    for name in KEPT:
        if os.path.lexists(state / name):
            raise KeyslotError(
                f"{state}: {what} is missing, but {name} is here and needs it: put it back, or "
                "type: sotto keys recovery --import FILE"
            )


def _parsed(path: Path, data: bytes) -> Private[bytes]:
    if len(data) == KEY_BYTES:
        return Private(data)
    try:
        key = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyslotError(
            f"{path}: damaged: {len(data)} bytes where {KEY_BYTES}, or {2 * KEY_BYTES} hex digits, "
            "should be; put it back, or type: sotto keys recovery --import FILE"
        )
    return Private(key)
