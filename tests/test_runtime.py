"""The one path of an utterance, with stand-in engines."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from assistant.errors import SourceError
from assistant.events import Closed, Decided, Done, Event, Failed, Redacted, Replied, Understood
from assistant.parts import Parts
from assistant.private import Private
from assistant.runtime import Assistant
from assistant.settings import ListenSettings
from assistant.skill import Reply
from assistant.types import (
    FRAME_BYTES,
    AudioFrame,
    Choice,
    Confirm,
    Finding,
    Gap,
    Grant,
    Partial,
    RedactedIntent,
    RedactedTranscript,
    Refusal,
    Transcript,
    Utterance,
    WakeEvent,
)
from pipeline.listen import Listener, ring_for
from pipeline.ports import Verdict

CANARY = "zanzibar"
SOUND = b"\1\0" * (FRAME_BYTES // 2)


class ScriptedWake:
    """Wakes at these frames; where they are `weak`, barely."""

    weak: frozenset[int] = frozenset()

    def __init__(self, *frames: int) -> None:
        self.frames = frames

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        if frame.index not in self.frames:
            return None
        return WakeEvent(frame.end, "alexa", 0.5 if frame.index in self.weak else 0.9)

    def reset(self) -> None: ...


class ScriptedEnd:
    """Closes every utterance after five frames."""

    speech_end: float | None = None

    def open(self, pre_roll: bytes) -> None:
        self.left = 5

    def forget(self) -> None: ...

    def feed(self, frame: AudioFrame, partial: Partial | None) -> Verdict:
        self.left -= 1
        self.speech_end = frame.start
        return "open" if self.left else "silence"


class ScriptedRecognizer:
    """Hears these texts, one an utterance; an exception is raised instead."""

    def __init__(self, *texts: str | Exception, before: Callable[[], object] = bool) -> None:
        self.texts = list(texts)
        self.before = before
        self.abandoned = 0
        self.expected: list[str] = []

    def open(self, expect: str = "command") -> ScriptedRecognizer:
        self.expected.append(expect)
        return self

    def feed(self, pcm: bytes) -> Partial | None:
        return None

    def pause(self) -> None: ...

    def finish(self, utterance: Utterance) -> Transcript:
        self.before()
        text = self.texts.pop(0)
        if isinstance(text, Exception):
            raise text
        return Transcript(utterance.id, Private(text), 0.8)

    def abandon(self) -> None:
        self.abandoned += 1

    def close(self) -> None: ...


class CanaryDetector:
    """Finds the canary word."""

    name = "canary"

    def find(self, transcript: Transcript) -> Sequence[Finding]:
        places = re.finditer(CANARY, transcript.text.reveal())
        return [Finding(*place.span(), "PERSON", 1.0) for place in places]


class FirstWord:
    """The first word is the intent."""

    def parse(self, transcript: RedactedTranscript) -> RedactedIntent | None:
        words = transcript.text.split()
        if not words or words[0] == "chat":
            return None
        slots = {"what": Choice(words[1])} if len(words) > 1 else {}
        return RedactedIntent(transcript.utterance_id, words[0], slots)


class EchoSkills:
    """Answers with the intent; fails at "fail", quoting the speaker."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def handle(self, intent: RedactedIntent, ask: Any = None) -> Reply:
        if intent.name == "fail":
            raise RuntimeError(f"they said {CANARY}")
        self.done.append(intent.name)
        return Reply(f"{intent.name} done")

    def misunderstood(self) -> Reply:
        return Reply("sorry")

    async def run(self, announce: Callable[[Reply], None]) -> None:
        announce(Reply("time is up"))
        await asyncio.Event().wait()


class Recording:
    """A source of these items."""

    def __init__(self, items: Sequence[AudioFrame | Gap], error: Exception | None = None) -> None:
        self.items = items
        self.error = error
        self.closed = threading.Event()

    def frames(self) -> Iterator[AudioFrame | Gap]:
        yield from self.items
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed.set()


class EndlessMicrophone(Recording):
    """Gives its items, then waits until it is closed."""

    def frames(self) -> Iterator[AudioFrame | Gap]:
        yield from self.items
        self.closed.wait()


def sound(frames: int, start: int = 0) -> list[AudioFrame | Gap]:
    return [AudioFrame(index, SOUND) for index in range(start, start + frames)]


def grant_all(intent: RedactedIntent) -> Grant | Confirm | Refusal:
    return {
        "open": Confirm("risky: door"),
        "forbidden": Refusal("never"),
    }.get(intent.name, Grant("local"))


def assistant(
    recognizer: ScriptedRecognizer,
    events: list[Event],
    *wake: int,
    skills: Any = None,
    voice: Any = None,
) -> Assistant:
    listener = Listener(
        wake=ScriptedWake(*wake) if wake else None,
        endpointer=ScriptedEnd(),
        recognizer=recognizer,
        ring=ring_for(ListenSettings()),
    )
    parts = Parts(
        lambda: (CanaryDetector(),), FirstWord(), grant_all, skills or EchoSkills(), voice
    )
    return Assistant(listener, parts, events.append)


async def until(holds: Callable[[], bool]) -> None:
    """Let the others run until this holds."""
    while not holds():  # noqa: ASYNC110  # the events come through a plain list
        await asyncio.sleep(0.01)


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.fields()["event"] for event in events]


def test_an_utterance_is_dealt_with_to_its_end_in_every_event_loop() -> None:
    """An author's test, or the demo, may run one assistant in one loop after the other."""

    class SlowSkills(EchoSkills):
        async def handle(self, *words: Any, **more: Any) -> Reply:
            await asyncio.sleep(0.2)  # longer than the rest of the recording takes
            return await super().handle(*words, **more)

    events: list[Event] = []
    one = assistant(ScriptedRecognizer("lamp on", "lamp off"), events, 3, skills=SlowSkills())
    for _ in range(2):
        asyncio.run(one.replay(Recording(sound(20)), "a.wav"))
    for kind in (Closed, Done):
        assert [event.id for event in events if isinstance(event, kind)] == [1, 2]


async def test_an_utterance_is_heard_redacted_understood_decided_and_answered() -> None:
    events: list[Event] = []
    one = assistant(ScriptedRecognizer(f"call {CANARY}"), events, 3)
    await one.replay(Recording(sound(20)), "a.wav")
    assert kinds(events) == [
        "wake", "utterance", "redacted", "intent", "decision", "reply", "done",
    ]  # fmt: skip
    redacted = next(event for event in events if isinstance(event, Redacted))
    assert redacted.text == "call PERSON_1"
    assert CANARY not in str([event.fields() for event in events])
    assert CANARY not in repr(events)


async def test_a_skill_that_quotes_what_was_private_is_reported_without_it() -> None:
    class Quoting(EchoSkills):
        async def handle(self, intent: RedactedIntent, ask: Any = None) -> Reply:
            return Reply(f"calling PERSON_1, that is {CANARY}")

        async def run(self, announce: Callable[[Reply], None]) -> None:
            announce(Reply(f"{CANARY} is up"))
            await asyncio.Event().wait()

    events: list[Event] = []
    one = assistant(ScriptedRecognizer(f"call {CANARY}"), events, 3, skills=Quoting())
    source = EndlessMicrophone(sound(20))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(one.listen(source))
        await until(lambda: kinds(events).count("reply") == 2)
        source.close()
    replies = {event.text for event in events if isinstance(event, Replied)}
    assert CANARY not in str(replies)
    assert any(reply.startswith("calling PERSON_1, that is PERSON_") for reply in replies)


async def test_the_same_person_keeps_a_placeholder_until_the_recording_ends() -> None:
    events: list[Event] = []
    recognizer = ScriptedRecognizer(f"hello my {CANARY}", f"call {CANARY}", f"call {CANARY}")
    one = assistant(recognizer, events, 3, 13)
    await one.replay(Recording(sound(30)), "a.wav")
    await one.replay(Recording(sound(3)), "b.wav", open_at_once=True)
    heard = [event.text for event in events if isinstance(event, Redacted)]
    assert heard == ["hello my PERSON_1", "call PERSON_1", "call PERSON_1"]


async def test_two_utterances_in_one_recording_come_in_order_and_none_is_dropped() -> None:
    events: list[Event] = []
    texts = [f"word{number}" for number in range(6)]
    one = assistant(ScriptedRecognizer(*texts), events, 3, 13, 23, 33, 43, 53)
    await one.replay(Recording(sound(70)), "a.wav")
    heard = [event.text for event in events if isinstance(event, Redacted)]
    assert heard == texts
    assert [event.id for event in events if isinstance(event, Done)] == [1, 2, 3, 4, 5, 6]


async def test_a_recording_can_be_one_utterance_without_a_wake_word() -> None:
    events: list[Event] = []
    await assistant(ScriptedRecognizer("hello"), events).replay(
        Recording(sound(3)), "a.wav", open_at_once=True
    )
    assert kinds(events)[0] == "utterance"
    assert events[0].fields()["closed_by"] == "end"
    assert events[0].fields()["start"] == 0.0


async def test_a_failed_utterance_never_stops_the_next_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events: list[Event] = []
    recognizer = ScriptedRecognizer(RuntimeError(CANARY), "fail now", "lamp on")
    await assistant(recognizer, events, 3, 13, 23).replay(Recording(sound(40)), "a.wav")
    assert kinds(events).count("error") == 2
    assert [event.text for event in events if isinstance(event, Replied)] == ["lamp done"]
    assert CANARY not in str([event.fields() for event in events])
    assert CANARY not in caplog.text


async def test_words_without_a_meaning_get_an_apology_and_no_words_get_silence() -> None:
    events: list[Event] = []
    one = assistant(ScriptedRecognizer("chat about life", ""), events, 3, 13)
    await one.replay(Recording(sound(30)), "a.wav")
    assert [event.text for event in events if isinstance(event, Replied)] == ["sorry"]
    assert [event.name for event in events if isinstance(event, Understood)] == [None, None]
    assert not any(isinstance(event, Decided) for event in events)


@pytest.mark.parametrize(("text", "effect"), [("open door", "confirm"), ("forbidden", "refuse")])
async def test_what_is_not_granted_is_not_done(text: str, effect: str) -> None:
    events: list[Event] = []
    skills = EchoSkills()
    one = assistant(ScriptedRecognizer(text), events, 3, skills=skills)
    await one.replay(Recording(sound(20)), "a.wav")
    assert [event.effect for event in events if isinstance(event, Decided)] == [effect]
    assert skills.done == []


async def test_an_utterance_across_a_gap_is_dropped() -> None:
    events: list[Event] = []
    items = [*sound(6), Gap(2.0), *sound(20, start=31)]
    await assistant(ScriptedRecognizer("lamp"), events, 3).replay(Recording(items), "a.wav")
    assert kinds(events) == ["wake"]


async def test_a_source_that_fails_says_so_to_its_caller() -> None:
    one = assistant(ScriptedRecognizer(), [], 99)
    with pytest.raises(SourceError, match="unplugged"):
        await one.replay(Recording(sound(2), SourceError("unplugged")), "a.wav")


async def test_a_slow_recognizer_never_stalls_the_ears() -> None:
    events: list[Event] = []
    go_on = threading.Event()
    recognizer = ScriptedRecognizer(*["lamp"] * 6, before=go_on.wait)
    microphone = EndlessMicrophone(sound(70))
    one = assistant(recognizer, events, 3, 13, 23, 33, 43, 53)
    listening = asyncio.create_task(one.listen(microphone))
    async with asyncio.timeout(10):
        # All six wake words are heard while the first utterance is still being recognized.
        await until(lambda: kinds(events).count("wake") == 6)
        assert kinds(events).count("redacted") == 0
        go_on.set()
        await until(lambda: kinds(events).count("done") + recognizer.abandoned == 6)
    microphone.close()
    await listening
    # Two could wait, and one more if its turn had come before; the others were let go of.
    assert 2 <= kinds(events).count("done") <= 3
    assert [event.id for event in events if isinstance(event, Done)][-2:] == [5, 6]


async def test_a_skill_may_speak_on_its_own() -> None:
    events: list[Event] = []
    microphone = EndlessMicrophone(sound(2))
    listening = asyncio.create_task(assistant(ScriptedRecognizer(), events, 99).listen(microphone))
    async with asyncio.timeout(10):
        await until(lambda: bool(events))
    microphone.close()
    await listening
    assert events == [Replied(0, "time is up")]


async def test_a_microphone_that_is_missing_gives_its_one_reason() -> None:
    one = assistant(ScriptedRecognizer(), [], 99)
    with pytest.raises(SourceError, match="unplugged"):
        await one.listen(Recording(sound(2), SourceError("unplugged")))


async def test_cancelling_ends_every_thread() -> None:
    before = threading.active_count()
    microphone = EndlessMicrophone(sound(5))
    listening = asyncio.create_task(assistant(ScriptedRecognizer(), [], 99).listen(microphone))
    await asyncio.sleep(0.05)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert microphone.closed.is_set()
    assert threading.active_count() == before


async def test_listening_once_deals_with_one_utterance_and_closes_the_microphone() -> None:
    events: list[Event] = []
    microphone = EndlessMicrophone(sound(30))
    await assistant(ScriptedRecognizer("lamp", "never"), events).listen_once(microphone)
    assert [event.text for event in events if isinstance(event, Replied)] == ["lamp done"]
    assert microphone.closed.is_set()


def test_failures_name_the_recording() -> None:
    assert Failed("a.wav", "reason").fields() == {
        "event": "error", "audio": "a.wav", "reason": "reason",
    }  # fmt: skip


class QuietSkills(EchoSkills):
    """Never speaks on its own."""

    async def run(self, announce: Callable[[Reply], None]) -> None:
        await asyncio.Event().wait()


class SlowVoice:
    """Speaks until it is let go on, and remembers what it said."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.started = threading.Event()
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)
        self.started.set()
        self.go_on.wait(10)

    def stop(self) -> None:
        self.go_on.set()


class TalkingMicrophone(Recording):
    """Gives frames, and while the assistant speaks, frames with its own voice in them."""

    def __init__(self, voice: SlowVoice) -> None:
        super().__init__([])
        self.voice = voice

    def frames(self) -> Iterator[AudioFrame | Gap]:
        yield from sound(12)
        assert self.voice.started.wait(10)
        # Frame 13 would wake, if our own voice were listened to.
        yield from sound(20, start=12)
        self.voice.go_on.set()
        self.closed.wait(10)


async def test_the_assistant_does_not_hear_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedWake, "weak", frozenset({13}))
    events: list[Event] = []
    voice = SlowVoice()
    recognizer = ScriptedRecognizer("lamp", "lamp")
    one = assistant(recognizer, events, 3, 13, skills=QuietSkills(), voice=voice)
    microphone = TalkingMicrophone(voice)
    listening = asyncio.create_task(one.listen(microphone))
    async with asyncio.timeout(20):
        await until(voice.go_on.is_set)
    microphone.close()
    await listening
    assert kinds(events).count("wake") == 1
    assert voice.said == ["lamp done"]


async def test_a_placeholder_is_said_as_words() -> None:
    from assistant.mouth import _spoken

    assert (
        _spoken("calling PHONE_NUMBER_1 for PERSON_2") == "calling the phone number for the person"
    )
