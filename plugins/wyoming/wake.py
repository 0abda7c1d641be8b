"""Wake words for peers: each hears with a detector of its own, on a thread without recognizer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assistant.types import WakeEvent
from pipeline.ports import WakeDetector
from pipeline.worker import Worker
from plugins.wyoming.info import wake_info
from plugins.wyoming.messages import Detect, Sound, read
from plugins.wyoming.server import Line
from plugins.wyoming.sound import Hearing
from plugins.wyoming.wire import Frame

log = logging.getLogger(__name__)


class Wake:
    """Detectors are made as they are needed, at most one for each peer, and used again."""

    name = "wake"
    patience: float | None = 60.0

    def __init__(
        self,
        make: Callable[[], WakeDetector],
        phrases: Sequence[str],
        is_stopped: Callable[[], bool],
        worker: Worker,
        program: str,
    ) -> None:
        """`worker` has room for every peer."""
        self._make = make
        self._phrases = tuple(phrases)
        self.is_stopped = is_stopped
        self.worker = worker
        self._program = program
        self._idle: list[WakeDetector] = [make()]

    def info(self) -> Mapping[str, Any]:
        """One program with a model for each phrase."""
        return wake_info(self._program, self._phrases)

    def meet(self, line: Line) -> WakeTalk:
        """Begin to speak with a peer."""
        return WakeTalk(self, line)

    def borrow(self) -> WakeDetector:
        """A detector that has heard nothing."""
        return self._idle.pop() if self._idle else self._make()

    def give_back(self, detector: WakeDetector) -> None:
        """Take it back, and let it forget."""
        detector.reset()
        self._idle.append(detector)


class WakeTalk:
    """What is said to one peer: detect, audio-start, chunks; and a detection, at once."""

    def __init__(self, wake: Wake, line: Line) -> None:
        self._wake = wake
        self._line = line
        self._names: frozenset[str] | None = None
        self._hearing = Hearing()
        self._began = 0.0
        self._detected = False
        self._detector: WakeDetector | None = None

    async def take(self, frame: Frame) -> None:
        """Hear, and say when it was a wake word."""
        match frame.type:
            case "detect":
                names = read(frame, Detect).names
                self._names = frozenset(names) if names else None
            case "audio-start":
                self._began = read(frame, Sound).timestamp or 0.0
                await self._begin()
            case "audio-chunk":
                sound = read(frame, Sound)
                if self._detector is None:
                    self._began = sound.timestamp or 0.0
                    await self._begin()
                await self._hear(sound, frame.payload)
            case "audio-stop":
                if not self._detected:
                    await self._line.send("not-detected")
                await self._begin()

    async def leave(self) -> None:
        """Give the detector back."""
        detector, self._detector = self._detector, None
        if detector is not None:
            self._wake.worker.submit(self._wake.give_back, detector)

    async def _begin(self) -> None:
        """What comes now has nothing to do with what came before."""
        self._hearing = Hearing()
        self._detected = False
        if self._detector is None:
            self._detector = await self._wake.worker.run(self._wake.borrow)
        else:
            await self._wake.worker.run(self._detector.reset)

    async def _hear(self, sound: Sound, payload: bytes) -> None:
        assert self._detector is not None
        for frame in self._hearing.feed(sound, payload):
            event = await self._wake.worker.run(self._detector.feed, frame)
            if event is not None and not self._wake.is_stopped():
                await self._say(event)

    async def _say(self, event: WakeEvent) -> None:
        if self._names is not None and event.phrase not in self._names:
            return
        self._detected = True
        at = round(self._began + event.at * 1000)
        await self._line.send("detection", {"name": event.phrase, "timestamp": at})
