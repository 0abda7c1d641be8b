"""A risky action waits for a spoken yes; silence and anything else is a no."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr

from assistant.events import Closed, Decided, Event, Replied
from assistant.skill import Reply
from assistant.types import AudioFrame, Finding, Gap, Transcript
from pipeline.answers import yes_or_no
from tests.cli import here
from tests.test_runtime import (
    CanaryDetector,
    EchoSkills,
    Recording,
    ScriptedRecognizer,
    assistant,
    sound,
    until,
)


class Hearing(ScriptedRecognizer):
    """Hears each of these texts with its confidence."""

    def __init__(self, *texts: str, sure: float = 0.8) -> None:
        super().__init__(*texts)
        self._sure = sure

    def finish(self, utterance):  # type: ignore[no-untyped-def]
        return dataclasses.replace(super().finish(utterance), confidence=self._sure)


async def replayed(recognizer: ScriptedRecognizer, frames: int, *wake: int) -> list[Event]:
    events: list[Event] = []
    one = assistant(recognizer, events, *wake)
    await one.replay(Recording(sound(frames)), "a.wav")
    return events


def effects(events: list[Event]) -> list[str]:
    return [event.effect for event in events if isinstance(event, Decided)]


def replies(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Replied)]


async def test_a_risky_action_is_done_after_a_spoken_yes_without_a_wake_word() -> None:
    recognizer = Hearing("open door", "yes please")
    events = await replayed(recognizer, 30, 3)
    assert recognizer.expected[:2] == ["command", "answer"]
    assert effects(events) == ["confirm", "allow"]
    assert replies(events) == ["You said: open door. Shall I do that?", "open done"]
    assert [event.id for event in events if isinstance(event, Closed)] == [1, 2]


@pytest.mark.parametrize("answer", ["no", "perhaps", "", "yes or no", "open door", "yesterday"])
async def test_anything_but_a_plain_yes_is_a_no(answer: str) -> None:
    events = await replayed(Hearing("open door", answer), 30, 3)
    assert effects(events) == ["confirm"]
    assert replies(events)[-1] == "Then I leave it."


async def test_a_yes_that_was_badly_heard_is_no_yes() -> None:
    events = await replayed(Hearing("open door", "yes", sure=0.3), 30, 3)
    assert effects(events) == ["confirm"]


async def test_the_end_of_the_recording_is_a_no() -> None:
    events = await replayed(Hearing("open door"), 9, 3)
    assert effects(events) == ["confirm"]
    assert replies(events)[-1] == "Then I leave it."


async def test_an_answer_that_is_none_does_not_take_the_next_command() -> None:
    events = await replayed(Hearing("open door", "no", "lamp on"), 40, 3, 20)
    assert effects(events) == ["confirm", "allow"]
    assert replies(events)[-1] == "lamp done"


async def test_silence_is_a_no_and_the_wake_word_works_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.test_runtime import ScriptedEnd

    class SilentSecond(ScriptedEnd):
        opened = 0

        def open(self, pre_roll: bytes) -> None:
            super().open(pre_roll)
            self.opened += 1

        def feed(self, frame, partial):  # type: ignore[no-untyped-def]
            verdict = super().feed(frame, partial)
            return "no_speech" if self.opened == 2 and verdict == "silence" else verdict

    monkeypatch.setattr("tests.test_runtime.ScriptedEnd", SilentSecond)
    events = await replayed(Hearing("open door", "lamp on"), 40, 3, 20)
    assert effects(events) == ["confirm", "allow"]
    assert replies(events)[1:] == ["Then I leave it.", "lamp done"]


class PatientMicrophone(Recording):
    """Gives two commands at once, and goes on when a question was asked."""

    def __init__(self, asked: threading.Event) -> None:
        super().__init__(sound(60))
        self.said = threading.Event()
        """Set once both are heard to their end."""
        self._asked = asked

    def frames(self) -> Iterator[AudioFrame | Gap]:
        yield from self.items[:25]
        self.said.set()
        self._asked.wait(10)
        yield from self.items[25:]
        self.closed.wait(10)


async def test_what_was_said_before_the_question_is_a_command_and_no_answer_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[Event] = []
    asked = threading.Event()
    microphone = PatientMicrophone(asked)
    find = CanaryDetector.find

    def when_both_are_said(self: CanaryDetector, transcript: Transcript) -> Sequence[Finding]:
        microphone.said.wait(10)
        return find(self, transcript)

    monkeypatch.setattr(CanaryDetector, "find", when_both_are_said)
    skills = EchoSkills()
    recognizer = Hearing("open door", "yes", "lamp on")
    one = assistant(recognizer, events, 3, 13, skills=skills)
    async with asyncio.timeout(20):
        listening = asyncio.create_task(one.listen(microphone))
        await until(lambda: "You said: open door. Shall I do that?" in replies(events))
        await asyncio.sleep(0)
        asked.set()
        await until(lambda: "lamp" in skills.done)
        microphone.close()
        await listening
    assert skills.done == ["open", "lamp"]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("yes", True),
        ("Um, yes please.", True),
        ("No!", False),
        ("never mind", False),
        ("yes no", None),
        ("", None),
        ("is it yes", None),
    ],
)
def test_only_plain_answers_count(said: str, means: bool | None) -> None:
    assert yes_or_no(said) is means


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng speaks the answer")
@pytest.mark.parametrize(
    ("answer", "done"), [("yes please", ["confirm", "allow"]), ("no", ["confirm"])]
)
def test_a_spoken_answer_is_really_heard(
    tmp_path: Path, recordings: Path, answer: str, done: list[str]
) -> None:
    spoken = tmp_path / "answer.wav"
    subprocess.run(["espeak-ng", "-s", "140", "-w", spoken, answer], check=True)
    sound, rate = sf.read(spoken, dtype="float32")
    command, _ = sf.read(recordings / "alexa_unlock.flac", dtype="float32")
    quiet = np.zeros(12_000, np.float32)
    both = np.concatenate((command, quiet, 0.5 * soxr.resample(sound, rate, 16_000), quiet))
    noise = np.random.default_rng(1).normal(0, 3e-4, len(both)).astype(np.float32)
    sf.write(tmp_path / "both.wav", both + noise, 16_000)
    ran = here("replay", "--json", "--state", tmp_path / "state", tmp_path / "both.wav")
    assert [event["effect"] for event in ran.of("decision")] == done


async def test_a_skill_asks_and_gets_the_answer_that_it_expects() -> None:
    got: list[str | None] = []

    class Asking(EchoSkills):
        async def handle(self, intent, ask=None):  # type: ignore[no-untyped-def]
            got.append(await ask("Red or blue?", ("red", "blue"), 8.0))
            return Reply("painted")

    events: list[Event] = []
    recognizer = Hearing("paint wall", "the blue one please")
    one = assistant(recognizer, events, 3, skills=Asking())
    await one.replay(Recording(sound(30)), "a.wav")
    assert got == ["blue"]
    assert replies(events) == ["Red or blue?", "painted"]
    assert recognizer.expected[1] == "command"
