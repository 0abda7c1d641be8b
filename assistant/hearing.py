"""The ear: a thread on which every frame of a source goes through the listener."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError as WorkCancelled

from assistant.asking import Asking
from assistant.mouth import Mouth
from assistant.types import FRAME_BYTES, AudioFrame, Gap, WakeEvent
from pipeline.listen import Event, Listener
from pipeline.ports import Source
from pipeline.worker import Worker

log = logging.getLogger(__name__)

FLUSH_FRAMES = 12
"""Silent frames at the end of a recording, so that a wake word at its very end is heard."""
OVER_US = 0.7
"""The score that a wake word needs while we speak: our own voice, in 30 replies made to sound like
"alexa", came to 0.69 and once, at "relax, a taxi", over it."""
_SILENCE = bytes(FRAME_BYTES)


class Hearing:
    """Gives the listener what it may hear, and hands on what it made of that."""

    def __init__(
        self,
        listener: Listener,
        asking: Asking,
        mouth: Mouth,
        is_stopped: Callable[[], bool],
        hush: Callable[[], object],
    ) -> None:
        """`is_stopped`: whether nobody may be heard; `hush`: somebody speaks while we do."""
        self._listener = listener
        self._asking = asking
        self._mouth = mouth
        self._is_stopped = is_stopped
        self._hush = hush
        self._barged = False
        """Somebody woke us while we spoke, and is heard."""
        self._stopped = False
        self._pressed = threading.Event()

    def press(self) -> bool:
        """Listen now, without a wake word (any thread); whether anybody may be heard."""
        if self._is_stopped():
            return False
        self._pressed.set()
        return True

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
                _give(self._hear(item), deliver)
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

    def _hear(self, frame: AudioFrame) -> tuple[Event, ...]:
        """Let the listener hear a frame, if it may.

        Frames that are left out are a gap to it: it forgets, and starts anew.
        """
        listener = self._listener
        was_stopped, self._stopped = self._stopped, self._is_stopped()
        if self._stopped:
            self._pressed.clear()
            return () if was_stopped else listener.shut()
        if not self._mouth.busy.is_set():
            self._barged = False
            self._asking.open_if_asked(listener)
            if self._pressed.is_set():
                self._pressed.clear()
                if not listener.is_open:
                    listener.open()
            return listener.feed(frame)
        if not self._barged and (listener.is_open or self._mouth.says_wake_word):
            return ()
        events = listener.feed(frame, OVER_US)
        if any(isinstance(event, WakeEvent) for event in events):
            self._barged = True
            self._hush()
        return events


def _give(events: Iterable[Event], deliver: Callable[[Event], None]) -> None:
    for event in events:
        deliver(event)
