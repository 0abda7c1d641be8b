"""The one file whose keys can be destroyed; every kept row needs three of them.

A row opens with the key of the minute it expires in, of the minute it was made in, and of the
consent it was kept under. They stand in this file and nowhere else, so a copy of everything
but this file, with the master key, opens nothing that was destroyed here.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from assistant.errors import KeyslotError
from assistant.private import Private
from storage.commitment import Commitment, commit
from storage.contents import CONSENTS, MADE_NODES, NAME_BYTES, Consent, Contents, decoded, encoded
from storage.derive import KEY_BYTES, derive
from storage.slotfile import SlotFile, create_slots, open_slots
from storage.tree import MINUTES, Destroyed, Tree

__all__ = ["NAME", "Commitment", "Keyslots"]

NAME = "keyslots"
"""Its name in the state directory."""


class Keyslots:
    """The keys. For one thread; every change is durable when its call returns.

    Where the disk fails while a key is destroyed the call raises KeyslotError: the key is gone
    from memory, `is_settled` is False, and the next write (`settle` makes one) destroys it on
    the disk too. A key that could not be written is not used.
    """

    def __init__(self, path: Path, slots: SlotFile, contents: Contents) -> None:
        """Use `create` or `open`."""
        self._path = path
        self._slots = slots
        self._contents = contents

    @classmethod
    def create(cls, path: Path, master: Private[bytes], now_minute: int) -> Keyslots:
        """A new file, with no key for a row that expired before now.

        Raises KeyslotError where there is one already.
        """
        expires, _ = _planted().punctured(0, now_minute - 1)
        create_slots(path, master, encoded(Contents(expires, _planted(), {})))
        return cls.open(path, master)

    @classmethod
    def open(
        cls,
        path: Path,
        master: Private[bytes],
        *,
        previous: Private[bytes] | None = None,
        at_least: int = 0,
    ) -> Keyslots:
        """Open it, and mend a slot that a power cut spoilt.

        `previous` is the master before this one while a rotation is under way: what it opens is
        sealed under `master`. `at_least` is the highest epoch noted elsewhere. Raises
        KeyslotError where the file is missing, both slots are damaged, it is another master's,
        or older than `at_least`.
        """
        return cls.open_any(path, [master] if previous is None else [master, previous], at_least)

    @classmethod
    def open_any(cls, path: Path, masters: Sequence[Private[bytes]], at_least: int = 0) -> Keyslots:
        """As `open`, with any of these masters, and under the first from now on."""
        slots, content = open_slots(path, masters, at_least)
        return cls(path, slots, decoded(content))

    def rewrap(self, master: Private[bytes]) -> None:
        """Seal the file under another master from now on. Raises KeyslotError."""
        self._slots.master = master
        self._slots.write(encoded(self._contents))

    def close(self) -> None:
        """Let go of the file."""
        self._slots.close()

    @property
    def epoch(self) -> int:
        """Goes up with every write. Who notes it elsewhere notices an old file put back."""
        return self._slots.epoch

    @property
    def is_settled(self) -> bool:
        """What was destroyed is gone from the disk too."""
        return self._slots.is_settled

    def settle(self) -> None:
        """Write again after a write that failed; nothing to do otherwise. Raises KeyslotError."""
        if not self.is_settled:
            self._slots.write(encoded(self._contents))

    @property
    def expired(self) -> int:
        """The last minute whose keys were destroyed by age: it is not earlier than that now."""
        first = self._contents.expires.first_from(0)
        return (MINUTES if first is None else first) - 1

    def next_made(self, minute: int) -> int:
        """The minute for rows made now: this one, or where it was just forgotten, the next."""
        found = self._contents.made.first_from(minute)
        if found is None:
            raise KeyslotError(f"{self._path}: no minute is left from {minute} on")
        return found

    def consents(self) -> Mapping[str, str]:
        """The subject of each consent that has a key, by consent id."""
        return {name: consent.subject for name, consent in self._contents.consents.items()}

    def has_consent(self, consent_id: str) -> bool:
        """Whether it has a key."""
        return consent_id in self._contents.consents

    def row_key(
        self, consent_id: str, *, made: int, expires: int, epoch: int | None = None
    ) -> Private[bytes] | None:
        """The key of rows of this consent and these minutes; None: destroyed, or never there.

        `epoch` is that in which the row was sealed. With it a row whose consent was destroyed
        and given again, or from before `destroy_all`, gets None and not a key that does not fit.
        """
        contents = self._contents
        consent = contents.consents.get(consent_id)
        if consent is None or (epoch is not None and epoch < consent.since):
            return None
        late, early = contents.expires.leaf(expires), contents.made.leaf(made)
        if late is None or early is None:
            return None
        return Private(derive(late + early + consent.key, "sotto row"))

    def add_consent(self, consent_id: str, subject: str) -> Commitment:
        """Make a key for a consent; where it has one, the same commitment again.

        Raises KeyslotError when no more fit, or the id is another subject's.
        """
        present = self._contents.consents.get(consent_id)
        if present is None:
            present = self._new_consent(consent_id, subject)
        elif present.subject != subject:
            raise KeyslotError(f"{self._path}: consent {consent_id} is another subject's")
        return commit("consent", consent_id, present.key)

    def expire(self, minute: int) -> tuple[Commitment, ...]:
        """Destroy the keys of all rows that expire in this minute or before.

        Give it the minute that has just begun: a row that expires at second t has the minute
        ceil(t / 60), and its time is over when that minute begins.
        """
        if minute >= MINUTES - 1:
            raise KeyslotError(f"{self._path}: minute {minute} is beyond the year 2097")
        expires, gone = self._contents.expires.punctured(0, minute)
        if gone:
            self._destroy(replace(self._contents, expires=expires))
        return _commitments("expires", gone)

    def erase_made(
        self, first: int, last: int, *, used: Collection[int] | None = None
    ) -> tuple[Commitment, ...]:
        """Destroy the keys of all rows made from minute `first` to `last`, both included.

        There is room for MADE_NODES nodes. Where a span needs more, and `used` is given (every
        minute in which a row was made that is still kept, in any copy that matters), nodes
        before `last` that no used minute needs are destroyed too, and are among those returned.
        Where that is not enough KeyslotError is raised and nothing destroyed.
        """
        made, gone = self._contents.made.punctured(first, last)
        if len(made) > MADE_NODES and used is not None:
            made, unused = made.thinned(used, last + 1)
            gone += unused
        if len(made) > MADE_NODES:
            raise KeyslotError(
                f"{self._path}: {len(made)} nodes for the spans forgotten so far, and room for "
                f"{MADE_NODES}; forget a longer span that joins two of them"
            )
        if gone:
            self._destroy(replace(self._contents, made=made))
        return _commitments("made", gone)

    def destroy_consent(self, consent_id: str) -> Commitment:
        """Destroy this consent's key. Raises KeyslotError where it has none."""
        if not self.has_consent(consent_id):
            raise KeyslotError(f"{self._path}: no consent {consent_id}")
        return self._destroy_consents([consent_id])[0]

    def destroy_subject(self, subject: str) -> tuple[Commitment, ...]:
        """Destroy the keys of all consents of this subject."""
        named = [name for name, owner in self.consents().items() if owner == subject]
        return self._destroy_consents(named) if named else ()

    def destroy_all(self) -> tuple[Commitment, ...]:
        """Destroy every key there is, and plant new trees for what is kept from now on."""
        old = self._contents
        gone = [commit("consent", name, consent.key) for name, consent in old.consents.items()]
        _, expires = old.expires.punctured(0, MINUTES - 1)
        _, made = old.made.punctured(0, MINUTES - 1)
        self._destroy(Contents(_planted(), _planted(), {}))
        return (*gone, *_commitments("expires", expires), *_commitments("made", made))

    def _new_consent(self, consent_id: str, subject: str) -> Consent:
        for name in (consent_id, subject):
            if not name.isprintable() or not 0 < len(name.encode()) <= NAME_BYTES:
                raise KeyslotError(f"{self._path}: an id is 1 to {NAME_BYTES} printable bytes")
        if len(self._contents.consents) >= CONSENTS:
            raise KeyslotError(f"{self._path}: full with {CONSENTS} consents; withdraw one")
        consent = Consent(subject, self.epoch + 1, os.urandom(KEY_BYTES))
        consents = {**self._contents.consents, consent_id: consent}
        contents = replace(self._contents, consents=consents)
        self._slots.write(encoded(contents))
        self._contents = contents
        return consent

    def _destroy_consents(self, names: Collection[str]) -> tuple[Commitment, ...]:
        old = self._contents.consents
        left = {name: consent for name, consent in old.items() if name not in names}
        self._destroy(replace(self._contents, consents=left))
        return tuple(commit("consent", name, old[name].key) for name in names)

    def _destroy(self, contents: Contents) -> None:
        self._contents = contents
        try:
            self._slots.write(encoded(contents))
        except KeyslotError as error:
            raise KeyslotError(f"{error}; destroyed in memory, not yet on the disk") from None


def _planted() -> Tree:
    return Tree.planted(os.urandom(KEY_BYTES))


def _commitments(
    kind: Literal["expires", "made"], gone: Iterable[Destroyed]
) -> tuple[Commitment, ...]:
    return tuple(commit(kind, f"{node.first}-{node.last}", node.key) for node in gone)
