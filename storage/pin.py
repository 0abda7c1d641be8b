"""The PIN that confirms risky acts: a hash of it, and how often a wrong one was said.

The hash is Argon2id (RFC 9106) with a salt of its own. A PIN has few digits, so whoever has the
hash can try them all within hours: what protects it is that nobody else can read it, and at the
device that after three wrong ones it waits, longer each time.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import PinError
from assistant.private import Private
from storage.derive import KEY_BYTES
from storage.files import erase, read_private, write_private
from storage.master import CREDENTIALS_DIRECTORY

NAME = "pin.argon2"
"""Its file in the state directory."""
TRIES = "pin.tries"
"""The file of what was tried since the right one was last said."""
CREDENTIAL = "sotto-pin"
"""The name of the systemd credential; it goes before the file."""
FREE = 3
"""Wrong PINs in a row before the first wait."""
FIRST_WAIT, LONGEST_WAIT = 60.0, 86_400.0
"""Seconds of the first wait; each wrong PIN after it doubles it, up to the longest."""
_LARGEST = 1024

Verdict: TypeAlias = Literal["right", "wrong", "locked"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class PinHash(_Record):
    """How one PIN becomes a hash; the costs are RFC 9106's for little memory."""

    salt: str = Field(pattern="^[0-9a-f]{32}$")
    hash: str = Field(pattern="^[0-9a-f]{64}$")
    memory: int = Field(1 << 16, ge=1 << 13, le=1 << 18)
    """KiB."""
    passes: int = Field(3, ge=1, le=16)
    lanes: int = Field(4, ge=1, le=16)


class Tries(_Record):
    """What was tried since the right PIN was last said."""

    wrong: int = Field(0, ge=0, le=10_000)
    until: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Unix seconds before which no PIN is listened to."""


def hash_of(digits: Private[str]) -> PinHash:
    """The hash of a new PIN, with a new salt."""
    empty = PinHash(salt=os.urandom(16).hex(), hash="0" * 64)
    return empty.model_copy(update={"hash": _stretched(digits, empty)})


def read_hash(text: str) -> PinHash:
    """A hash as it is written. Raises PinError, which quotes nothing of it."""
    try:
        return PinHash.model_validate_json(text)
    except ValidationError:
        raise PinError("not a PIN's hash: make one with `sotto pin set`") from None


def write_hash(state: Path, record: PinHash) -> None:
    """Make it the PIN's hash, and forget what was tried. Raises StateError."""
    write_private(state / NAME, record.model_dump_json().encode() + b"\n")
    erase(state / TRIES)


def remove(state: Path) -> None:
    """Have no PIN. Raises StateError."""
    erase(state / NAME)
    erase(state / TRIES)


class Pin:
    """Compares what was said with the PIN: three times, then it waits, over restarts too.

    A wrong answer is noted on the disk before it is compared, so that pulling the plug gives no
    further try; where it can't be noted, no PIN is right.
    """

    def __init__(
        self, state: Path, environment: Mapping[str, str], now: Callable[[], float]
    ) -> None:
        """`now`: unix seconds, by a clock that goes on over restarts."""
        self._state = state
        self._environment = environment
        self._now = now

    @property
    def source(self) -> Literal["credential", "file"] | None:
        """Where its hash comes from; None: no PIN is set."""
        if (credential := self._credential) is not None and credential.exists():
            return "credential"
        return "file" if (self._state / NAME).exists() else None

    def wait(self) -> float:
        """Seconds before the next try; 0: now. Raises PinError, StateError for damaged files."""
        tries = self._tries()
        # A clock that was set back does not make the wait longer than it was.
        return min(max(0.0, tries.until - self._now()), _wait_after(tries.wrong))

    def check(self, said: Private[str]) -> Verdict:
        """Whether these digits are the PIN. Raises PinError, StateError where it can't be known."""
        record = self._read()
        if self.wait() > 0:
            return "locked"
        wrong = min(self._tries().wrong + 1, 10_000)
        noted = Tries(wrong=wrong, until=self._now() + _wait_after(wrong))
        write_private(self._state / TRIES, noted.model_dump_json().encode() + b"\n")
        if not hmac.compare_digest(_stretched(said, record), record.hash):
            return "wrong"
        erase(self._state / TRIES)
        return "right"

    @property
    def _credential(self) -> Path | None:
        directory = self._environment.get(CREDENTIALS_DIRECTORY)
        return Path(directory) / CREDENTIAL if directory else None

    def _read(self) -> PinHash:
        source = self.source
        if source is None:
            raise PinError("no PIN is set; type: sotto pin set")
        if source == "file":
            return read_hash(read_private(self._state / NAME, _LARGEST).decode("utf-8", "replace"))
        credential = self._credential
        assert credential is not None
        try:
            return read_hash(credential.read_text("utf-8", "replace")[:_LARGEST])
        except OSError as error:
            raise PinError(f"{credential}: {error.strerror}") from None

    def _tries(self) -> Tries:
        path = self._state / TRIES
        try:
            return Tries.model_validate_json(read_private(path, _LARGEST))
        except FileNotFoundError:
            return Tries()
        except ValidationError:
            raise PinError(f"{path}: damaged; type: sotto pin set") from None


def _wait_after(wrong: int) -> float:
    """Seconds to wait after so many wrong ones in a row."""
    if wrong < FREE:
        return 0.0
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(wrong - FREE, 40))


def _stretched(digits: Private[str], record: PinHash) -> str:
    method = Argon2id(
        salt=bytes.fromhex(record.salt),
        length=KEY_BYTES,
        iterations=record.passes,
        lanes=record.lanes,
        memory_cost=record.memory,
    )
    return method.derive(digits.reveal().encode()).hex()
