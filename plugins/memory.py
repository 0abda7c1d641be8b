"""What skills of ours remember over a restart, where a policy allows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Protocol

from assistant.errors import AssistantError

log = logging.getLogger(__name__)

NOT_SAVED = "I couldn't save that, so a restart forgets it."


class Memory(Protocol):
    """Keeps the present state of a skill, by name."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def load(self, name: str) -> Mapping[str, Any]:
        """What was last saved; empty where nothing was."""
        ...

    def save(self, name: str, payload: dict[str, Any]) -> bool:
        """Save durably, in the place of what was saved before; False: it may not be kept.

        Raises AssistantError where it may, and can't.
        """
        ...


async def saved(memory: Memory | None, name: str, payload: dict[str, Any], reply: str) -> str:
    """Save, off the event loop; the reply, which says so where it did not work."""
    if memory is None:
        return reply
    try:
        await asyncio.to_thread(memory.save, name, payload)
    except AssistantError as error:
        log.error("%s", error)
        return f"{reply} {NOT_SAVED}".strip()
    return reply
