"""Gives a recording as fast as it was spoken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from time import monotonic

from assistant.types import AudioFrame, Gap
from pipeline.ports import Source


class Paced:
    """A source whose frames come when a microphone would give them.

    Each comes at its own time after the first call, so a slow reader catches up and nothing
    drifts. `clock` tells seconds; `wait` sleeps so many and says whether to stop.
    """

    def __init__(
        self,
        source: Source,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait

    def frames(self) -> Iterator[AudioFrame | Gap]:
        """Give the source's frames, each when its last sample would have been heard."""
        began = self._clock()
        for item in self._source.frames():
            if isinstance(item, AudioFrame):
                early = began + item.end - self._clock()
                if early > 0 and self._wait(early):
                    return
            yield item

    def close(self) -> None:
        """End `frames` at once."""
        self._closed.set()
        self._source.close()
