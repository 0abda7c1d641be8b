"""Shows the daemon's mood with a LED: a file below /sys/class/leds, or a GPIO through libgpiod.

    python led.py --socket /run/sotto/lamps/events.sock --led /sys/class/leds/ACT
    python led.py --socket /run/sotto/lamps/events.sock --gpio gpiochip0:17

Its user is in the group sotto-lamps: sudo usermod -aG sotto-lamps USER. Only the standard library;
`--gpio` calls gpioset(1) (apt install gpiod).
"""

from __future__ import annotations

import argparse
import atexit
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

PATTERNS = {
    "idle": (),
    "listening": (True,),
    "thinking": (True, False),
    "speaking": (True, True, False),
    "muted": (True, False, False, False, False, False, False, False),
    "error": (True, False, True, False, False, False),
}
"""On and off, a quarter of a second each, over and over."""
STEP = 0.25
AGAIN = 2.0
"""Seconds after which a daemon that is gone is looked for again."""


def main() -> int:
    """Show it until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--led", type=Path, help="a directory of /sys/class/leds")
    parser.add_argument("--gpio", help="CHIP:LINE")
    asked = parser.parse_args()
    if (asked.led is None) == (asked.gpio is None):
        parser.error("say either --led or --gpio")
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    light = _file(asked.led) if asked.led else _gpio(asked.gpio)
    while not over.is_set():
        try:
            show(asked.socket, light, over)
        except OSError as error:
            print(f"{asked.socket}: {error.strerror}; once more in {AGAIN:g} s", file=sys.stderr)
        light(False)
        over.wait(AGAIN)
    return 0


def show(path: Path, light: Callable[[bool], None], over: threading.Event) -> None:
    """Follow the daemon until it is gone, or it is over."""
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(str(path))
        daemon.settimeout(STEP)
        waiting, mood, place, shown = b"", "idle", 0, None
        while not over.is_set():
            try:
                data = daemon.recv(4096)
            except TimeoutError:
                place += 1
            else:
                if not data:
                    return
                *lines, waiting = (waiting + data).split(b"\n")
                moods = [json.loads(line).get("state") for line in lines]
                mood = next((one for one in reversed(moods) if one), mood)
                place = 0
            pattern = PATTERNS.get(mood) or (False,)
            is_on = pattern[place % len(pattern)]
            if is_on != shown:
                light(is_on)
                shown = is_on


def _file(directory: Path) -> Callable[[bool], None]:
    trigger, brightness = directory / "trigger", directory / "brightness"
    if trigger.exists():
        trigger.write_text("none")
    return lambda on: (brightness.write_text("1" if on else "0"), None)[1]


def _gpio(line: str) -> Callable[[bool], None]:
    chip, _, offset = line.partition(":")
    told = subprocess.run(["gpioset", "--version"], capture_output=True, text=True, check=True)
    before = [] if " v1." in told.stdout else ["-c"]  # libgpiod 2 asks for it
    hold = ["--mode=signal"] if not before else []
    holding: list[subprocess.Popen[bytes]] = []

    def let_go() -> None:
        for one in holding:
            one.terminate()
            one.wait()
        holding.clear()

    def light(on: bool) -> None:
        let_go()  # a line keeps its value while somebody holds it
        command = ["gpioset", *hold, *before, chip, f"{offset}={int(on)}"]
        holding.append(subprocess.Popen(command))

    atexit.register(let_go)
    return light


if __name__ == "__main__":
    sys.exit(main())
