"""The lamp and the button of the examples, with the daemon's own socket."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.confirming import Button
from assistant.events import Alarmed, Noted, Woken
from assistant.observe.lamps import NAME, Lamps
from assistant.observe.state import State

HERE = Path(__file__).parent


class Ears:
    waiting = 0

    def __init__(self) -> None:
        self.presses = 0

    def press(self) -> bool:
        self.presses += 1
        return True

    def hush(self) -> bool:
        return False


class Mutes:
    is_on = False

    def pause(self, seconds: float | None) -> None:
        self.is_on = True

    def end(self) -> bool:
        was, self.is_on = self.is_on, False
        return was


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.02)


@pytest.fixture
def program():
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, *words: object) -> subprocess.Popen[bytes]:
        line = [sys.executable, str(HERE.parent / name), *map(str, words)]
        running.append(subprocess.Popen(line))
        return running[-1]

    yield start
    for one in running:
        one.terminate()
        one.wait(10)


async def test_the_lamp_follows_the_mood(tmp_path, program):
    led = tmp_path / "led"
    led.mkdir()
    (led / "trigger").write_text("heartbeat")
    (led / "brightness").write_text("0")
    state = State()
    async with Lamps(state, Ears(), Mutes(), Button()).listening(tmp_path):
        program("led/led.py", "--socket", tmp_path / NAME, "--led", led)
        await until(lambda: (led / "trigger").read_text() == "none")
        state.take(Woken("", 1.0, "alexa", 0.9))
        await until(lambda: (led / "brightness").read_text() == "1")
        state.take(Noted("no_speech"))
        await until(lambda: (led / "brightness").read_text() == "0")
        state.take(Alarmed("microphone", on=True))
        for value in ("1", "0", "1"):
            await until(lambda value=value: (led / "brightness").read_text() == value)


@pytest.mark.parametrize(
    ("version", "command"),
    [("v1.6.3", "--mode=signal gpiochip0 17="), ("v2.2", "-c gpiochip0 17=")],
)
async def test_a_gpio_is_held_by_gpioset(tmp_path, program, monkeypatch, version, command):
    calls = tmp_path / "calls"
    fake = tmp_path / "gpioset"
    fake.write_text(
        f'#!/bin/sh\ncase "$1" in --version) echo "gpioset (libgpiod) {version}"; exit;; esac\n'
        f'echo "$*" >> {calls}\nexec sleep 60\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    state = State()
    async with Lamps(state, Ears(), Mutes(), Button()).listening(tmp_path):
        program("led/led.py", "--socket", tmp_path / NAME, "--gpio", "gpiochip0:17")
        await until(lambda: calls.exists() and calls.read_text().endswith("0\n"))
        state.take(Woken("", 1.0, "alexa", 0.9))
        await until(lambda: calls.read_text() == f"{command}0\n{command}1\n")


async def test_the_button_listens_and_when_held_mutes(tmp_path, program):
    device = tmp_path / "event0"
    os.mkfifo(device)
    ears, mutes, state = Ears(), Mutes(), State()

    async def press(wire: int, seconds: int) -> None:
        for second, value in ((100, 1), (100 + seconds, 0)):
            os.write(wire, struct.pack("@llHHi", second, 200_000, 1, 164, value))

    async with Lamps(state, ears, mutes, Button()).listening(tmp_path):
        program("button/button.py", "--socket", tmp_path / NAME, "--device", device)
        wire = await asyncio.to_thread(os.open, device, os.O_WRONLY)
        await press(wire, 0)
        await until(lambda: ears.presses == 1)
        await press(wire, 2)
        await until(lambda: mutes.is_on)
        await until(lambda: state.snapshot().mood == "muted")
        await asyncio.sleep(0.2)  # the button hears of it
        await press(wire, 2)
        await until(lambda: not mutes.is_on)
        os.close(wire)
