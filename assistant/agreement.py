"""Opens what was agreed: the policy, the store, and who keeps what."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant.agreed import Agreed, keeps_speech
from assistant.choosing import Choosing
from assistant.confirming import Confirming
from assistant.keeping import Keeper
from assistant.observe.switch import Switch
from assistant.pausing import Pause
from assistant.settings import Settings
from policies.load import Policies
from policies.model import Stop
from storage.pin import Pin
from storage.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed, and the store in which what may be kept is."""

    agreed: Agreed
    state: Path | None = None
    store: Store | None = None
    keeper: Keeper | None = None
    pause: Pause | None = None
    """Where somebody listens for long: stops the ear for a while."""
    confirming: Confirming = field(default_factory=Confirming)
    """Asks for a PIN or a button."""
    switch: Switch | None = None
    """A mute switch of hardware."""
    choosing: Choosing = field(default_factory=lambda: Choosing(Settings(), None))
    """Which policy was chosen."""

    def is_stopped(self, what: Stop) -> bool:
        """Whether the policy stops it now; listening also where somebody, or a switch, said so."""
        if what == "listening" and self.switch is not None and self.switch.is_on():
            return True
        if what == "listening" and self.pause is not None and self.pause.is_on():
            return True
        return self.agreed.is_stopped(what)


@contextlib.contextmanager
def agreement(settings: Settings, state: Path, *, always: bool) -> Iterator[Agreement]:
    """Read the policy, and open the store: `always`, or where something is kept or may leave.

    Raises StateError, KeyslotError, VaultError or AuditError where the store can't be used.
    """
    choosing = Choosing(settings, state)
    policies = Policies(choosing.files)
    leaves = settings.door.address is not None and bool(policies.policy.sharing)
    if not (always or leaves or keeps_speech(policies.policy)):
        agreed = Agreed(policies, state, location=settings.home.area)
        confirming = Confirming(Pin(state, os.environ, time.time))
        yield Agreement(agreed, state, confirming=confirming, choosing=choosing)
        return
    with open_store(state, os.environ) as store:
        agreed = Agreed(policies, state, store=store, location=settings.home.area)
        keeper = Keeper(agreed, store)
        try:
            pause = Pause(state) if always else None
            pin = Pin(state, os.environ, store.clock.now)
            confirming = Confirming(pin, note=agreed.note_command)
            wired = settings.observe
            switch = Switch(wired.mute, wired.mute_value) if always and wired.mute else None
            yield Agreement(agreed, state, store, keeper, pause, confirming, switch, choosing)
        finally:
            keeper.close()
