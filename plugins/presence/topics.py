"""The topics of presence: made of a site id and words from here, nothing else fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from assistant.errors import DoorError
from plugins.door.topics import ID

Leaf: TypeAlias = Literal["online", "state", "event", "confirm"]
Told: TypeAlias = Literal["mute", "policy", "erase", "confirm"]


@dataclass(frozen=True, slots=True)
class PresenceTopics:
    """The topics of one site."""

    site: str
    prefix: str
    """Of Home Assistant's discovery."""

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.site):
            raise DoorError("door.site: expected an id of small letters, digits, - and _")

    @property
    def node(self) -> str:
        """This device's id in discovery topics and unique ids."""
        return f"sotto_{self.site}"

    @property
    def status(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    @property
    def commands(self) -> str:
        """All that we are told, as a subscription."""
        return f"sotto/{self.site}/presence/set/+"

    def of(self, leaf: Leaf) -> str:
        """sotto/<site>/presence/<leaf>."""
        return f"sotto/{self.site}/presence/{leaf}"

    def told(self, what: Told) -> str:
        """sotto/<site>/presence/set/<what>."""
        return f"sotto/{self.site}/presence/set/{what}"

    def discovery(self, component: str, key: str) -> str:
        """<prefix>/<component>/sotto_<site>/<key>/config."""
        return f"{self.prefix}/{component}/{self.node}/{key}/config"
