"""Topics, made of a site id, a destination's id and one of two words: nothing else fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from assistant.errors import DoorError

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""Of sites and of destinations, as policy files write them: no slash, wildcard or NUL."""
Leaf: TypeAlias = Literal["intent", "reply"]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one site."""

    site: str

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.site):
            raise DoorError("door.site: expected an id of small letters, digits, - and _")

    def of(self, destination: str, leaf: Leaf) -> str:
        """sotto/<site>/<destination>/<leaf>; raises DoorError for what is no destination's id."""
        if not ID.fullmatch(destination):
            raise DoorError("a destination that is no id: small letters, digits, - and _")
        return f"sotto/{self.site}/{destination}/{'intent' if leaf == 'intent' else 'reply'}"
