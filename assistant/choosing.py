"""Which policy was chosen, of those that the settings list; it survives a restart."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from assistant.agreed import Agreed
from assistant.errors import AssistantError
from assistant.settings import Settings
from plugins.presence.options import USUAL, options
from storage.files import erase, read_private, write_private

log = logging.getLogger(__name__)

NAME = "policy-chosen"
"""The file in the state directory: the option's name. Without it the usual policy is in force."""
_LARGEST = 64


class Choosing:
    """Changes the policy in force to another one that the settings list."""

    def __init__(self, settings: Settings, state: Path | None) -> None:
        """`state`: where the choice survives a restart; None: it doesn't."""
        self._options = options(settings)
        self._is_allowed = settings.presence.enabled and "policy" in settings.presence.allow
        self._path = None if state is None else state / NAME
        self.option = self._read() if self._is_allowed else USUAL
        """The name of what is in force."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Of the policy in force."""
        return self._options[self.option]

    @property
    def options(self) -> Mapping[str, tuple[Path, ...]]:
        """What there is to choose from."""
        return self._options

    def choose(self, option: str, agreed: Agreed) -> bool:
        """Change to it; False, and nothing is changed, where it is not listed, allowed or good."""
        if not self._is_allowed or option not in self._options:
            return False
        if not agreed.use(self._options[option]):
            return False
        self.option = option
        if self._path is not None:
            try:
                if option == USUAL:
                    erase(self._path)
                else:
                    write_private(self._path, option.encode())
            except AssistantError as error:
                log.error("after a restart another policy is in force: %s", error)
        return True

    def _read(self) -> str:
        if self._path is None:
            return USUAL
        try:
            option = read_private(self._path, _LARGEST).decode("ascii", "replace")
        except FileNotFoundError:
            return USUAL
        except AssistantError as error:
            log.error("the usual policy is in force: %s", error)
            return USUAL
        if option not in self._options:
            log.error("the usual policy is in force: the one that was chosen is no longer listed")
            return USUAL
        return option
