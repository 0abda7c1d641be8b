"""A command of Sotto's in a process of its own, started again as a service manager would."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.bench.processes import children
from assistant.faults.lines import Lines

PATIENCE = 10.0
"""Seconds in which a process has to end when it is asked to."""


class Program:
    """`sotto` with some arguments."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str],
        before: Sequence[str] = (),
    ) -> None:
        """`environment` is added to ours; `before` is put before the command."""
        self.name = name
        self.environment = environment
        self.lines = Lines()
        """Its standard output and error."""
        self._arguments = arguments
        self._before = before
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> int:
        """The number of the process that runs."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """How it ended; negative: by this signal."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it, in a group of its own."""
        self._process = subprocess.Popen(
            [*self._before, sys.executable, "-m", "assistant", *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **self.environment},
            start_new_session=True,
        )
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            self.lines.follow(stream)

    def wait(self, seconds: float) -> int | None:
        """How it ended, where it ends in time."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.status

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.is_running:
            assert self._process is not None
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, wherever it is; its children are left alone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def clear(self) -> None:
        """End it at once, with its children: some are in sessions of their own."""
        if self._process is None:
            return
        below = self.children()
        self.kill()
        for process in (*below, *_in_group(self._process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while any(is_alive(process) for process in below) and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self) -> None:
        """Ask it to end; where it doesn't, end it."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        self.clear()

    def children(self) -> list[int]:
        """The processes that it started, theirs included."""
        return children(self.process) if self.is_running else []


def is_alive(process: int) -> bool:
    """Whether a process runs: one that ended and was not asked how does not."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in ("Z", "X")


def _in_group(group: int) -> list[int]:
    """Processes of a group, whose leader may be gone."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((place / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                found.append(int(place.name))
    return found
