"""The keyslot file bound to a TPM, so that old copies of it open nothing.

Beside the master key the file then needs a secret that stands in the TPM only. `renew` puts
another in its place: every copy of the file made before is useless from then on, even with the
master key. There are two places for it. The new secret goes into the free one, the file is
sealed under it, then the old one is overwritten; cut off anywhere, one of the two fits.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from assistant.private import Private
from storage.derive import KEY_BYTES, derive
from storage.keyslots import Keyslots
from storage.slotfile import is_of
from storage.tpm import Index

HANDLES = (0x0180_5074, 0x0180_5075)
"""Of the two indices, in the range left to the owner: one state directory for each TPM."""


class Bond:
    """Both secrets, and which of them is in use."""

    def __init__(self, ask: Callable[[bytes], bytes]) -> None:
        """`ask` as from `tpm.device`. The indices are made where they are not there.

        Raises KeyslotError where the TPM refuses.
        """
        self._indices = [Index(ask, handle, KEY_BYTES) for handle in HANDLES]
        for index in self._indices:
            if not index.is_defined:
                index.define()
                index.write(os.urandom(KEY_BYTES))
        self._used = 0

    def create(self, path: Path, master: Private[bytes], now_minute: int) -> Keyslots:
        """As `Keyslots.create`, bound."""
        self._used = 0
        return Keyslots.create(path, self._under(master, 0), now_minute)

    def open(
        self,
        path: Path,
        master: Private[bytes],
        *,
        previous: Private[bytes] | None = None,
        at_least: int = 0,
    ) -> Keyslots:
        """As `Keyslots.open`; a file that was not bound is bound from now on."""
        masters = [master] if previous is None else [master, previous]
        bound = [self._under(one, number) for one in masters for number in (0, 1)]
        self._used = next((n % 2 for n, key in enumerate(bound) if is_of(path, key)), 0)
        in_use = [self._under(master, self._used), *bound, *masters]
        keyslots = Keyslots.open_any(path, in_use, at_least)
        self._indices[1 - self._used].write(os.urandom(KEY_BYTES))
        return keyslots

    def renew(self, keyslots: Keyslots, master: Private[bytes]) -> None:
        """Make every copy of the file from before this call useless.

        A TPM's memory bears some 100,000 writes, and this makes two: after a deletion that
        somebody asked for, and once a day for what expired. Raises KeyslotError; then the file
        opens as before, and the next call does it.
        """
        free = 1 - self._used
        self._indices[free].write(os.urandom(KEY_BYTES))
        keyslots.rewrap(self._under(master, free))
        self._used = free
        self._indices[1 - free].write(os.urandom(KEY_BYTES))

    def is_of(self, path: Path, master: Private[bytes]) -> bool | None:
        """Whether the file is under this master here; None where no slot of it can tell."""
        keys = [master, self._under(master, 0), self._under(master, 1)]
        found = {is_of(path, key) for key in keys}
        return True if True in found else False if False in found else None

    def _under(self, master: Private[bytes], number: int) -> Private[bytes]:
        secret = self._indices[number].read()
        return Private(derive(master.reveal() + secret, "sotto keyslots tpm"))
