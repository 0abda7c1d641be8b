"""Speech to text for peers. A transcript is always answered; what it may say is the policy's."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

from assistant.errors import outline
from assistant.types import AudioFrame, AudioRelease, RedactedTranscript, Refusal, Transcript
from pipeline.dictation import Dictation
from pipeline.worker import Worker
from plugins.wyoming.info import asr_info
from plugins.wyoming.messages import Sound, read
from plugins.wyoming.server import Line
from plugins.wyoming.sound import Hearing
from plugins.wyoming.wire import Frame

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

LIMIT = 20.0
"""Seconds in which the recognizer must have taken sound, or made a text; else it is empty."""


class Asr:
    """One recognizer for all peers; each has at most one call waiting, so they take turns."""

    name = "asr"
    patience: float | None = 60.0

    def __init__(
        self,
        dictation: Callable[[int], Dictation],
        redact: Callable[[Transcript], RedactedTranscript],
        may_hear: Callable[[], AudioRelease | Refusal],
        is_stopped: Callable[[], bool],
        worker: Worker,
        program: str,
    ) -> None:
        """`may_hear`: whether the peers may have raw sound, and so its words; `is_stopped`:
        whether nothing is heard or shared now. `worker` has room for every peer.
        """
        self._dictation = dictation
        self._redact = redact
        self._may_hear = may_hear
        self._is_stopped = is_stopped
        self.worker = worker
        self._program = program
        self._numbers = itertools.count(1)

    def info(self) -> Mapping[str, Any]:
        """One program with one model."""
        return asr_info(self._program)

    def meet(self, line: Line) -> AsrTalk:
        """Begin to speak with a peer."""
        return AsrTalk(self, line)

    def begin(self) -> Dictation:
        """An utterance begins."""
        return self._dictation(next(self._numbers))

    def words(self, dictation: Dictation) -> str:
        """What a peer is told of its utterance: redacted, unless it may have the sound itself."""
        transcript = dictation.finish()
        if self._is_stopped():
            return ""
        redacted = self._redact(transcript)
        match self._may_hear():
            case AudioRelease():
                return transcript.text.reveal()
            case Refusal():
                return redacted.text


class AsrTalk:
    """What is said to one peer: audio-start, chunks, audio-stop; then its transcript."""

    def __init__(self, asr: Asr, line: Line) -> None:
        self._asr = asr
        self._line = line
        self._hearing = Hearing()
        self._dictation: Dictation | None = None
        self._failed = False
        """Whether nothing can be made of this utterance any longer."""

    async def take(self, frame: Frame) -> None:
        """Hear, and answer at the end."""
        match frame.type:
            case "transcribe":
                self._forget()
            case "audio-start":
                read(frame, Sound)
                self._forget()
                await self._hear([])
            case "audio-chunk":
                sound = read(frame, Sound)
                await self._hear(self._hearing.feed(sound, frame.payload))
            case "audio-stop":
                text = await self._words()
                self._forget()
                await self._line.send("transcript", {"text": text, "language": "en"})

    async def leave(self) -> None:
        """Forget the utterance."""
        self._forget()

    async def _hear(self, frames: Iterable[AudioFrame]) -> None:
        if self._dictation is None:
            self._dictation = await self._try(self._asr.begin)
        for frame in frames:
            if self._dictation is not None:
                await self._try(self._dictation.feed, frame)

    async def _words(self) -> str:
        """The text; empty where nothing came, where the engine failed or took too long."""
        if self._dictation is None:
            return ""
        await self._hear(self._hearing.last())
        return await self._try(self._asr.words, self._dictation) or ""

    async def _try(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What the engine gives; None from its first failure on, to the end of the utterance."""
        if self._failed:
            return None
        try:
            async with asyncio.timeout(LIMIT):
                return await self._asr.worker.run(call, *args, **kwargs)
        except TimeoutError:
            log.error("wyoming asr: an utterance was dropped: the recognizer took too long")
        except Exception as error:  # a transcript is always answered
            log.error("wyoming asr: an utterance was dropped: %s", outline(error))
        self._failed = True
        return None

    def _forget(self) -> None:
        self._hearing, self._failed = Hearing(), False
        dictation, self._dictation = self._dictation, None
        if dictation is not None:
            self._asr.worker.submit(dictation.close)
