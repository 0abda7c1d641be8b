"""A daemon that is spoken to through a pipe, stopped and looked into."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.quiet import WIPING
from assistant.types import FRAME_BYTES, FRAME_SECONDS

ROOT = Path(__file__).parent.parent
PATIENCE = 90.0


class Voice:
    """Writes silence into a pipe, 80 ms at a time, and a recording when it is told to."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._waiting = bytearray()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, pcm: bytes) -> None:
        """Say it next."""
        with self._lock:
            self._waiting += pcm

    def stop(self) -> None:
        """Say no more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        with contextlib.suppress(OSError):  # whoever listened is gone
            while not self._over.is_set():
                with self._lock:
                    frame = bytes(self._waiting[:FRAME_BYTES])
                    del self._waiting[:FRAME_BYTES]
                os.write(self._pipe, frame.ljust(FRAME_BYTES, b"\0"))
                due += FRAME_SECONDS
                time.sleep(max(0.0, due - time.monotonic()))


class Core:
    """The daemon, and what it printed."""

    def __init__(self, folder: Path, *, bare: bool, whisper: Path | None) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        for name, value in WIPING.items():
            environment.pop(name, None)
            if not bare:
                environment[name] = value
        more = ["--whisper-model", str(whisper)] if whisper else []
        self._log = (folder / "log").open("w")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "scripts.memory_daemon", "run", "--json"),
                *(*options(folder), *more),
            ],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log,
        )  # fmt: skip
        self._events: list[str] = []
        self._changed = threading.Condition()
        self._out = (folder / "out").open("w")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self.process.stdin is not None
        self.voice = Voice(self.process.stdin.fileno())

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.voice.stop()
        self._reader.join()
        with self.process, self._log, self._out:
            pass

    def wait(self, kind: str, seconds: float = PATIENCE) -> None:
        """Wait for an event of this kind."""
        with self._changed:
            if not self._changed.wait_for(lambda: kind in self._events, seconds):
                raise SystemExit(f"no {kind!r} came: {self._events}")

    def listens(self, log: Path) -> None:
        """Wait until it listens."""
        _until(lambda: "listening for" in log.read_text() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise SystemExit(log.read_text())

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """It stands still meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._out.write(line.decode())
            self._out.flush()
            with self._changed:
                self._events.append(json.loads(line)["event"])
                self._changed.notify_all()


def options(folder: Path) -> list[str]:
    """The options that name a folder's settings and state."""
    return ["--config", str(folder / "settings.yaml"), "--state", str(folder / "state")]


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
