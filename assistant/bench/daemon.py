"""`sotto run` in a process of its own, with a microphone that needs no hardware."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.errors import SourceError
from assistant.faults import pulse
from assistant.faults.lines import is_event, tells
from assistant.faults.program import Program

READY = 120.0
"""Seconds in which it has to listen."""
COMMAND = Path(__file__).parent.parent / "recordings" / "3_alexa_time.flac"


def missing() -> str | None:
    """What it lacks here, or None."""
    return pulse.missing()


class Daemon:
    """It, its microphone and its state."""

    def __init__(self, program: Program, sound: pulse.Pulse) -> None:
        self.program = program
        self._sound = sound

    def start(self) -> float:
        """Start it and give the seconds until it listened. Raises SourceError where it doesn't."""
        mark, began = len(self.program.lines), time.monotonic()
        self.program.start()
        while time.monotonic() - began < READY:
            line = self.program.lines.wait(tells("the microphone is "), mark, 0.2)
            if line is not None:
                return line.at - began
            if not self.program.is_running:
                break
        said = [line.text for line in self.program.lines.since(mark)][-1:]
        raise SourceError(f"sotto run does not listen; status {self.program.status}, {said}")

    def command(self) -> bool:
        """Say a command to it; whether it was answered."""
        mark = len(self.program.lines)
        self._sound.play(COMMAND)
        return self.program.lines.wait(is_event("done"), mark, 10.0) is not None


@contextlib.contextmanager
def daemon(
    config: Path | None, before: Sequence[str] = (), more: Mapping[str, str] | None = None
) -> Iterator[Daemon]:
    """A daemon that is not started yet. Replies are not spoken.

    `before` are words that its command line begins with, `more` its environment.
    """
    with (
        pulse.running_pulse() as sound,
        sound.awake(),
        TemporaryDirectory(prefix="sotto-bench-") as folder,
    ):
        settings = Path(folder) / "settings.yaml"
        text = "" if config is None else config.read_text(encoding="utf-8")
        settings.write_text(text if "voice:" in text else f"{text}\nvoice: {{engine: none}}\n")
        state = ("--state", f"{folder}/state")
        arguments = ["run", "--config", str(settings), *state, "--json"]
        environment = {**sound.environment, **(more or {})}
        program = Program("run", arguments, environment, before)
        try:
            yield Daemon(program, sound)
        finally:
            program.stop()
