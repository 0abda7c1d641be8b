"""From one master key to another, so that at any moment either of the two opens everything.

While it goes on, `master.rotation` holds each of the two keys sealed under the other. So
whichever of them is configured, both are at hand, and each part of the store is opened with
the new one or else the old, and then moved to the new.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from assistant.errors import KeyslotError
from assistant.private import Private
from storage import passphrase
from storage.derive import KEY_BYTES, derive
from storage.files import erase, read_private, write_private
from storage.master import NAME as KEY_FILE
from storage.master import find_master, read_key, write_key

NAME = "master.rotation"
_NONCE_BYTES = 12
_SEALED_BYTES = _NONCE_BYTES + KEY_BYTES + 16
_TO_FILE, _ELSEWHERE = b"\x01", b"\x00"


@dataclass(frozen=True, slots=True)
class Rotation:
    """Both keys, and who takes the new one."""

    old: Private[bytes]
    new: Private[bytes]
    is_to_file: bool
    """The new key belongs into our key file; otherwise the owner configures it."""


def begin_rotation(
    state: Path,
    environment: Mapping[str, str],
    *,
    key: Path | None = None,
    words: Path | None = None,
) -> Rotation:
    """Note both keys, durably; or go on with a rotation that was broken off.

    The new key is read from the file `key` (then the owner puts it into the credential), or made
    from the passphrase in the file `words`, or else random and for the key file. Afterwards the
    caller moves the keyslots (`Keyslots.open(path, new, previous=old)`), the vault and the audit
    log, then calls `finish_rotation`. Raises KeyslotError, StateError.
    """
    current = find_master(state, environment)
    under_way = pending_rotation(state, current.key)
    if under_way is not None:
        return under_way
    if key is not None:
        new = read_key(key)
    elif words is not None:
        new = passphrase.add_passphrase(state, passphrase.read_passphrase(words))
    elif current.source == "file":
        new = Private(os.urandom(KEY_BYTES))
    else:
        raise KeyslotError(
            f"the master key comes from a {current.source}: name the file of the new one"
        )
    if new == current.key:
        raise KeyslotError("the new master key is the old one")
    rotation = Rotation(current.key, new, is_to_file=key is None and words is None)
    target = _TO_FILE if rotation.is_to_file else _ELSEWHERE
    both = _sealed(new, b"old" + target, current.key) + _sealed(current.key, b"new" + target, new)
    write_private(state / NAME, both)
    return rotation


def pending_rotation(state: Path, master: Private[bytes]) -> Rotation | None:
    """The rotation under way, if there is one, opened with either of its keys.

    Raises KeyslotError where its file is damaged or knows neither.
    """
    path = state / NAME
    try:
        data = read_private(path, 2 * _SEALED_BYTES)
    except FileNotFoundError:
        return None
    for which, part in ((b"old", data[:_SEALED_BYTES]), (b"new", data[_SEALED_BYTES:])):
        for target in (_TO_FILE, _ELSEWHERE):
            other = _opened(master, which + target, part)
            if other is not None:
                old, new = (other, master) if which == b"old" else (master, other)
                return Rotation(old, new, is_to_file=target == _TO_FILE)
    raise KeyslotError(
        f"{path}: damaged, or of other master keys; if the last rotation ended well, remove it"
    )


def finish_rotation(state: Path, environment: Mapping[str, str], rotation: Rotation) -> bool:
    """Forget the old key, once everything is under the new one.

    False: the old one is still configured, so both go on working until Sotto is started with
    the new one; the caller says so.
    """
    if rotation.is_to_file:
        write_key(state, rotation.new)
    else:
        configured = find_master(state, environment)
        if configured.key != rotation.new:
            return False
        if configured.source != "file":
            erase(state / KEY_FILE)
    passphrase.keep_only(state, rotation.new)
    erase(state / NAME)
    return True


def _sealed(key: Private[bytes], label: bytes, secret: Private[bytes]) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, secret.reveal(), label)


def _opened(key: Private[bytes], label: bytes, sealed: bytes) -> Private[bytes] | None:
    try:
        return Private(_cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label))
    except (InvalidTag, ValueError):
        return None


def _cipher(key: Private[bytes]) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(derive(key.reveal(), "sotto rotation"))
