"""Where the door meets others about the house."""

from __future__ import annotations

import os
from pathlib import Path

from assistant.settings import HomeAssistantSettings

SOCKET = "home.sock"
VARIABLE = "SOTTO_HOME_SOCKET"
"""Names the socket that systemd opened for the door (systemd/sotto-door.socket)."""
NAMES_SOCKET = "names.sock"
NAMES_VARIABLE = "SOTTO_NAMES_SOCKET"
"""The same (systemd/sotto-names.socket), for those who are told of the house and no more."""


def socket_path(settings: HomeAssistantSettings, state: Path) -> Path:
    """Where core and door meet."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else settings.socket or state / SOCKET


def names_path(state: Path) -> Path:
    """Where the door tells others than the core what is in the house."""
    given = os.environ.get(NAMES_VARIABLE)
    return Path(given) if given else state / NAMES_SOCKET


def house_user(variable: str = VARIABLE) -> int:
    """Who listens at the socket: root, where systemd opened it, else we."""
    return 0 if variable in os.environ else os.geteuid()
