"""Looks at an audit log from outside, while another process may be writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AuditError, StateError
from storage.audit_scan import (
    HEAD,
    LOG,
    Scanned,
    contradiction,
    read_entries,
    read_head,
    read_leaves,
    scan,
)
from storage.checkpoint import AuditKey, Checkpoint, read_checkpoint, sign_checkpoint
from storage.files import PRIVATE_DIRECTORY, write_private
from storage.merkle import inclusion_proof
from storage.proof import Proof


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at the whole log found."""

    origin: str
    size: int
    """Entries that are right, from the first on."""
    root: bytes
    unfinished: int
    """Bytes at the end of an entry that is being written, or was when power went."""
    problems: tuple[str, ...]
    """One line each; none: every entry is there, unchanged and in order."""


def verify(directory: Path, key: AuditKey, witnessed: Mapping[str, str]) -> Report:
    """Read the whole log of a directory, and hold it against its head and others' checkpoints.

    `witnessed` holds signed checkpoints that were kept elsewhere, by a name for the report.
    Raises AuditError where there is no log.
    """
    head = read_head(directory / HEAD, key.public)
    problems = [] if head else [f"{HEAD}: missing or damaged: it has no checkpoint of this key"]
    kept: list[tuple[str, Checkpoint]] = [(HEAD, head)] if head else []
    for name, note in witnessed.items():
        try:
            kept.append((name, read_checkpoint(note, key.public)))
        except AuditError as error:
            problems.append(f"{name}: {error}")
    scanned = scan(directory / LOG, key, {checkpoint.size for _, checkpoint in kept})
    problems += [scanned.fault, *(contradiction(scanned, one, name) for name, one in kept)]
    size, root = scanned.frontier.size, scanned.frontier.root()
    problems.append(_malformed(directory / LOG, size))
    found = tuple(dict.fromkeys(filter(None, problems)))
    return Report(scanned.origin, size, root, scanned.torn, found)


def signed_head(directory: Path, key: AuditKey) -> str:
    """A signed checkpoint of the log as it is. Raises AuditError where it is not right."""
    return _sign(_sound(directory, key), key)


def prove(directory: Path, key: AuditKey, index: int) -> Proof:
    """What shows a holder of the public key that an entry is in the log.

    Raises AuditError where there is no such entry, or the log is not right.
    """
    scanned = _sound(directory, key)
    size = scanned.frontier.size
    if not 0 <= index < size:
        raise AuditError(f"there is no entry {index}: the log has {size}, counted from 0")
    leaves = read_leaves(directory / LOG)
    leaf = next(leaf for place, leaf in enumerate(leaves) if place == index)
    return Proof(leaf, inclusion_proof(scanned.hashes or (), index), _sign(scanned, key))


def export(directory: Path, key: AuditKey, target: Path, receipts: Sequence[str]) -> int:
    """Copy the log, a signed checkpoint of it and receipts into a directory; says how many entries.

    Raises AuditError where the log is not right, or the directory has a log already.
    """
    scanned = _sound(directory, key)
    try:
        target.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        if (target / LOG).exists():
            raise AuditError(f"{target}: an audit log lies there already; name another directory")
        with (directory / LOG).open("rb") as file:
            write_private(target / LOG, file.read(scanned.end))
        write_private(target / "checkpoint", _sign(scanned, key).encode())
        if receipts:
            lines = "".join(f"{receipt.strip()}\n" for receipt in receipts)
            write_private(target / "receipts.jsonl", lines.encode())
    except StateError as error:
        raise AuditError(str(error)) from None
    except OSError as error:
        raise AuditError(f"{target}: {error.strerror}") from None
    return scanned.frontier.size


def _sound(directory: Path, key: AuditKey) -> Scanned:
    """The log, fit to be signed: what does not continue the head is never signed."""
    head = read_head(directory / HEAD, key.public)
    path = directory / LOG
    scanned = scan(path, key, () if head is None else (head.size,), keep_hashes=True)
    if fault := scanned.fault or (contradiction(scanned, head, HEAD) if head else ""):
        raise AuditError(f"{directory}: {fault}; see `sotto audit verify`")
    return scanned


def _sign(scanned: Scanned, key: AuditKey) -> str:
    frontier = scanned.frontier
    return sign_checkpoint(Checkpoint(scanned.origin, frontier.size, frontier.root()), key)


def _malformed(path: Path, size: int) -> str:
    try:
        for _ in read_entries(path, 0, size):
            pass
    except AuditError as error:
        return str(error)
    return ""
