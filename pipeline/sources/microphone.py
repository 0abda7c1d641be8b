"""The microphone: a device that may go away and come back, and says so."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import Future
from time import monotonic
from typing import Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from assistant.errors import MicrophoneError
from assistant.types import FRAME_SECONDS, AudioFrame, Gap
from pipeline.sources.box import Box, Chunk
from pipeline.sources.convert import FULL_SCALE, Converter, Framer
from pipeline.sources.health import Health
from pipeline.sources.portaudio import Hear, InputDevice, input_devices, open_stream
from pipeline.worker import Worker

__all__ = ["InputDevice", "Microphone", "MicrophoneState", "input_devices"]

log = logging.getLogger(__name__)
T = TypeVar("T")

MicrophoneState: TypeAlias = Literal["listening", "no microphone"]

WAITING = 60
"""Chunks of 80 ms that may wait for the ear; then the oldest is dropped."""
LOOK = 0.1
"""Seconds after which a quiet device is looked at."""
BACKOFF = (0.5, 10.0)
"""Seconds between attempts to open it again: the first, doubled up to the last."""
STEADY = 10.0
"""Seconds of sound after which a device may be lost and opened at once again."""
UNANSWERED = 5.0
"""Seconds after which it is said that the audio system does not answer."""


class Stream(Protocol):
    """An open device."""

    name: str
    rate: int
    channels: int

    def is_alive(self) -> bool:
        """Whether it still means to give sound."""
        ...

    def close(self) -> None:
        """Let go of it; may block."""
        ...


class Opener(Protocol):
    """What opens a device: `portaudio.open_stream`."""

    def __call__(self, wanted: str | int | None, hear: Hear, *, native_rate: bool) -> Stream:
        """Open it, or raise MicrophoneError."""
        ...


class Microphone:
    """A source that never pretends to hear: `state` is "listening" only while sound comes.

    A device that is lost, stalled or gives samples at a wrong rate is closed and opened
    again with backoff. A `Gap` comes when it is lost and another when it is back; together
    they say how long it was gone, and no sound from before comes after. A device that never
    gave a sound is an error instead, unless it is waited for: then `waits` is told why, each
    time before the next attempt. While `is_muted` all its sound is zero. `frames` is called once.
    """

    def __init__(
        self,
        device: str | int | None = None,
        observe: Callable[[MicrophoneState], None] = lambda state: None,
        *,
        waits: Callable[[str], None] | None = None,
        is_muted: Callable[[], bool] = lambda: False,
        opener: Opener = open_stream,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.state: MicrophoneState = "no microphone"
        self.gaps = 0
        """Times that it was lost."""
        self.dropped = 0
        """Frames that the ear was too slow for."""
        self.overflows = 0
        """Times that the audio system lost samples before they reached us."""
        self.is_silent = False
        """Its samples have been exactly zero for a while."""
        self._device = device
        self._observe = observe
        self._waits = waits
        self._is_muted = is_muted
        self._opener = opener
        self._clock = clock
        self._closed = threading.Event()
        self._framer = Framer()
        self._until: float | None = None
        """When the last frame that was given ended; None before the first."""
        self._native_rate = False
        self._pause = BACKOFF[0]

    def frames(self) -> Iterator[AudioFrame | Gap]:
        """Give sound until `close`; raise MicrophoneError where there never was any."""
        # The audio system may hang in any call. Each is made here, so that we don't.
        hands = Worker("microphone")
        try:
            while (opened := self._connect(hands)) is not None:
                try:
                    yield from self._hear(opened)
                except GeneratorExit:
                    self._closed.set()
                    raise
                finally:
                    self._patiently(hands.submit(opened.stream.close))
        finally:
            self._turn("no microphone")
            hands.close(LOOK)

    def close(self) -> None:
        """End `frames` soon, even where the audio system hangs."""
        self._closed.set()

    def _connect(self, hands: Worker) -> _Opened | None:
        """Open the device; try for ever once it was there; None when closed."""
        while not self._closed.is_set():
            opening = hands.submit(self._open)
            if not self._patiently(opening):
                opening.add_done_callback(_close_unwanted)
                return None
            try:
                return opening.result()
            except MicrophoneError as error:
                self._mind_start(error)
                log.warning("no microphone: %s; next attempt in %.1f s", error, self._pause)
            self._rest()
        return None

    def _open(self) -> _Opened:
        box = Box(WAITING, self._clock)

        def hear(pcm: bytes, overflowed: bool) -> None:
            self.overflows += overflowed
            # What is said while nobody may be heard doesn't even wait here.
            box.put(bytes(len(pcm)) if self._is_muted() else pcm)

        stream = self._opener(self._device, hear, native_rate=self._native_rate)
        if isinstance(self._device, int):
            self._device = stream.name  # indexes change where devices come and go
        return _Opened(stream, box, self._clock())

    def _patiently(self, call: Future[T]) -> bool:
        """Wait for a call to the audio system; False where we are closed meanwhile."""
        began = self._clock()
        said = False
        while not futures.wait([call], LOOK).done:
            if self._closed.is_set():
                return bool(futures.wait([call], 5 * LOOK).done)
            if not said and self._clock() - began > UNANSWERED:
                said = True
                log.error("no microphone: the audio system does not answer; waiting for it")
        return True

    def _rest(self) -> None:
        self._closed.wait(self._pause)
        self._pause = min(2 * self._pause, BACKOFF[1])

    def _hear(self, opened: _Opened) -> Iterator[AudioFrame | Gap]:
        """Give what an open device hears, until it is lost or we are closed."""
        why = None
        while why is None and not self._closed.is_set():
            chunk = opened.box.take(LOOK)
            if chunk is not None:
                yield from self._missed(opened, chunk)
                self._until = chunk.arrived
                yield from self._framer.feed(opened.convert(chunk))
                self._turn("listening")
                self._mind_silence(opened)
            why = opened.trouble(self._clock(), quiet=chunk is None)
        if why is not None:
            yield from self._lost(opened, why)

    def _missed(self, opened: _Opened, chunk: Chunk) -> Iterator[Gap]:
        """Tell of the time between the last frame and this chunk, where there was any."""
        if self._until is None:
            log.info("the microphone is %s, at %d Hz", opened.stream.name, opened.stream.rate)
        elif self.state == "no microphone":
            log.info("the microphone is back: %s", opened.stream.name)
            yield from self._skip(chunk.arrived - opened.seconds_of(chunk) - self._until)
        elif chunk.dropped:
            self.dropped += chunk.dropped
            log.warning("the ear is too slow: %d frames dropped", chunk.dropped)
            yield from self._skip(chunk.dropped * opened.seconds_of(chunk))

    def _lost(self, opened: _Opened, why: str) -> Iterator[Gap]:
        name = opened.stream.name
        self._mind_start(MicrophoneError(f"microphone {name} {why}; choose another: `sotto check`"))
        self.gaps += 1
        self._turn("no microphone")
        log.warning("no microphone: %s %s; gap %d", name, why, self.gaps)
        self._native_rate = self._native_rate or opened.health.is_astray()
        # At least a frame, so that the listener is told now and not when the device is back.
        if self._until is not None:
            yield from self._skip(max(FRAME_SECONDS, self._clock() - self._until))
        if opened.health.seconds >= STEADY:
            self._pause = BACKOFF[0]
        else:
            self._rest()

    def _mind_start(self, error: MicrophoneError) -> None:
        """Raise the error where there never was a sound and nobody waits for one."""
        if self._until is None:
            if self._waits is None:
                raise error
            self._waits(str(error))

    def _skip(self, seconds: float) -> Iterator[Gap]:
        """Let time pass without sound; the part of a frame that was begun is dropped."""
        frames = round(seconds / FRAME_SECONDS)
        self._framer.skip(max(0, frames))
        if frames > 0 and self._until is not None:
            self._until += frames * FRAME_SECONDS
            yield Gap(frames * FRAME_SECONDS)

    def _mind_silence(self, opened: _Opened) -> None:
        if opened.health.is_silent and self._is_muted():
            return
        if opened.health.is_silent and not self.is_silent:
            name = opened.stream.name
            log.warning("the microphone %s gives only zeros; is it muted or another one?", name)
        self.is_silent = opened.health.is_silent

    def _turn(self, state: MicrophoneState) -> None:
        if state != self.state:
            self.state = state
            self._observe(state)


class _Opened:
    """A device from when it was opened until it is closed."""

    def __init__(self, stream: Stream, box: Box, now: float) -> None:
        self.stream = stream
        self.box = box
        self.health = Health(now)
        self._converter = Converter(stream.rate)

    def convert(self, chunk: Chunk) -> bytes:
        """The chunk as mono 16 kHz PCM."""
        if chunk.dropped:
            self._converter = Converter(self.stream.rate)
        samples = np.frombuffer(chunk.pcm, "<i2").reshape(-1, self.stream.channels)
        came = self.seconds_of(chunk) * (1 + chunk.dropped)
        self.health.heard(chunk.arrived, came, zeros=not samples.any())
        return self._converter.feed(samples.astype(np.float32) / np.float32(FULL_SCALE)).tobytes()

    def seconds_of(self, chunk: Chunk) -> float:
        """How long the chunk is, by the rate that the device states."""
        return len(chunk.pcm) / 2 / self.stream.channels / self.stream.rate

    def trouble(self, now: float, *, quiet: bool) -> str | None:
        """What is wrong with it, if anything is; `quiet`: no chunk is waiting."""
        if self.health.is_astray():
            return f"does not keep the {self.stream.rate} Hz it states"
        if quiet and not self.stream.is_alive():
            return "is gone"
        if quiet and self.health.is_stalled(now):
            return "gives no sound"
        return None


def _close_unwanted(opening: Future[_Opened]) -> None:
    """Close a device that was opened when nobody waited for it any longer."""
    if opening.exception() is None:
        opening.result().stream.close()
