"""Starts a mosquitto of one's own on loopback: for the demonstration, the benchmark and tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from assistant.errors import DoorError

PATIENCE = 10.0
"""Seconds in which it has to listen."""
MISSING = "mosquitto is not installed (Debian: apt install mosquitto)"


def mosquitto() -> str | None:
    """Where the program is. Debian keeps it in /usr/sbin, which is not on everybody's path."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """A broker in a directory. It may be stopped and started again, and keeps what it had."""

    def __init__(self, folder: Path, configuration: str = "", port: int | None = None) -> None:
        """`configuration` follows the listener's line; nothing: anybody on this machine may in."""
        self.port = port or free_port()
        self.log = folder / "mosquitto.log"
        self.file = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self.file.write_text(
            f"listener {self.port} 127.0.0.1\n"
            f"{configuration or 'allow_anonymous true'}\n"
            f"set_tcp_nodelay true\nlog_type all\n"
            f"persistence true\npersistence_location {folder}/\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )

    def start(self) -> None:
        """Start it, and wait until it listens. Raises DoorError where it doesn't."""
        program = mosquitto()
        if program is None:
            raise DoorError(MISSING)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # a fixed command
                [program, "-c", str(self.file)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        raise DoorError(f"mosquitto does not start: see {self.log}")

    def stop(self) -> None:
        """End it; it writes what it keeps to its directory."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process. Raises DoorError where there is none."""
        if self._process is None:
            raise DoorError("mosquitto is not running")
        return self._process

    def __enter__(self) -> Mosquitto:
        """Start it for a while."""
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop it."""
        self.stop()
