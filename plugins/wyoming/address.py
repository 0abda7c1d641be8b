"""Where a service is: tcp://ADDRESS:PORT, unix:///PATH or stdio://, as Wyoming programs say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from assistant.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Address:
    """A place to listen at, or to connect to."""

    kind: Literal["tcp", "unix", "stdio"]
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "tcp":
                host = f"[{self.host}]" if ":" in self.host else self.host
                return f"tcp://{host}:{self.port}"
            case "unix":
                return f"unix://{self.path}"
            case "stdio":
                return "stdio://"


def parse(uri: str, key: str) -> Address:
    """Read it. Raises SettingsError, which names the key."""
    try:
        parts = urlsplit(uri)
        if parts.scheme == "tcp" and parts.hostname and parts.port and parts.path in ("", "/"):
            return Address("tcp", parts.hostname, parts.port)
        if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
            return Address("unix", path=parts.path)
        if uri == "stdio://":
            return Address("stdio")
    except ValueError:
        pass
    raise SettingsError(
        f"{key}: expected tcp://ADDRESS:PORT (such as tcp://127.0.0.1:10300), "
        "unix:///PATH or stdio://"
    )
