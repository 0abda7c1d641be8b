"""Flushes a file on a thread of its own while its caller flushes another: the disk does both."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue


class Flusher:
    """One thread, begun when it is first needed."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[int | None] = SimpleQueue()
        self._done: SimpleQueue[OSError | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def flush(self, file: int, meanwhile: Callable[[], None]) -> None:
        """Make a file's data durable, and do something else at the same time.

        Both have ended when it returns. Raises OSError where the file can't be flushed;
        `meanwhile` raises nothing.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="flush", daemon=True)
            self._thread.start()
        self._asked.put(file)
        meanwhile()
        error = self._done.get()
        if error is not None:
            raise error

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (file := self._asked.get()) is not None:
            try:
                os.fdatasync(file)
            except OSError as error:
                self._done.put(error)
            else:
                self._done.put(None)
