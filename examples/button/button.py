"""A button: a short press listens, silences or confirms; held for a second it mutes.

    python button.py --socket /run/sotto/lamps/events.sock --device /dev/input/event0

Its user is in the groups sotto-lamps and input: sudo usermod -aG sotto-lamps,input USER.

A GPIO is such a device with `dtoverlay=gpio-key,gpio=17,active_low=1,gpio_pull=up,keycode=164` in a
Raspberry Pi's config.txt. Only the standard library.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

LONG = 1.0
"""Seconds for which it is held to mute, or to hear again."""
_EVENT = struct.Struct("@llHHi")
_KEY = 1


class Daemon:
    """The event socket, and what it says."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self.is_muted = False
        self.do("button")  # so that it may ask for a press
        threading.Thread(target=self._hear, daemon=True).start()

    def do(self, what: str) -> None:
        """Say what was pressed."""
        self._socket.sendall(json.dumps({"do": what}).encode() + b"\n")

    def _hear(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                said = json.loads(line)
                if "state" in said:
                    self.is_muted = said["state"] == "muted"
                else:
                    print(said, flush=True)


def presses(device: Path) -> Iterator[float]:
    """Seconds for which a key was held, each time it is let go of."""
    down = None
    with device.open("rb", buffering=0) as events:
        while data := events.read(_EVENT.size):
            seconds, microseconds, kind, _, value = _EVENT.unpack(data)
            if kind != _KEY:
                continue
            now = seconds + microseconds / 1e6
            if value == 1:
                down = now
            elif value == 0 and down is not None:
                yield now - down
                down = None


def main() -> int:
    """Follow the button until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--device", type=Path, required=True)
    asked = parser.parse_args()
    try:
        daemon = Daemon(asked.socket)
        for held in presses(asked.device):
            if held < LONG:
                daemon.do("press")
            else:
                daemon.do("unmute" if daemon.is_muted else "mute")
    except OSError as error:
        print(f"{error.filename or asked.socket}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
