"""What leaves the house: one small JSON object, written anew from checked values."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path

from assistant.errors import DoorError
from plugins.door.wire import LARGEST_PAYLOAD, Value

CONTENT_TYPE = "application/json"
KEY_BYTES = 32


def payload(public_id: str, intent: str, slots: Mapping[str, Value]) -> bytes:
    """The message, always the same bytes for the same values. Raises DoorError if too large."""
    written = {
        "version": 1,
        "id": public_id,
        "intent": intent,
        "slots": {name: slots[name].plain() for name in sorted(slots)},
    }
    encoded = json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()
    if len(encoded) > LARGEST_PAYLOAD:
        raise DoorError(f"a message of {len(encoded)} bytes; at most {LARGEST_PAYLOAD} leave")
    return encoded


class PublicIds:
    """Turns the core's message ids into those that are published.

    The same id always becomes the same, so that a message sent twice is known by its id; and
    the door's key, which the core does not have, lets nobody speak through an id.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, message_id: str) -> str:
        """32 hexadecimal digits."""
        return hmac.new(self._key, message_id.encode(), hashlib.sha256).hexdigest()[:32]


def door_key(path: Path) -> bytes:
    """The door's key, made if there is none. Raises DoorError where it can't be read or made."""
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise DoorError(f"{path}: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise DoorError(f"{path}: expected {KEY_BYTES} bytes; remove the file to make another")
    return key


def _make(path: Path) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
