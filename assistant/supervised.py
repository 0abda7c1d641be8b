"""What systemd is told about us and hands to us; without systemd nothing of it happens.

Methods: sd_notify(3), sd_listen_fds(3); a datagram for each message.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, MutableMapping
from time import CLOCK_MONOTONIC, clock_gettime_ns

LOOKING = 60.0
"""Seconds by which a start is allowed to take longer while there is no microphone yet."""
_FIRST_HANDED = 3


class Supervisor:
    """systemd, as far as it asked to be told. Any thread may tell it something."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Take our variables out of the environment: they are not meant for children."""
        address = environment.pop("NOTIFY_SOCKET", "")
        watchdog = environment.pop("WATCHDOG_USEC", "")
        meant = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog = int(watchdog) / 1e6 if watchdog.isdecimal() and meant else None
        """Seconds after which it ends us if we say nothing; None: it doesn't watch."""
        self.is_ready = False
        self._status = ""
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @property
    def is_there(self) -> bool:
        """Whether anybody listens."""
        return bool(self._address)

    def tell(self, *lines: str) -> None:
        """Send assignments such as "READY=1" in one message; what can't be sent is left out."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            with contextlib.suppress(OSError):
                line.sendto("\n".join(lines).encode(), self._address)

    def status(self, text: str) -> None:
        """What `systemctl status` shows; told when it changes."""
        if text != self._status:
            self._status = text
            self.tell(f"STATUS={' '.join(text.split())}")

    def ready(self, status: str) -> None:
        """The start is over."""
        if not self.is_ready:
            self.is_ready = True
            self.tell("READY=1")
        self.status(status)

    def stopping(self) -> None:
        """The end has begun."""
        self.tell("STOPPING=1")

    def waits(self, reason: str) -> None:
        """There is no microphone yet: the start takes longer, and says why."""
        self.tell(f"EXTEND_TIMEOUT_USEC={microseconds(LOOKING)}")
        self.status(f"waiting: {reason}")

    def reloads(self, reload: Callable[[], object]) -> Callable[[], None]:
        """The same reload, told to systemd while it is going on."""

        def told() -> None:
            now = clock_gettime_ns(CLOCK_MONOTONIC) // 1000
            if self.is_ready:
                self.tell("RELOADING=1", f"MONOTONIC_USEC={now}")
            try:
                reload()
            finally:
                if self.is_ready:
                    self.tell("READY=1")

        return told


def handed_over(name: str, environment: MutableMapping[str, str]) -> socket.socket | None:
    """The listening socket that systemd opened for us at a path that ends in `name`.sock."""
    count = environment.get("LISTEN_FDS", "")
    if environment.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal():
        return None
    for descriptor in range(_FIRST_HANDED, _FIRST_HANDED + int(count)):
        handed = socket.socket(fileno=descriptor)
        if handed.family == socket.AF_UNIX and handed.getsockname().endswith(f"/{name}.sock"):
            os.set_inheritable(descriptor, False)
            handed.setblocking(False)
            return handed
        handed.detach()
    return None


def microseconds(seconds: float) -> int:
    """As systemd wants them."""
    return round(seconds * 1e6)
