"""The master key on paper: text that can be printed and typed in again."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from assistant.errors import KeyslotError
from assistant.private import Private
from storage import passphrase
from storage.bond import Bond
from storage.derive import KEY_BYTES
from storage.files import erase
from storage.keyslots import NAME as KEYSLOTS
from storage.master import CREDENTIAL, CREDENTIALS_DIRECTORY, PASSPHRASE_FILE, write_key
from storage.slotfile import is_of
from storage.slots import key_id

_SUM_BYTES = 8
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O or U, so nothing is mistaken for one or zero."""
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_GROUP = 4
_GROUPS_IN_A_LINE = 4
_LENGTH = (KEY_BYTES + _SUM_BYTES) * 8 // 5


def recovery_text(master: Private[bytes]) -> Private[str]:
    """Four lines of four groups of four letters: 32 bytes and 8 of their SHA-256, base32.

    With a heading that says what it is, and the key's name, which is no secret.
    """
    data = master.reveal() + _checksum(master.reveal())
    letters = base64.b32encode(data).decode().translate(str.maketrans(_STANDARD, _LETTERS))
    groups = [letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP)]
    lines = [
        " ".join(groups[start : start + _GROUPS_IN_A_LINE])
        for start in range(0, len(groups), _GROUPS_IN_A_LINE)
    ]
    heading = f"# Sotto recovery key {key_id(master).hex()}. Who has it opens what is kept.\n"
    return Private(heading + "\n".join(lines) + "\n")


def recovered_master(text: Private[str]) -> Private[bytes]:
    """The key from its text, in upper or lower case, with spaces or hyphens anywhere.

    Raises KeyslotError that says what is wrong, without a letter of it.
    """
    lines = [line for line in text.reveal().splitlines() if not line.lstrip().startswith("#")]
    letters = re.sub(r"[\s-]", "", "".join(lines)).upper()
    letters = letters.translate(str.maketrans("ILO", "110"))
    for place, letter in enumerate(letters):
        if letter not in _LETTERS:
            raise KeyslotError(f"recovery key: group {place // _GROUP + 1} has a wrong letter")
    if len(letters) != _LENGTH:
        raise KeyslotError(f"recovery key: {len(letters)} letters where {_LENGTH} should be")
    data = base64.b32decode(letters.translate(str.maketrans(_LETTERS, _STANDARD)))
    key, checksum = data[:KEY_BYTES], data[KEY_BYTES:]
    if _checksum(key) != checksum:
        raise KeyslotError("recovery key: a letter is wrong or two are swapped; type it again")
    return Private(key)


def import_recovery(
    state: Path, environment: Mapping[str, str], text: Private[str], bond: Bond | None = None
) -> None:
    """Put the key into the key file, if it is the one that the keyslots here are under.

    Raises KeyslotError where it is another, or where a credential or passphrase is configured
    and would be used instead. `bond`: the keyslots are bound to a TPM.
    """
    master = recovered_master(text)
    is_theirs = is_of if bond is None else bond.is_of
    if is_theirs(state / KEYSLOTS, master) is False:
        raise KeyslotError(f"recovery key: not the one of {state / KEYSLOTS}")
    credentials = environment.get(CREDENTIALS_DIRECTORY)
    if credentials and (Path(credentials) / CREDENTIAL).exists():
        raise KeyslotError(f"the systemd credential {CREDENTIAL} would be used instead: remove it")
    if environment.get(PASSPHRASE_FILE):
        raise KeyslotError(f"the passphrase would be used instead: unset {PASSPHRASE_FILE}")
    write_key(state, master)
    erase(state / passphrase.NAME)


def _checksum(key: bytes) -> bytes:
    return hashlib.sha256(b"sotto recovery" + key).digest()[:_SUM_BYTES]
