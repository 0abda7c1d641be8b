"""What `sotto wyoming` serves with: the assistant's own parts, made from the same settings."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

from assistant import build, memory
from assistant.agreed import Agreed
from assistant.agreement import Agreement
from assistant.errors import SettingsError
from assistant.following import household_told
from assistant.settings import Settings
from assistant.types import RedactedTranscript, Transcript
from pipeline.dictation import Dictation
from pipeline.endpoint import SpeechEndpointer
from pipeline.engines.silero_vad import SileroSpeech
from pipeline.engines.wake import wake_detector
from pipeline.engines.webrtc_vad import WebrtcSpeech
from pipeline.ports import WakeDetector
from pipeline.redactor import redact_utterance
from pipeline.worker import Worker
from plugins.wyoming.asr import Asr
from plugins.wyoming.intent import Intents
from plugins.wyoming.make import Kind
from plugins.wyoming.satellite import Satellite
from plugins.wyoming.server import Service
from plugins.wyoming.wake import Wake


class Serving:
    """Makes each service that is asked for; what two of them share is made once.

    Each has a worker of its own, so that wake words are heard while a text is sought.
    """

    def __init__(
        self, settings: Settings, agreed: Agreed, state: Path, stack: contextlib.ExitStack
    ) -> None:
        """`stack` ends the workers."""
        self._settings = settings
        self._agreed = agreed
        self._state = state
        self._stack = stack
        self._made: build.Mind | None = None

    def services(self, wanted: Iterable[Kind]) -> dict[Kind, Service]:
        """Make them. Raises ModelError, SentencesError or SettingsError where one can't be."""
        makers: dict[Kind, Callable[[], Service]] = {
            "wake": self._wake,
            "asr": self._asr,
            "intent": self._intent,
            "satellite": self._satellite,
        }
        services = {kind: makers[kind]() for kind in wanted}
        memory.settle()
        return services

    def _asr(self) -> Asr:
        settings, mind = self._settings, self._mind()
        recognizer = build.recognizer(settings, mind, self._state)
        self._stack.callback(recognizer.close)

        def dictation(number: int) -> Dictation:
            endpointer = SpeechEndpointer(settings.listen, WebrtcSpeech(), SileroSpeech())
            return Dictation(recognizer, endpointer, settings.listen.longest, number)

        return Asr(
            dictation,
            partial(_redact, mind),
            partial(self._agreed.release_audio, settings.wyoming.destination),
            lambda: self._agreed.is_stopped("sharing") or self._agreed.is_stopped("listening"),
            self._worker("asr"),
            self._program("asr"),
        )

    def _wake(self) -> Wake:
        settings = self._settings

        def detector() -> WakeDetector:
            made = wake_detector(settings.wake)
            if made is None:
                raise SettingsError("wyoming.wake: there are no wake words (wake.engine is none)")
            return made

        return Wake(
            detector,
            self._phrases,
            partial(self._agreed.is_stopped, "listening"),
            self._worker("wake"),
            self._program("wake"),
        )

    def _intent(self) -> Intents:
        mind = self._mind()
        return Intents(
            partial(_redact, mind),
            mind.parts.parser,
            mind.parts.decide,
            partial(self._agreed.is_stopped, "sharing"),
            self._worker("intent"),
            self._program("intent"),
        )

    def _satellite(self) -> Satellite:
        settings = self._settings
        return Satellite(
            settings.wyoming.satellite_for,
            partial(self._agreed.release_audio, settings.wyoming.destination),
            self._program("satellite"),
            settings.home.area,
            self._phrases,
        )

    @property
    def beside(self) -> AbstractAsyncContextManager[object]:
        """What follows the house, and what may be said in it, while it is entered."""
        return contextlib.nullcontext() if self._made is None else self._made.parts.outside

    def _mind(self) -> build.Mind:
        if self._made is None:
            home_of = partial(household_told, self._settings, self._state)
            under = Agreement(self._agreed)
            self._made = build.mind(self._settings, None, under, home_of=home_of)
        return self._made

    def _worker(self, name: str) -> Worker:
        """A thread with room for every peer's call, and for what it lets go of as it leaves."""
        return self._stack.enter_context(Worker(name, waiting=4 * self._settings.wyoming.clients))

    def _program(self, kind: str) -> str:
        return f"{self._settings.wyoming.name} {kind}"

    @property
    def _phrases(self) -> list[str]:
        return [phrase.phrase for phrase in self._settings.wake.phrases]


def _redact(mind: build.Mind, transcript: Transcript) -> RedactedTranscript:
    """What a peer said, redacted by itself; the originals are forgotten."""
    redacted, originals = redact_utterance(
        mind.parts.detectors(), transcript, needs=mind.parts.needs
    )
    originals.forget()
    return redacted
