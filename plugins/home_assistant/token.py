"""The token that Home Assistant knows us by: from systemd's credentials, or a file of our own."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from assistant.private import Private
from plugins.home_assistant.alarms import Alarm, LostError

CREDENTIAL = "sotto-ha-token"
"""The name of the systemd credential: the token, on one line."""
_LARGEST = 4096
_TOKEN = re.compile(r"^[A-Za-z0-9._~+/=-]{16,2048}$")


class Token:
    """Where the token is. It is read anew for every connection, so a new one counts at once."""

    def __init__(self, file: Path | None, environment: Mapping[str, str]) -> None:
        """The credential goes before the `file` of the settings."""
        self._file = file
        self._credentials = environment.get("CREDENTIALS_DIRECTORY")

    def read(self) -> Private[str]:
        """The token. Raises LostError where there is none that can be used."""
        path, is_credential = self._path()
        text = _text(path, is_credential).strip()
        if _TOKEN.match(text) is None:
            raise _missing(f"{path}: expected one long-lived access token on one line")
        return Private(text)

    def stamp(self) -> tuple[str, int, int] | None:
        """Changes when the token is another one; None: there is no file."""
        try:
            path, _ = self._path()
            facts = path.stat()
        except (OSError, LostError):
            return None
        return str(path), facts.st_mtime_ns, facts.st_ino

    def _path(self) -> tuple[Path, bool]:
        """The file, and whether it is systemd's, which sees to who may read it."""
        if self._credentials is not None:
            credential = Path(self._credentials) / CREDENTIAL
            if credential.exists():
                return credential, True
        if self._file is None:
            raise _missing(
                "there is no token: make one in Home Assistant (your profile, Security, Long-lived "
                "access tokens) and set home_assistant.token_file to a file that holds it"
            )
        return self._file, False


def _text(path: Path, is_credential: bool) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _missing(f"{path}: the token can't be read: {error.strerror}") from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise _missing(f"{path}: expected a file")
        if not is_credential and facts.st_mode & 0o077:
            raise _missing(f"{path}: other users may read the token: chmod 600 {path}")
        if not is_credential and facts.st_uid not in (0, os.geteuid()):
            raise _missing(f"{path}: the file belongs to another user")
        return os.read(descriptor, _LARGEST).decode("ascii", errors="replace")
    finally:
        os.close(descriptor)


def _missing(detail: str) -> LostError:
    return LostError(Alarm("token-missing", detail))
