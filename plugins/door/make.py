"""Makes a door from settings: the process of `sotto door`, or a task of the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from assistant.errors import SettingsError
from assistant.settings import DoorSettings
from plugins.door.gate import Gate, PolicyInForce
from plugins.door.payload import PublicIds, door_key
from plugins.door.service import Door, Patience, Published
from plugins.door.session import Broker
from plugins.door.tls import tls_context
from plugins.door.topics import Topics

KEY = "door.key"


def make_door(
    settings: DoorSettings,
    policies: PolicyInForce,
    state: Path,
    report: Callable[[Published], None] = lambda _published: None,
) -> Door:
    """Make it. Raises SettingsError where a setting or a file does not fit, DoorError for its key.

    `state` is a directory of the door's own; only its key lies there.
    """
    if settings.address is None:
        raise SettingsError("door.address: expected the broker's name or address; none is set")
    return Door(
        Broker(settings.address, settings.port, f"sotto-{settings.site}", tls_context(settings)),
        Topics(settings.site),
        Gate(policies, PublicIds(door_key(state / KEY)), lambda: datetime.now().astimezone()),
        report=report,
        patience=Patience(expiry=settings.expiry, reply=settings.reply),
    )
