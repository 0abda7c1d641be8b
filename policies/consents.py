"""Consents given by command, and those withdrawn: a small file in the state directory."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from pydantic import Field, ValidationError

from assistant.errors import PolicyError
from policies.mistakes import one_line, what_was_expected
from policies.model import Consent, Indication, Policy
from policies.sections import Section
from policies.values import Id

LEDGER = "consents.json"
"""The ledger's name in the state directory."""
LARGEST = 4 << 20
"""Bytes of the ledger."""
_LONGEST_KEY = 64
"""Letters of an id that has a key."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Consents:
    """What was given and withdrawn by command, at one moment."""

    given: Mapping[str, Consent] = field(default_factory=dict)
    withdrawn: Mapping[str, Indication] = field(default_factory=dict)
    """By the id of any consent, also of one in a policy file. It stays withdrawn."""
    readable: bool = True
    """False: the ledger is damaged, and no consent counts until it is put right."""


NONE = Consents()
UNREADABLE = Consents(readable=False)


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """What happened to a consent: for the vault, which destroys its key, and for the audit."""

    id: str
    kind: Literal["given", "withdrawn"]
    subject: str
    indication: Indication


OnChange: TypeAlias = Callable[[ConsentChange], None]


def every_consent(policy: Policy, consents: Consents) -> dict[str, Consent]:
    """All consents by id, withdrawn ones marked; a policy file's own come first."""
    return {
        id_: consent
        if (withdrawn := consents.withdrawn.get(id_)) is None
        else consent.model_copy(update={"withdrawn": withdrawn})
        for id_, consent in {**consents.given, **policy.consent}.items()
    }


def withdrawn_ids(policy: Policy, consents: Consents) -> frozenset[str]:
    """Every consent that was withdrawn, in a file or by command: their keys must be gone."""
    marked = (id_ for id_, consent in policy.consent.items() if consent.withdrawn is not None)
    return frozenset((*marked, *consents.withdrawn))


def joint(first: str, second: str) -> str:
    """The id of the key of what takes two consents: no consent can have it for its own."""
    plain = f"{first}+{second}"
    if len(plain) <= _LONGEST_KEY:
        return plain
    return f"joint/{hashlib.sha256(plain.encode()).hexdigest()[:40]}"


def with_joint(ended: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """Consents that ended, and with them the keys of what took one of them and another."""
    pairs = ((one, other) for one in frozenset(ended) for other in known)
    both = (joint(*pair) for one, other in pairs for pair in ((one, other), (other, one)))
    return frozenset((*ended, *both))


class _File(Section):
    """The ledger as it is written."""

    version: Literal[1] = 1
    given: dict[Id, Consent] = Field(default_factory=dict)
    withdrawn: dict[Id, Indication] = Field(default_factory=dict)


class ConsentLedger:
    """The file, written whole and durably; several processes may use it.

    `on_change` is called with each change, after it was written; where it can't be written, a
    withdrawal is passed on all the same before the error is raised, so that the key is destroyed
    on a full disk, too. Whoever binds it compares `current` with the keys at the start.
    """

    def __init__(self, path: Path, on_change: OnChange = lambda _change: None) -> None:
        """Read the ledger; a missing one is empty. Raises PolicyError where it is damaged."""
        self._path = path
        self._on_change = on_change
        self._seen: object = None
        self.current = NONE
        self.reload()

    def reload(self) -> tuple[str, ...]:
        """Read it again; the ids withdrawn since. Raises PolicyError, and keeps what it had."""
        self._seen = self._look()
        file = self._read()
        before = self.current.withdrawn
        self.current = Consents(MappingProxyType(file.given), MappingProxyType(file.withdrawn))
        return tuple(id_ for id_ in file.withdrawn if id_ not in before)

    def changed(self) -> bool:
        """Whether another process wrote it since it was read: one call of stat."""
        return self._look() != self._seen

    def give(self, id_: str, consent: Consent, policy: Policy) -> None:
        """Add a consent. Raises PolicyError for an id used before, or where it can't be written."""
        with self._locked():
            file = self._read()
            if id_ in file.given or id_ in file.withdrawn or id_ in policy.consent:
                raise PolicyError(f"consent {id_}: expected an id that was never used before")
            self._write(_with(file, id_, consent))
        self._on_change(ConsentChange(id_, "given", consent.data_subject, consent.given))

    def withdraw(self, id_: str, indication: Indication, policy: Policy) -> None:
        """Withdraw a consent for good; again does no harm.

        Raises PolicyError where there is none of this id, or it can't be written.
        """
        with self._locked():
            file = self._read()
            consent = {**file.given, **policy.consent}.get(id_)
            if consent is None:
                raise PolicyError(f"consent {id_}: there is none of this id; see `consent list`")
            indication = file.withdrawn.get(id_, indication)
            change = ConsentChange(id_, "withdrawn", consent.data_subject, indication)
            try:
                self._write(_File(given=file.given, withdrawn={**file.withdrawn, id_: indication}))
            finally:
                self._on_change(change)

    def _read(self) -> _File:
        try:
            with self._path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return _File()
        except OSError as error:
            raise PolicyError(f"{self._path}: {error.strerror}") from None
        if len(data) > LARGEST:
            raise PolicyError(f"{self._path}: expected at most {LARGEST >> 20} MiB")
        try:
            return _File.model_validate_json(data)
        except ValidationError as error:
            key = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise PolicyError(
                one_line(f"{self._path}:1: {key}: damaged; no consent counts until it is put right")
            ) from None

    def _write(self, file: _File) -> None:
        """Replace the ledger: whole or not at all, and on the disk when this returns."""
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(new, flags, 0o600), "wb") as out:
                out.write(_bytes(file))
                out.flush()
                os.fsync(out.fileno())
            new.replace(self._path)
            self._sync_directory()
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise PolicyError(f"{self._path}: not written: {error.strerror}") from None
        self.reload()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time change the ledger."""
        try:
            directory = os.open(self._path.parent, _DIRECTORY)
            fcntl.flock(directory, fcntl.LOCK_EX)
        except OSError as error:
            raise PolicyError(f"{self._path.parent}: {error.strerror}") from None
        try:
            yield
        finally:
            os.close(directory)

    def _sync_directory(self) -> None:
        directory = os.open(self._path.parent, _DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _look(self) -> object:
        try:
            status = self._path.stat()
        except OSError as error:
            return error.errno
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _with(file: _File, id_: str, consent: Consent) -> _File:
    try:
        return _File(given={**file.given, id_: consent}, withdrawn=file.withdrawn)
    except ValidationError as error:
        expected = what_was_expected(error.errors()[0])
        raise PolicyError(f"consent: expected {expected} as its id") from None


def _bytes(file: _File) -> bytes:
    return (json.dumps(file.model_dump(mode="json", exclude_none=True), indent=1) + "\n").encode()
