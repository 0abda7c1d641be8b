"""Somebody speaks to us while we speak: we fall silent, and hear them and not ourselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from assistant.events import Event, Replied
from assistant.mouth import Mouth
from assistant.parts import Parts
from assistant.runtime import Assistant
from assistant.settings import ListenSettings
from assistant.skill import Reply
from assistant.types import AudioFrame, Gap, RedactedIntent
from pipeline.intents import IntentParser
from pipeline.listen import Listener, ring_for
from pipeline.sentences import built_in
from pipeline.things import load_things
from pipeline.worker import Worker
from plugins.builtin import make_host
from plugins.hushing import Hush
from tests.test_runtime import (
    CanaryDetector,
    FirstWord,
    QuietSkills,
    Recording,
    ScriptedEnd,
    ScriptedRecognizer,
    ScriptedWake,
    SlowVoice,
    grant_all,
    kinds,
    sound,
    until,
)


class Talker(Recording):
    """Says a first command; then, while we speak, what is to be heard over us; then the rest."""

    def __init__(self, started: threading.Event, over: int = 20) -> None:
        super().__init__([])
        self.started = started
        self.over = over
        self.quiet = threading.Event()

    def frames(self) -> Iterator[AudioFrame | Gap]:
        yield from sound(12)
        assert self.started.wait(10)
        yield from sound(self.over, start=12)
        self.quiet.set()
        self.closed.wait(10)


def made(
    recognizer: ScriptedRecognizer,
    events: list[Event],
    *wake: int,
    voice: SlowVoice,
    hush: Callable[[], bool] = bool,
    reply: str = "",
) -> Assistant:
    listener = Listener(
        wake=ScriptedWake(*wake),
        endpointer=ScriptedEnd(),
        recognizer=recognizer,
        ring=ring_for(ListenSettings()),
    )

    class Skills(QuietSkills):
        async def handle(self, intent: RedactedIntent, ask=None) -> Reply:  # type: ignore[no-untyped-def]
            answer = await super().handle(intent)
            return Reply(reply) if reply and len(self.done) == 1 else answer

    parts = Parts(
        lambda: (CanaryDetector(),), FirstWord(), grant_all, Skills(), voice, hush=hush,
        wake_phrases=("hey_jarvis", "alexa"),
    )  # fmt: skip
    return Assistant(listener, parts, events.append)


async def heard(
    one: Assistant, talker: Talker, voice: SlowVoice, holds: Callable[[], bool]
) -> None:
    async with asyncio.timeout(20):
        listening = asyncio.create_task(one.listen(talker))
        await until(holds)
        voice.go_on.set()
        talker.close()
        await listening


async def test_a_wake_word_while_it_speaks_silences_it_and_begins_a_command() -> None:
    events: list[Event] = []
    voice, rung = SlowVoice(), threading.Event()
    stopped: list[str] = []
    voice.stop = lambda: (stopped.append("stop"), voice.go_on.set())  # type: ignore[assignment]

    def hush() -> bool:
        rung.set()
        return True

    one = made(ScriptedRecognizer("lamp", "stop"), events, 3, 16, voice=voice, hush=hush)
    await heard(one, Talker(voice.started), voice, lambda: kinds(events).count("done") == 2)
    assert stopped
    assert rung.is_set(), "what rings was not ended"
    replies = [event.text for event in events if isinstance(event, Replied)]
    assert replies == ["lamp done", "stop done"]


@pytest.mark.parametrize("reply", ["You said: alexa.", "Hey, Jarvis is my name."])
async def test_it_is_deaf_while_it_says_a_wake_word_itself(reply: str) -> None:
    events: list[Event] = []
    voice = SlowVoice()
    one = made(ScriptedRecognizer("lamp", "stop"), events, 3, 16, voice=voice, reply=reply)
    talker = Talker(voice.started)
    await heard(one, talker, voice, talker.quiet.is_set)
    assert kinds(events).count("wake") == 1


async def test_a_wake_word_that_is_barely_heard_does_not_silence_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ScriptedWake, "weak", frozenset({16}))
    events: list[Event] = []
    voice = SlowVoice()
    one = made(ScriptedRecognizer("lamp", "stop"), events, 3, 16, voice=voice)
    talker = Talker(voice.started)
    await heard(one, talker, voice, talker.quiet.is_set)
    assert kinds(events).count("wake") == 1
    assert voice.said == ["lamp done"]


async def test_a_button_silences_it_and_what_was_still_to_be_said() -> None:
    voice = SlowVoice()
    mouth = Mouth(voice)
    with Worker("voice") as worker:
        first = asyncio.create_task(mouth.say(Reply("one"), worker))
        second = asyncio.create_task(mouth.say(Reply("two"), worker))
        async with asyncio.timeout(10):
            await until(voice.started.is_set)
            await asyncio.to_thread(mouth.hush)
            await asyncio.gather(first, second)
            await mouth.say(Reply("three"), worker)
    assert voice.said == ["one", "three"]
    assert Mouth(None).hush() is False


async def test_a_stop_after_a_wake_word_that_ended_the_ringing_is_answered_by_silence() -> None:
    now = [100.0]
    rings = [True]

    def stop() -> bool:
        was, rings[0] = rings[0], False
        return was

    hush = Hush((stop,), lambda: now[0])
    assert hush()
    assert hush.was_lately
    now[0] += 11
    assert not hush.was_lately
    assert not hush()
    host = make_host(load_things(None), built_in())
    wanted = RedactedIntent(1, "StopRinging", {})
    assert (await host.handle(wanted)).text == "Nothing is ringing."
    assert not host.hush()
    assert (await host.handle(wanted)).text == ""


def test_bare_stop_is_an_intent_that_ends_what_rings() -> None:
    from assistant.types import RedactedTranscript

    parsed = IntentParser(built_in(), load_things(None)).parse(
        RedactedTranscript(1, "stop", (), 1.0)
    )
    assert parsed is not None
    assert parsed.name in {"StopRinging", "HassMediaPause", "HassCancelTimer"}
