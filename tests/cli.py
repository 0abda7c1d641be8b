"""Runs `sotto` as its users do, in this process or in one of its own."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOTTO = str(Path(sys.executable).parent / "sotto")


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]


def sotto(*arguments: str | Path, stdin: bytes | None = None) -> Ran:
    """Run a command in a process of its own."""
    words = [SOTTO, *map(str, arguments)]
    done = subprocess.run(words, input=stdin, capture_output=True, timeout=120, check=False)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def here(*arguments: str | Path) -> Ran:
    """Run a command in this process: quicker, and nothing is kept between two of them."""
    from assistant.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    with _as_it_was(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(word) for word in arguments])
    return Ran(status, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Put back what a process of its own would take with it."""
    handlers = logging.getLogger().handlers[:]
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    terminate = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        logging.getLogger().handlers[:] = handlers
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        signal.signal(signal.SIGTERM, terminate)
        logging.captureWarnings(capture=False)
        logging.disable(logging.NOTSET)


def start(*arguments: str | Path, **more: str) -> subprocess.Popen[bytes]:
    """Start a command and let it run."""
    return subprocess.Popen(
        [SOTTO, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **more},
    )


def one_line(text: str) -> bool:
    """Whether a message is one clear line, and no traceback."""
    return len(text.strip().splitlines()) == 1 and "Traceback" not in text


def texts(events: Sequence[dict[str, Any]]) -> list[str]:
    """The texts of redacted or reply events."""
    return [event["text"] for event in events]
