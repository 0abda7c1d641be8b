"""The ear: a thread on which every frame of a source goes through the listener."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError as WorkCancelled

from assistant.asking import Asking
from assistant.types import FRAME_BYTES, AudioFrame, Gap
from pipeline.listen import Event, Listener
from pipeline.ports import Source
from pipeline.worker import Worker

log = logging.getLogger(__name__)

FLUSH_FRAMES = 12
"""Silent frames at the end of a recording, so that a wake word at its very end is heard."""
_SILENCE = bytes(FRAME_BYTES)


class Hearing:
    """Gives the listener what it may hear, and hands on what it made of that."""

    def __init__(
        self,
        listener: Listener,
        asking: Asking,
        is_speaking: Callable[[], bool],
        is_stopped: Callable[[], bool],
    ) -> None:
        """`is_speaking`: whether we are heard ourselves; `is_stopped`: whether nobody may be."""
        self._listener = listener
        self._asking = asking
        self._is_speaking = is_speaking
        self._is_stopped = is_stopped

    async def run(self, source: Source, deliver: Callable[[Event], None]) -> None:
        """Hear until the source ends; `deliver` is called on the ear's thread."""
        ear = Worker("ear")
        try:
            await ear.run(self._hear_all, source, deliver)
        finally:
            source.close()
            ear.close()

    def _hear_all(self, source: Source, deliver: Callable[[Event], None]) -> None:
        listener = self._listener
        frames = 0
        try:
            for item in source.frames():
                if isinstance(item, Gap):
                    _give(listener.reset(), deliver)
                    continue
                frames = item.index + 1
                if not (self._is_speaking() or self._is_stopped()):
                    self._asking.open_if_asked(listener)
                    # Frames left out while we speak are a gap to the listener: it starts anew.
                    _give(listener.feed(item), deliver)
            if not listener.is_open:
                for index in range(frames, frames + FLUSH_FRAMES):
                    _give(listener.feed(AudioFrame(index, _SILENCE)), deliver)
                    if listener.is_open:
                        break
            _give(listener.finish(), deliver)
        except WorkCancelled:
            log.debug("the ear stops: nobody listens any longer")
        finally:
            listener.reset()


def _give(events: Iterable[Event], deliver: Callable[[Event], None]) -> None:
    for event in events:
        deliver(event)
