"""Opens everything that is kept, in the one order that is safe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AuditError
from assistant.private import Private
from storage import clock, keyslots
from storage.announcing import KEYSLOTS
from storage.audit import AuditLog
from storage.checkpoint import AuditKey
from storage.clock import Hands, TrustedClock
from storage.files import StateLock, private_directory
from storage.forgetting import Sweeper, sign_again
from storage.keyslots import Keyslots
from storage.master import master_key
from storage.outbox import Outbox
from storage.rescue import Secrets, read_height
from storage.rotation import finish_rotation, pending_rotation
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Store:
    """The parts, open; one process at a time."""

    state: Path
    master: Private[bytes]
    clock: TrustedClock
    audit: AuditLog
    keyslots: Keyslots
    vault: Vault
    outbox: Outbox
    sweeper: Sweeper


@contextlib.contextmanager
def open_store(
    state: Path, environment: Mapping[str, str], *, hands: Hands | None = None
) -> Iterator[Store]:
    """Open or make the store in a state directory, and close it in the end.

    Keys whose time is over are destroyed before the database is looked at, so a damaged one or
    a full disk doesn't prolong what is in it. `hands`: the machine's clocks. Raises StateError
    (a directory that others can write, another process), KeyslotError, AuditError, VaultError.
    """
    private_directory(state)
    with contextlib.ExitStack() as opened:
        opened.enter_context(StateLock(state))
        master = master_key(state, environment)
        rotation = pending_rotation(state, master)
        if rotation is not None:
            master = rotation.new
        previous = None if rotation is None else rotation.old
        trusted = TrustedClock(state / clock.NAME, hands=hands)
        opened.callback(trusted.close)
        audit = opened.enter_context(_audit(state, master, previous, trusted))
        slots = _keyslots(state, master, previous, audit, trusted)
        opened.callback(slots.close)
        slots.expire(trusted.minute())
        vault = Vault.open(
            state, master=master, keyslots=slots, audit=audit, clock=trusted, previous=previous
        )
        opened.callback(vault.close)
        if rotation is not None:
            sign_again(vault, AuditKey.derive(rotation.old))
            finish_rotation(state, environment, rotation)
        yield Store(state, master, trusted, audit, slots, vault, Outbox(vault), Sweeper(vault))


def _audit(
    state: Path, master: Private[bytes], previous: Private[bytes] | None, trusted: TrustedClock
) -> AuditLog:
    """The audit log, under this master from now on."""
    key = AuditKey.derive(master)
    if previous is None:
        return AuditLog.open(state, key)
    try:
        return AuditLog.open(state, key)
    except AuditError:
        log = AuditLog.open(state, AuditKey.derive(previous))
        log.rekey(key, trusted.now())
        return log


def _keyslots(
    state: Path,
    master: Private[bytes],
    previous: Private[bytes] | None,
    audit: AuditLog,
    trusted: TrustedClock,
) -> Keyslots:
    """The keys; made only where nothing was ever kept."""
    path = state / keyslots.NAME
    secrets = [Secrets.derive(key) for key in (master, previous) if key is not None]
    heights = [height for one in secrets if (height := read_height(state, one)) is not None]
    noted = max([audit.heights.get(KEYSLOTS, 0), *(height.epoch for height in heights)])
    if not noted and not path.exists():
        return Keyslots.create(path, master, trusted.minute())
    return Keyslots.open(path, master, previous=previous, at_least=noted)
