"""Our own voice into our own microphone: it does not wake us, somebody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.events import Event, Woken
from assistant.parts import Parts
from assistant.runtime import Assistant
from assistant.settings import ListenSettings, WakeSettings
from assistant.skill import Reply
from pipeline.engines.espeak import EspeakVoice
from pipeline.engines.wake import wake_detector
from pipeline.listen import Listener, ring_for
from pipeline.sources.microphone import Microphone
from tests.test_runtime import (
    CanaryDetector,
    FirstWord,
    QuietSkills,
    ScriptedEnd,
    ScriptedRecognizer,
    grant_all,
    until,
)

pytestmark = pytest.mark.mic


class Announcing(QuietSkills):
    """Lets the test speak for it."""

    announce: Callable[[Reply], None] | None = None

    async def run(self, announce: Callable[[Reply], None]) -> None:
        self.announce = announce
        await asyncio.Event().wait()


async def test_it_says_the_wake_word_aloud_and_is_not_woken(pulse, recordings: Path) -> None:  # type: ignore[no-untyped-def]
    woken: list[Woken] = []

    def report(event: Event) -> None:
        if isinstance(event, Woken):
            woken.append(event)

    listener = Listener(
        wake=wake_detector(WakeSettings()),
        endpointer=ScriptedEnd(),
        recognizer=ScriptedRecognizer(*["chat"] * 9),
        ring=ring_for(ListenSettings()),
    )
    skills, voice = Announcing(), EspeakVoice(160)
    parts = Parts(
        lambda: (CanaryDetector(),), FirstWord(), grant_all, skills, voice, wake_phrases=("alexa",)
    )
    one = Assistant(listener, parts, report)
    microphone = Microphone(None)
    async with asyncio.timeout(60):
        listening = asyncio.create_task(one.listen(microphone))
        await until(lambda: skills.announce is not None)
        assert skills.announce is not None
        for text in ("You said: Alexa. Shall I do that?", "Alexa, stop.", "Stopped."):
            skills.announce(Reply(text))
            await until(one._mouth.busy.is_set)
            await until(lambda: not one._mouth.busy.is_set())
        assert woken == []
        await asyncio.to_thread(pulse.play, recordings / "alexa_light_on.flac")
        await until(lambda: bool(woken))
        microphone.close()
        await listening
