"""Where core and door meet about the house."""

from __future__ import annotations

import os
from pathlib import Path

from assistant.settings import HomeAssistantSettings

SOCKET = "home.sock"
VARIABLE = "SOTTO_HOME_SOCKET"
"""Names the socket that systemd opened for the door (systemd/sotto-home.socket)."""


def socket_path(settings: HomeAssistantSettings, state: Path) -> Path:
    """Where core and door meet."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else settings.socket or state / SOCKET


def house_user() -> int:
    """Who listens at the socket: root, where systemd opened it, else we."""
    return 0 if VARIABLE in os.environ else os.geteuid()
