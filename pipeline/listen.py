"""The ear: frames in, utterances out, and the sound between them forgotten."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TypeAlias

from assistant.private import Private
from assistant.settings import ListenSettings
from assistant.types import FRAME_SECONDS, AudioFrame, ClosedBy, Partial, Utterance, WakeEvent
from pipeline.ports import Decoding, Endpointer, Expected, Recognizer, WakeDetector
from pipeline.ring import Ring

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance, and the recognizer that has been listening to it."""

    utterance: Utterance
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class NoSpeech:
    """An utterance was begun, but nothing was said in it; its audio is gone."""

    at: float
    """Seconds from the start of the source at which it was given up."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Audio was lost in the middle of an utterance; what there was of it is gone."""

    at: float
    """Seconds from the start of the source to the end of what was heard."""


Event: TypeAlias = WakeEvent | Heard | NoSpeech | Lost


def ring_for(settings: ListenSettings) -> Ring:
    """Make a ring with room for the longest utterance after its pre-roll."""
    keep = math.ceil(settings.pre_roll / FRAME_SECONDS)
    return Ring(keep, keep + math.ceil(settings.longest / FRAME_SECONDS) + 1)


class Listener:
    """Waits for the wake word, or for `open`, and gives one utterance for each.

    It has no clock: the same frames always give the same events. One thread owns it.
    """

    def __init__(
        self,
        *,
        wake: WakeDetector | None,
        endpointer: Endpointer,
        recognizer: Recognizer,
        ring: Ring,
    ) -> None:
        """Take the parts; without `wake` only `open` begins an utterance."""
        self._wake = wake
        self._endpointer = endpointer
        self._recognizer = recognizer
        self._ring = ring
        self._next_index: int | None = None
        self._count = 0
        self._decoding: Decoding | None = None
        self._partial: Partial | None = None

    @property
    def is_open(self) -> bool:
        """Whether an utterance is going on."""
        return self._decoding is not None

    def open(self, expect: Expected = "command") -> None:
        """Begin an utterance at the next frame; nothing heard before belongs to it.

        An utterance that was going on is thrown away.
        """
        self._forget()
        self._begin(b"", expect)

    def feed(self, frame: AudioFrame, least: float = 0.0) -> tuple[Event, ...]:
        """Take the next frame; a gap before it drops what was heard (see `reset`).

        `least`: the score that a wake word needs now, beyond the detector's own threshold.
        """
        lost: tuple[Event, ...] = ()
        if frame.index != self._next_index:
            lost = () if self._next_index is None else self.reset()
        self._next_index = frame.index + 1
        if self._decoding is not None:
            return lost + self._listen(frame, self._decoding)
        if self._wake is None:
            return lost
        self._ring.write(frame.pcm)
        event = self._wake.feed(frame)
        if event is None or event.score < least:
            return lost
        self._begin(self._ring.peek())
        return (*lost, event)

    def finish(self) -> tuple[Event, ...]:
        """The source has ended: close an utterance that is going on."""
        if self._decoding is None:
            return ()
        if self._endpointer.speech_end is None:
            return self._drop()
        return self._close(self._decoding, "end")

    def reset(self) -> tuple[Event, ...]:
        """Audio was lost: forget all that was heard, so that nothing stale is joined to it.

        An utterance that `open` began and that has no audio yet is kept waiting.
        """
        if self._decoding is not None and not len(self._ring):
            return ()
        lost = self.shut()
        if lost:
            log.warning("an utterance was dropped: audio was lost in the middle of it")
        return lost

    def shut(self) -> tuple[Event, ...]:
        """Nobody may be heard any longer: forget all that was heard, and what was begun."""
        was_open = self.is_open
        self._forget()
        return (Lost(self._now),) if was_open else ()

    @property
    def _now(self) -> float:
        return (self._next_index or 0) * FRAME_SECONDS

    def _begin(self, pre_roll: bytes, expect: Expected = "command") -> None:
        self._endpointer.open(pre_roll)
        self._decoding = self._recognizer.open(expect)
        self._partial = self._decoding.feed(pre_roll) if pre_roll else None
        self._ring.hold()

    def _listen(self, frame: AudioFrame, decoding: Decoding) -> tuple[Event, ...]:
        self._ring.write(frame.pcm)
        self._partial = decoding.feed(frame.pcm) or self._partial
        match self._endpointer.feed(frame, self._partial):
            case "open":
                return ()
            case "pause":
                decoding.pause()
                return ()
            case "no_speech":
                return self._drop()
            case closed_by:
                return self._close(decoding, closed_by)

    def _close(self, decoding: Decoding, closed_by: ClosedBy) -> tuple[Event, ...]:
        end = self._now
        start = end - len(self._ring) * FRAME_SECONDS
        speech_end = self._endpointer.speech_end
        self._count += 1
        utterance = Utterance(
            id=self._count,
            start=start,
            end=end,
            speech_end=end if speech_end is None else speech_end,
            closed_by=closed_by,
            pcm=Private(self._ring.take()),
        )
        self._decoding = None
        self._forget()
        return (Heard(utterance, decoding),)

    def _drop(self) -> tuple[Event, ...]:
        self._forget()
        return (NoSpeech(self._now),)

    def _forget(self) -> None:
        if self._decoding is not None:
            self._decoding.abandon()
            self._decoding = None
        self._partial = None
        self._endpointer.forget()
        self._ring.wipe()
        if self._wake is not None:
            self._wake.reset()
