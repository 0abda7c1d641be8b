"""Utterances that Home Assistant's pipeline deals with instead of ours."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from assistant.agreement import Agreement
from assistant.errors import AssistantError, VoiceError
from assistant.parts import Parts
from assistant.settings import Settings
from assistant.types import SAMPLE_RATE, AudioRelease, Refusal
from pipeline.engines.speech import Speech
from pipeline.ports import Recognizer
from plugins.wyoming.handover import HandingOver, Handover
from plugins.wyoming.meeting import SATELLITE, listener, place
from policies.model import Stop
from storage.entry import Entry
from storage.outbox import released_since

log = logging.getLogger(__name__)


class Away:
    """The line to `sotto wyoming`, for as long as the assistant lives."""

    def __init__(self, settings: Settings, under: Agreement, state: Path) -> None:
        """Begin to look for it."""
        self._settings = settings
        self._under = under
        self._line = Handover(
            place(settings.wyoming, state, SATELLITE), _player(settings), user=listener()
        )

    def recognizer(self, own: Recognizer) -> Recognizer:
        """Our own, and in its place the peer's where the policy releases the sound."""
        phrases = [phrase.phrase for phrase in self._settings.wake.phrases]
        return HandingOver(
            own,
            self._line,
            self._may_hear,
            phrases[0] if len(phrases) == 1 else None,
            self._sent_today(),
        )

    def _sent_today(self) -> int:
        """How much the peer got before this process began, as the audit log says."""
        if self._under.store is None or self._under.state is None:
            return 0
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            sent = released_since(self._under.state, midnight.timestamp())
        except AssistantError as error:  # nothing goes out: nothing can be noted either
            log.error("audit: %s", error)
            return 0
        return sent[self._settings.wyoming.destination]

    def _may_hear(self, sent_today: int) -> AudioRelease | Refusal | None:
        """Decide; what may go out is told to the audit log first, or does not go out."""
        decision = self._under.agreed.release_audio(self._settings.wyoming.destination, sent_today)
        store = self._under.store
        if store is None or isinstance(decision, Refusal):
            return decision
        entry = Entry(
            "release", store.clock.now(), destination=decision.destination, intent="sound",
            category="audio", consent=decision.consent, rule=decision.rule,
        )  # fmt: skip
        try:
            store.audit.append(entry)
        except AssistantError as error:
            log.error("audit: %s", error)
            return None
        return decision

    def parts(self, parts: Parts) -> Parts:
        """The same, deaf while a peer's reply is heard."""

        def is_stopped(what: Stop) -> bool:
            return (what == "listening" and self._line.is_speaking.is_set()) or parts.is_stopped(
                what
            )

        return dataclasses.replace(parts, is_stopped=is_stopped)


def away(settings: Settings, under: Agreement, state: Path) -> Away | None:
    """Make it where the settings have a satellite."""
    return Away(settings, under, state) if settings.wyoming.satellite is not None else None


def _player(settings: Settings) -> Callable[[bytes], None] | None:
    if settings.voice.engine == "none":
        return None
    try:
        speech = Speech("a reply", (), lambda output: (output, SAMPLE_RATE))
    except VoiceError:
        return None
    return partial(speech.play, rate=SAMPLE_RATE)
