"""A recognizer on a thread of its own: a slow one never keeps the ear from hearing.

The ear waits a moment for what a frame gives, as if it had decoded it itself. A recognizer that
takes longer works on while the ear hears on, and gets what has come meanwhile in one piece. No
audio is taken out of the middle of an utterance, where a word might change what is wanted: one
that comes too late is dropped whole, by the mailbox, and counted there.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from time import perf_counter

from assistant.errors import BusyError
from assistant.types import Partial, Transcript, Utterance
from pipeline.ports import Decoding, Expected, Recognizer
from pipeline.worker import Worker

PATIENCE = 0.05
"""Seconds that the ear waits for a frame of 80 ms: so it keeps up whatever the recognizer does."""
_WAITING = 64
"""Utterances whose turn may be waited for; the mailbox holds far fewer."""


class ApartDecoding:
    """An utterance that is decoded beside the ear.

    What waits is no longer than the utterance, and the listener bounds that.
    """

    def __init__(self, decoding: Decoding, worker: Worker, patience: float) -> None:
        self.seconds = 0.0
        """Spent in the recognizer."""
        self._decoding = decoding
        self._worker = worker
        self._patience = patience
        self._changed = threading.Condition()
        self._waiting: deque[bytes | None] = deque()
        self._is_working = False
        self._is_over = False
        self._partial: Partial | None = None
        self._error: BaseException | None = None

    def feed(self, pcm: bytes) -> Partial | None:
        """Leave audio to be decoded; give what is known by now, after a moment at most."""
        begins = self._leave(pcm)
        with self._changed:
            if begins:
                self._changed.wait_for(lambda: not self._is_working, self._patience)
            partial, self._partial = self._partial, None
        return partial

    def pause(self) -> None:
        """Leave word of a short pause."""
        self._leave(None)

    def finish(self, utterance: Utterance) -> Transcript:
        """Wait for what was left, and give the text; raises what the recognizer raised."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_working)
            if self._error is not None:
                raise self._error
        started = perf_counter()
        try:
            return self._decoding.finish(utterance)
        finally:
            self.seconds += perf_counter() - started

    def abandon(self) -> None:
        """Throw away what waits, too."""
        with self._changed:
            self._is_over = True
            self._waiting.clear()
        self._decoding.abandon()

    def _leave(self, item: bytes | None) -> bool:
        """Leave something for the worker; whether it has nothing else of this to do."""
        with self._changed:
            if self._is_over or self._error is not None:
                return False
            self._waiting.append(item)
            begins, self._is_working = not self._is_working, True
        if begins:
            try:
                self._worker.submit(self._work)
            except BusyError as error:
                self._fail(error)
        return begins

    def _work(self) -> None:
        """Decode until nothing waits (the recognizer's thread)."""
        while (items := self._take()) is not None:
            started = perf_counter()
            try:
                partial = self._decode(items)
            except Exception as error:  # the mind is told when it asks for the text
                self._fail(error)
                return
            finally:
                self.seconds += perf_counter() - started
            with self._changed:
                self._partial = partial or self._partial

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._error = error
            self._waiting.clear()
            self._is_working = False
            self._changed.notify_all()

    def _take(self) -> list[bytes | None] | None:
        with self._changed:
            if not self._waiting:
                self._is_working = False
                self._changed.notify_all()
                return None
            items = list(self._waiting)
            self._waiting.clear()
            return items

    def _decode(self, items: list[bytes | None]) -> Partial | None:
        partial: Partial | None = None
        for is_pause, group in itertools.groupby(items, lambda item: item is None):
            if is_pause:
                self._decoding.pause()
            else:
                partial = self._decoding.feed(b"".join(item for item in group if item)) or partial
        return partial


class ApartRecognizer:
    """Decodes every utterance of another recognizer on one thread beside the ear."""

    def __init__(self, recognizer: Recognizer, patience: float = PATIENCE) -> None:
        """`patience`: seconds that the ear waits for each piece of audio."""
        self._recognizer = recognizer
        self._patience = patience
        self._worker = Worker("recognizer", waiting=_WAITING)

    def open(self, expect: Expected = "command") -> ApartDecoding:
        """Begin an utterance."""
        return ApartDecoding(self._recognizer.open(expect), self._worker, self._patience)

    def close(self) -> None:
        """Release the engine."""
        self._worker.close()
        self._recognizer.close()
