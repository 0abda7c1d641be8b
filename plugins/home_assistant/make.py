"""Makes the house's door from settings: part of the process of `sotto door`."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from assistant.errors import SettingsError
from assistant.settings import HomeAssistantSettings
from plugins.home_assistant.client import HomeAssistant
from plugins.home_assistant.connection import Address
from plugins.home_assistant.service import HouseDoor
from plugins.home_assistant.token import Token


def make_house_door(
    settings: HomeAssistantSettings, environment: Mapping[str, str] = os.environ
) -> HouseDoor:
    """Make it. Raises SettingsError where a setting does not fit."""
    home = HomeAssistant(address(settings), Token(settings.token_file, environment))
    return HouseDoor(home)


def address(settings: HomeAssistantSettings) -> Address:
    """Where Home Assistant is. Raises SettingsError with the key."""
    url = settings.url or ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong("expected http://NAME:8123 or https://NAME") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise _wrong("expected http://NAME:8123 or https://NAME")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _wrong("expected an address without name, password, ? or #")
    is_secure = parts.scheme == "https"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = f"{host}:{port}" if port is not None else host
    path = parts.path.rstrip("/")
    return Address(
        f"{'wss' if is_secure else 'ws'}://{where}{path}/api/websocket",
        f"{parts.scheme}://{where}{path}",
        _context(settings) if is_secure else None,
    )


def is_in_the_clear(settings: HomeAssistantSettings) -> bool:
    """Whether the token crosses a network without TLS."""
    parts = urlsplit(settings.url or "")
    if parts.scheme != "http":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname != "localhost"


def _context(settings: HomeAssistantSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except ssl.SSLError:
        raise SettingsError(
            f"home_assistant.ca: {settings.ca}: expected certificates in PEM"
        ) from None
    except OSError as error:
        raise SettingsError(f"home_assistant.ca: {settings.ca}: {error.strerror}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _wrong(expected: str) -> SettingsError:
    return SettingsError(f"home_assistant.url: {expected}")
