"""One utterance whose end somebody else decides: a peer that sends it, and says when it is over."""

from __future__ import annotations

import math

from assistant.private import Private
from assistant.types import FRAME_SECONDS, AudioFrame, ClosedBy, Partial, Transcript, Utterance
from pipeline.ports import Endpointer, Recognizer
from pipeline.ring import Ring


class Dictation:
    """Hears as the listener does, from its first frame; a pause that would end it only may.

    Where quiet follows to the end, the text is the one that a microphone's utterance would have.
    Where the speaker goes on, what was held back meanwhile is heard after all. After the longest
    utterance nothing more is heard. One thread at a time.
    """

    def __init__(
        self, recognizer: Recognizer, endpointer: Endpointer, longest: float, number: int
    ) -> None:
        """`longest`: seconds of an utterance; `number`: its id."""
        self._longest = longest
        self._endpointer = endpointer
        endpointer.open(b"")
        self._ring = Ring(0, math.ceil(longest / FRAME_SECONDS) + 1)
        self._ring.hold()
        self._decoding = recognizer.open()
        self._number = number
        self._partial: Partial | None = None
        self._held: list[bytes] = []
        """What came since a pause that would have ended it."""
        self._closed_by: ClosedBy | None = None
        self._deaf = False
        self._end = 0.0

    def feed(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        if self._deaf:
            return
        if self._closed_by is None:
            self._hear(frame.pcm)
        verdict = self._endpointer.feed(frame, self._partial)
        self._end = frame.end
        match verdict:
            case "limit" | "no_speech":
                self._deaf = True
                self._closed_by = "limit"
            case "silence" | "complete":
                if self._closed_by is not None:
                    self._held.append(frame.pcm)
                self._closed_by = verdict
                self._deaf = frame.end >= self._longest
            case "open" | "pause":
                if self._closed_by is not None:
                    self._go_on(frame.pcm)
                if verdict == "pause":
                    self._decoding.pause()

    def finish(self) -> Transcript:
        """It is over: give the text, empty where nothing was said."""
        heard = self._ring.take()
        if self._endpointer.speech_end is None:
            self._decoding.abandon()
            return Transcript(self._number, Private(""), 0.0)
        utterance = Utterance(
            id=self._number,
            start=0.0,
            end=self._end,
            speech_end=self._endpointer.speech_end,
            closed_by=self._closed_by or "end",
            pcm=Private(heard),
        )
        return self._decoding.finish(utterance)

    def close(self) -> None:
        """Forget what was heard, whether or not it was finished."""
        self._decoding.abandon()
        self._held.clear()
        self._ring.close()

    def _hear(self, pcm: bytes) -> None:
        self._ring.write(pcm)
        self._partial = self._decoding.feed(pcm) or self._partial

    def _go_on(self, pcm: bytes) -> None:
        """Somebody spoke again: it was not over."""
        self._closed_by = None
        for waiting in (*self._held, pcm):
            self._hear(waiting)
        self._held.clear()
