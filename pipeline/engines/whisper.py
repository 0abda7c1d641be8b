"""Free speech to text with faster-whisper, from a model directory on this device."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, InvalidStateError, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError, BusyError, RecognitionError
from assistant.private import Private
from assistant.types import SAMPLE_RATE, Partial, Transcript, Utterance
from pipeline.engines import whisper_guards as guards
from pipeline.engines.whisper_model import load, speech_seconds
from pipeline.ports import Expected
from pipeline.worker import Worker

log = logging.getLogger(__name__)

_HOTWORDS = 80
"""Names given to the model as a hint, at most; the prompt has room for 223 tokens."""

# Where Whisper itself takes a window for failed: Radford et al. 2022, section 4.5. There it
# decodes again at a higher temperature, which makes up words; here the window is dropped.
_LOWEST_LOG_PROBABILITY = -1.0
_HIGHEST_NO_SPEECH = 0.6
_HIGHEST_COMPRESSION = 2.4

_LEAST_SPEECH = 0.15
"""Seconds of speech below which there was none (see `whisper_model.speech_seconds`)."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came out of one piece of audio."""

    text: Private[str]
    confidence: float


_NOTHING = _Heard(Private(""), 0.0)


class _Job:
    """A decoding that was ordered, and the audio it covers."""

    __slots__ = ("cancelled", "future", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.cancelled = threading.Event()
        self.future: Future[_Heard] = Future()

    def cancel(self) -> None:
        self.cancelled.set()
        self.future.cancel()


class WhisperRecognizer:
    """Whisper: greedy, without timestamps, on a worker thread of its own.

    Greedy, because beam search writes "Yes." into noise without timestamps, and with them
    CTranslate2's loses words the model is sure of (a model that is a table shows it). Without
    timestamps, because a model that is unsure of them has a window decoded again and again;
    so every 30 s are encoded once.

    With hotwords it is decoded twice, without and with them as a hint, and the likelier text
    wins: a hint helps with names, but small models lose the thread over it. What the guards
    refuse (no speech by Silero VAD, improbable, repetitive, faster than anybody speaks, the
    hint given back) becomes empty text.
    """

    def __init__(
        self,
        model_dir: Path,
        hotwords: Sequence[str] = (),
        language: str = "en",
        *,
        wake_phrases: Sequence[str] = (),
    ) -> None:
        """Load the model; never from the network.

        `hotwords` are names to expect (devices, areas); `wake_phrases` are left out of the
        start of the text. Raises ModelError where the directory or the library is no good.
        """
        self._model = load(model_dir)
        self.expect(hotwords)
        self._language = language
        self._wake_phrases = tuple(wake_phrases)
        self._counting = threading.Lock()
        self._used = 0
        self._wasted = 0
        self._worker = Worker("whisper", waiting=4)
        # Loads the VAD, so that the first utterance need not wait for it.
        self._start(bytes(2 * SAMPLE_RATE))

    def expect(self, hotwords: Sequence[str]) -> None:
        """Expect these names from the next decoding on."""
        self._hotwords = tuple(dict.fromkeys(name.strip() for name in hotwords))[:_HOTWORDS]

    @property
    def speculations_used(self) -> int:
        """How many decodings begun at a pause gave the final text."""
        return self._used

    @property
    def speculations_wasted(self) -> int:
        """How many decodings begun at a pause were thrown away."""
        return self._wasted

    def open(self, expect: Expected = "command") -> WhisperDecoding:
        """Begin an utterance."""
        return WhisperDecoding(self)

    def close(self) -> None:
        """Cancel what waits and release the model."""
        if not self._worker.close():
            log.warning("whisper is still decoding; its thread is left behind")
        self._model = None

    def _start(self, pcm: bytes) -> _Job:
        job = _Job(len(pcm))
        job.future = self._worker.submit(self._transcribe, pcm, job.cancelled)
        return job

    def _count(self, *, used: bool) -> None:
        with self._counting:
            self._used += used
            self._wasted += not used

    def _transcribe(self, pcm: bytes, cancelled: threading.Event) -> _Heard:
        audio = guards.samples(pcm)
        speech = speech_seconds(audio)
        if cancelled.is_set() or speech < _LEAST_SPEECH:
            return _NOTHING
        try:
            plain = self._decode(audio, speech, None, cancelled)
            if not self._hotwords or cancelled.is_set():
                return plain
            hinted = self._decode(audio, speech, ", ".join(self._hotwords), cancelled)
        finally:
            self._model.encode.forget()
        return max(plain, hinted, key=lambda heard: heard.confidence)

    def _decode(
        self,
        audio: NDArray[np.float32],
        speech: float,
        hint: str | None,
        cancelled: threading.Event,
    ) -> _Heard:
        """Decode once; `speech` is how many seconds of speech there are."""
        segments, _ = self._model.transcribe(
            audio,
            language=self._language,
            beam_size=1,
            temperature=0.0,
            without_timestamps=True,
            condition_on_previous_text=False,
            max_new_tokens=_most_tokens(len(audio) / SAMPLE_RATE),
            hotwords=hint,
            no_speech_threshold=_HIGHEST_NO_SPEECH,
            log_prob_threshold=_LOWEST_LOG_PROBABILITY,
            compression_ratio_threshold=_HIGHEST_COMPRESSION,
        )
        texts: list[str] = []
        least = 0.0
        for segment in segments:
            if cancelled.is_set():
                return _NOTHING
            if _is_sound(segment):
                texts.append(segment.text)
                least = min(least, segment.avg_logprob)
        text = " ".join("".join(texts).split())
        echoed = hint is not None and guards.is_echo(text, self._hotwords)
        if echoed or guards.is_loop(text) or guards.is_too_fast(text, speech):
            return _NOTHING
        text = guards.without_wake_word(text, self._wake_phrases)
        return _Heard(Private(text), math.exp(least)) if text else _NOTHING


class WhisperDecoding:
    """One utterance. At a pause it is decoded ahead; if speech goes on, that is thrown away."""

    def __init__(self, recognizer: WhisperRecognizer) -> None:
        """Use `WhisperRecognizer.open`."""
        self._recognizer = recognizer
        self._pcm = bytearray()
        self._ahead: _Job | None = None
        self._job: _Job | None = None
        self._abandoned: Future[None] = Future()

    def feed(self, pcm: bytes) -> Partial | None:
        """Keep the audio; Whisper has no partial results."""
        self._pcm += pcm
        return None

    def pause(self) -> None:
        """Decode ahead what was heard so far, unless that is being done already."""
        if self._ahead is not None:
            if not guards.speech_went_on(bytes(self._pcm), self._ahead.size):
                return
            self._waste()
        try:
            self._ahead = self._recognizer._start(bytes(self._pcm))
        except BusyError:
            log.debug("whisper is busy; the pause is not used")

    def finish(self, utterance: Utterance) -> Transcript:
        """Give the text: the one decoded ahead where only silence followed, else a new one.

        Raises RecognitionError where the engine fails; gives empty text once abandoned.
        """
        try:
            heard = self._finish(utterance)
        except AssistantError:
            raise
        except (Exception, CancelledError) as error:
            raise RecognitionError(f"whisper failed on utterance {utterance.id}") from error
        finally:
            self._pcm.clear()
        return Transcript(utterance.id, heard.text, heard.confidence)

    def abandon(self) -> None:
        """Throw the utterance away, at any time and from any thread."""
        if self._ahead is not None:
            self._waste()
        job = self._job
        if job is not None:
            job.cancel()
        with contextlib.suppress(InvalidStateError):  # once is enough
            self._abandoned.set_result(None)

    def _finish(self, utterance: Utterance) -> _Heard:
        pcm = utterance.pcm.reveal()
        ahead = self._ahead
        if ahead is not None and self._covers(ahead, utterance, pcm):
            self._ahead, self._job = None, ahead
            self._recognizer._count(used=True)
        else:
            if ahead is not None:
                self._waste()
            self._job = self._recognizer._start(pcm)
        either: list[Future[Any]] = [self._job.future, self._abandoned]
        wait(either, return_when=FIRST_COMPLETED)
        if self._abandoned.done():
            self._job.cancel()
            return _NOTHING
        return self._job.future.result()

    def _covers(self, ahead: _Job, utterance: Utterance, pcm: bytes) -> bool:
        """Whether everything that was said lies in what was decoded ahead."""
        decoded_until = utterance.start + ahead.size / 2 / SAMPLE_RATE
        return (
            utterance.speech_end <= decoded_until
            and pcm.startswith(self._pcm[: ahead.size])
            and not guards.speech_went_on(pcm, ahead.size)
        )

    def _waste(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()
            self._recognizer._count(used=False)


def _most_tokens(seconds: float) -> int:
    """Bound a decoder that is stuck: nobody says ten tokens a second for long."""
    return min(200, 30 + int(10 * seconds))


def _is_sound(segment: Any) -> bool:  # noqa: ANN401 # untyped library
    return bool(
        segment.avg_logprob >= _LOWEST_LOG_PROBABILITY
        and segment.compression_ratio <= _HIGHEST_COMPRESSION
    )
