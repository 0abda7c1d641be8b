"""Where timers, alarms and lists are put, so that they survive a restart."""

from __future__ import annotations

import logging

from assistant.agreed import Agreed
from assistant.errors import AssistantError, VaultError
from storage.store import Store

log = logging.getLogger(__name__)


class Remembered:
    """Where timers and lists are put, so that they survive a restart: only under a permit."""

    def __init__(self, agreed: Agreed, store: Store) -> None:
        self._agreed = agreed
        self._vault = store.vault

    def now(self) -> float:
        """Unix seconds, by the store's clock."""
        return self._vault.clock.now()

    def load(self, name: str) -> dict[str, object]:
        """What was last put under a name."""
        return dict(self._vault.get_state(name) or {})

    def save(self, name: str, payload: dict[str, object], category: str = "") -> bool:
        """Put a state in the place of the one before; False: it may not be kept.

        The name is its category where none is given. Raises VaultError where it may, and can't.
        """
        category = category or name
        if self._agreed.permit(category, "service") is None:
            return False
        try:
            self._vault.put_state(name, payload, category)  # type: ignore[arg-type]
        except AssistantError as error:
            raise VaultError(f"{name}: not saved: {error}") from None
        return True


class StateShelf:
    """Keeps `plugins.powers.Shelf`: one small text. What can't be kept is said in the log."""

    def __init__(self, memory: Remembered, category: str, name: str) -> None:
        self._memory = memory
        self._category = category
        self._name = name

    def read(self) -> str | None:
        """Give what was written last; None where there is nothing."""
        text = self._memory.load(self._name).get("text")
        return text if isinstance(text, str) else None

    def write(self, text: str) -> None:
        """Keep this instead, where it may be kept."""
        try:
            self._memory.save(self._name, {"text": text}, self._category)
        except AssistantError as error:
            log.error("%s", error)
