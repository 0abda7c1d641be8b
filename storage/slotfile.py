"""A file of two equal slots, written in place one after the other: a torn one leaves the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.errors import KeyslotError, StateError
from assistant.private import Private
from storage.files import open_private, write_at, write_private
from storage.slots import SLOT_BYTES, Slot, Spoilt, opened_slot, sealed_slot

_NAMES = ("A", "B")


class SlotFile:
    """The open file and the epoch it is at.

    It never grows: what is written goes over what was there, also on a full disk, and after
    every write both slots hold the same.
    """

    def __init__(self, path: Path, file: int, master: Private[bytes], epoch: int) -> None:
        """Use `open_slots`."""
        self._path = path
        self._file = file
        self._order = (0, 1)
        self.master = master
        """What the next write is sealed under."""
        self.epoch = epoch
        """Goes up with every write, also one that fails."""
        self.is_settled = True
        """The last write reached both slots."""

    def write(self, content: bytes) -> None:
        """Both slots, durable when it returns.

        Raises KeyslotError when the disk fails; then the next write begins with the slot that
        failed, so one slot is good at any moment.
        """
        self.epoch += 1
        self.is_settled = False
        for number in self._order:
            try:
                slot = sealed_slot(content, self.epoch, self.master)
                write_at(self._file, number * SLOT_BYTES, slot)
            except OSError as error:
                self._order = (number, 1 - number)
                why = f"slot {_NAMES[number]} not written: {error.strerror}"
                raise KeyslotError(f"{self._path}: {why}") from None
        self.is_settled = True

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def create_slots(path: Path, master: Private[bytes], content: bytes) -> None:
    """A new file at epoch 1, whole or not there. Raises KeyslotError where there is one."""
    if os.path.lexists(path):
        raise KeyslotError(f"{path}: is here already and is never made anew")
    try:
        write_private(path, b"".join(sealed_slot(content, 1, master) for _ in _NAMES))
    except StateError as error:
        raise KeyslotError(str(error)) from None


def open_slots(
    path: Path, masters: Sequence[Private[bytes]], at_least: int
) -> tuple[SlotFile, bytes]:
    """The file with both slots mended, and its content; later writes are under the first master.

    Raises KeyslotError as `Keyslots.open` says.
    """
    file = _opened(path)
    try:
        found = [opened_slot(_read(path, file, number), masters) for number in (0, 1)]
        newest = _newest(path, found)
        if newest.epoch < at_least:
            raise KeyslotError(
                f"{path}: an old copy (epoch {newest.epoch}, but {at_least} was noted elsewhere): "
                "put the newest one back"
            )
        _mend(path, file, masters[0], newest, found)
    except BaseException:
        os.close(file)
        raise
    return SlotFile(path, file, masters[0], newest.epoch), newest.content


def _opened(path: Path) -> int:
    try:
        return open_private(path, os.O_RDWR)
    except FileNotFoundError:
        raise KeyslotError(
            f"{path}: missing; without it nothing that was kept can be opened: put it back"
        ) from None
    except StateError as error:
        raise KeyslotError(str(error)) from None


def _read(path: Path, file: int, number: int) -> bytes:
    try:
        return os.pread(file, SLOT_BYTES, number * SLOT_BYTES)
    except OSError as error:
        raise KeyslotError(
            f"{path}: slot {_NAMES[number]} can't be read: {error.strerror}"
        ) from None


def _newest(path: Path, found: Iterable[Slot | Spoilt]) -> Slot:
    good = [slot for slot in found if isinstance(slot, Slot)]
    newest = max(good, key=lambda slot: slot.epoch, default=None)
    foreign = [slot.epoch for slot in found if isinstance(slot, Spoilt) and slot.is_foreign]
    if foreign and (newest is None or newest.epoch < max(foreign)):
        raise KeyslotError(
            f"{path}: belongs to another master key, or to this one with a TPM; give that one, or "
            "its recovery key"
        )
    if newest is None:
        raise KeyslotError(
            f"{path}: both slots are damaged; what was kept can't be opened: put the newest copy "
            "of this file back"
        )
    return newest


def _mend(
    path: Path, file: int, master: Private[bytes], newest: Slot, found: Iterable[Slot | Spoilt]
) -> None:
    """Write anew each slot that is not the newest under this master: the worst one first."""
    worn: list[tuple[bool, int]] = []
    for number, slot in enumerate(found):
        is_newest = isinstance(slot, Slot) and slot.epoch == newest.epoch
        if not (is_newest and isinstance(slot, Slot) and slot.master == 0):
            worn.append((is_newest, number))
    try:
        for _, number in sorted(worn):
            mended = sealed_slot(newest.content, newest.epoch, master)
            write_at(file, number * SLOT_BYTES, mended)
    except OSError as error:
        raise KeyslotError(f"{path}: a spoilt slot was not mended: {error.strerror}") from None


def is_of(path: Path, master: Private[bytes]) -> bool | None:
    """Whether the file is under this master; None where no slot of it can tell. Changes nothing."""
    try:
        file = open_private(path)
    except FileNotFoundError:
        return None
    try:
        found = [opened_slot(_read(path, file, number), [master]) for number in (0, 1)]
    finally:
        os.close(file)
    if any(isinstance(slot, Slot) for slot in found):
        return True
    return False if any(isinstance(slot, Spoilt) and slot.is_foreign for slot in found) else None
