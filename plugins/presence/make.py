"""Makes the door's part of presence from settings: a task of the process of `sotto door`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from assistant.errors import SettingsError
from assistant.settings import Settings
from plugins.door.service import Published
from plugins.door.session import Broker
from plugins.door.tls import tls_context
from plugins.presence.discovery import Device
from plugins.presence.names import IntentNames
from plugins.presence.options import options
from plugins.presence.service import PresenceDoor
from plugins.presence.topics import PresenceTopics


def make_presence(
    settings: Settings,
    use: Callable[[tuple[Path, ...]], object] = lambda _files: None,
    report: Callable[[Published], None] = lambda _published: None,
) -> PresenceDoor:
    """Make it. Raises SettingsError where a setting does not fit.

    `use` is given the files of the policy that the core goes by, so that the door judges by the
    same ones.
    """
    door, presence = settings.door, settings.presence
    if door.address is None:
        raise SettingsError("presence.enabled: expected a broker, at door.address; none is set")
    topics = PresenceTopics(door.site, presence.prefix)
    files: Mapping[str, tuple[Path, ...]] = options(settings)
    names = IntentNames(presence.intents)
    return PresenceDoor(
        Broker(door.address, door.port, f"sotto-{door.site}-presence", tls_context(door)),
        topics,
        Device(topics, presence.name, presence.allow, tuple(files), names),
        presence.allow,
        tuple(files),
        chosen=lambda option: use(files[option]),
        report=report,
    )
