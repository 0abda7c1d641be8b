"""Standard output and error of a daemon: its own lines get out, what a library writes does not."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from time import monotonic
from typing import Any, BinaryIO, TextIO

OURS = ("assistant", "pipeline", "plugins", "policies", "storage")
ROUTER = "assistant.commands.control"
"""Hands on what anybody prints, so whoever called it is the one who prints."""
EVERY = 60.0
"""Seconds between two lines about the same stream."""
log = logging.getLogger(__name__)


@contextlib.contextmanager
def guarded() -> Iterator[TextIO]:
    """Close both to libraries, for a while; gives the true standard error, for the log.

    Descriptors 1 and 2 lead into a pipe, where what a C library writes is counted and dropped;
    `print` gets out where a module of ours calls it. The log says how much it was, not what.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    before = sys.stdout, sys.stderr
    tally = _Tally()
    with _opened(os.dup(1)) as out, _opened(os.dup(2)) as err:
        drain = _Drain(tally)
        sys.stdout = _Guarded(out, 1, tally)
        sys.stderr = _Guarded(err, 2, tally)
        try:
            yield err
        finally:
            sys.stdout, sys.stderr = before
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            drain.close()


def _opened(number: int) -> TextIO:
    return os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


class _Tally:
    """Says how much came, at once and then now and again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sizes: Counter[int] = Counter()
        self._said: dict[int, float] = {}

    def add(self, number: int, size: int) -> None:
        with self._lock:
            self._sizes[number] += size
            now = monotonic()
            if now - self._said.get(number, -EVERY) < EVERY:
                return
            self._said[number] = now
            total = self._sizes.pop(number)
        name = "output" if number == 1 else "error"
        log.warning("a library wrote to standard %s (%d bytes, not logged)", name, total)


class _Drain:
    """Takes what is written to descriptors 1 and 2."""

    def __init__(self, tally: _Tally) -> None:
        self._tally = tally
        self._ends: dict[int, int] = {}
        for number in (1, 2):
            ours, theirs = os.pipe2(os.O_CLOEXEC)
            os.dup2(theirs, number)
            os.close(theirs)
            self._ends[ours] = number
        self._thread = threading.Thread(target=self._run, name="streams", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait a moment: the writing ends are closed, but a child may hold one."""
        self._thread.join(0.5)

    def _run(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for end in self._ends:
                waiting.register(end, selectors.EVENT_READ)
            while waiting.get_map():
                for key, _ in waiting.select():
                    size = len(os.read(key.fd, 65_536))
                    if size:
                        self._tally.add(self._ends[key.fd], size)
                    else:
                        waiting.unregister(key.fd)
                        os.close(key.fd)


class _Guarded:
    """A text stream on which only modules of ours can write."""

    def __init__(self, stream: TextIO, number: int, tally: _Tally) -> None:
        self._stream = stream
        self._number = number
        self._tally = tally

    def write(self, text: str) -> int:
        """Write what a module of ours prints; of others count how much it was."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_globals.get("__name__") == ROUTER:
            frame = frame.f_back
        if str(frame.f_globals.get("__name__")).split(".", 1)[0] in OURS:
            return self._stream.write(text)
        self._tally.add(self._number, len(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """The same, for lines: nobody of ours uses it."""
        self._tally.add(self._number, sum(map(len, lines)))

    def fileno(self) -> int:
        """The descriptor that leads nowhere."""
        return self._number

    @property
    def buffer(self) -> BinaryIO:
        """The same, as a stream of bytes."""
        return os.fdopen(self._number, "wb", buffering=0, closefd=False)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the stream has
        return getattr(self._stream, name)
