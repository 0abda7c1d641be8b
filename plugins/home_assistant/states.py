"""The states of every entity, as `subscribe_entities` sends them: all, then what changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

Json: TypeAlias = Any
MOST = 50_000
"""Entities whose states are kept; more are left out."""
_NAMING = frozenset({"friendly_name", "device_class", "supported_color_modes"})
_KEPT = _NAMING | {
    "current_position",
    "current_temperature",
    "temperature",
    "unit_of_measurement",
    "volume_level",
}
"""Attributes that are kept."""


class States:
    """By entity id `{"s": state, "a": attributes}`; `take` is given each event."""

    def __init__(self, renamed: Callable[[], None] = lambda: None) -> None:
        """`renamed` is called where an entity came, went or goes by another name."""
        self.known: dict[str, dict[str, Json]] = {}
        self.first = asyncio.Event()
        """Set when all that there is was sent."""
        self._renamed = renamed

    def take(self, event: Json) -> None:
        """Take an event: added, changed and removed entities. Raises where it is none."""
        before = len(self.known)
        for entity, state in event.get("a", {}).items():
            if len(self.known) < MOST or entity in self.known:
                self.known[entity] = {"s": state.get("s"), "a": _kept(state.get("a", {}))}
        removed = [self.known.pop(entity, None) for entity in event.get("r", ())]
        renamed = [self._change(entity, diff) for entity, diff in event.get("c", {}).items()]
        is_first = not self.first.is_set() and "a" in event
        if is_first:
            self.first.set()
        elif len(self.known) != before or any(removed) or any(renamed):
            self._renamed()

    def _change(self, entity: str, diff: Json) -> bool:
        """Change one; whether it goes by another name now."""
        state = self.known.get(entity)
        if state is None:
            return False
        added, dropped = diff.get("+", {}), diff.get("-", {})
        state["s"] = added.get("s", state["s"])
        attributes = state["a"]
        before = [attributes.get(name) for name in sorted(_NAMING)]
        attributes.update(_kept(added.get("a", {})))
        for name in dropped.get("a", ()):
            attributes.pop(name, None)
        return before != [attributes.get(name) for name in sorted(_NAMING)]


def _kept(attributes: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in attributes.items() if name in _KEPT}
