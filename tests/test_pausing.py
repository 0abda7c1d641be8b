"""Nobody is heard for a while, over a restart too, and somebody who says so is heard again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from assistant.agreed import Agreed
from assistant.agreement import Agreement
from assistant.commands import hush, listen_again
from assistant.commands.control import Control
from assistant.events import Event
from assistant.parts import Parts
from assistant.pausing import AGAIN, NAME, Pause
from assistant.runtime import Assistant
from assistant.settings import ListenSettings
from assistant.skill import Intent, Reply
from assistant.types import AudioFrame, Gap, RedactedTranscript
from pipeline.intents import IntentParser
from pipeline.listen import Listener, ring_for
from pipeline.ring import Ring
from pipeline.sentences import built_in
from pipeline.things import load_things
from plugins.privacy import AGAIN as HOW
from plugins.privacy import privacy_skill
from policies.load import Policies
from tests.cli import here
from tests.test_runtime import (
    CanaryDetector,
    EchoSkills,
    FirstWord,
    Recording,
    ScriptedEnd,
    ScriptedRecognizer,
    ScriptedWake,
    grant_all,
    kinds,
    sound,
)

EVENING = datetime(2026, 5, 20, 21, 30)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_it_ends_when_its_time_is_over_and_survives_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    pause = Pause(tmp_path, clock)
    assert not pause.is_on()
    pause.pause(3600)
    assert pause.is_on()
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0
    clock.now += 3599
    again = Pause(tmp_path, clock)
    assert again.is_on()
    clock.now += 2
    assert not again.is_on()
    assert not (tmp_path / NAME).exists()
    assert not Pause(tmp_path, clock).is_on()


def test_until_told_lasts_until_somebody_says_so(tmp_path: Path) -> None:
    clock = Clock()
    Pause(tmp_path, clock).pause(None)
    clock.now += 10**8
    pause = Pause(tmp_path, clock)
    assert pause.is_on()
    assert pause.end()
    assert not pause.end()
    assert not Pause(tmp_path, clock).is_on()


@pytest.mark.parametrize("content", [b"nonsense", b"nan", b"\xff", b"9" * 65])
def test_a_file_that_can_not_be_read_keeps_it_deaf_and_is_said(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NAME).write_bytes(content)
    (tmp_path / NAME).chmod(0o600)
    pause = Pause(tmp_path, Clock())
    assert pause.is_on()
    assert "listen-again" in caplog.text
    assert pause.end()


def test_a_clock_that_was_set_back_makes_it_no_longer_than_it_could_be_asked_for(
    tmp_path: Path,
) -> None:
    clock = Clock()
    Pause(tmp_path, clock).pause(3600)
    clock.now -= 10**7
    pause = Pause(tmp_path, clock)
    clock.now += 48 * 3600 + 1
    assert not pause.is_on()


async def test_it_says_when_it_listens_again(tmp_path: Path) -> None:
    said: asyncio.Queue[Reply] = asyncio.Queue()
    pause = Pause(tmp_path)
    pause.pause(3600)
    running = asyncio.create_task(pause.run(said.put_nowait))
    await asyncio.to_thread(pause.end)
    async with asyncio.timeout(10):
        assert await said.get() == Reply(AGAIN)
    running.cancel()


class Pausing(Recording):
    """Stops the ear after its first frames."""

    def __init__(self, pause: Pause, ring: Ring) -> None:
        super().__init__([])
        self.pause = pause
        self.ring = ring
        self.held: list[int] = []

    def frames(self) -> Iterator[AudioFrame | Gap]:
        yield from sound(8)
        self.held.append(len(self.ring))
        self.pause.pause(60)
        for frame in sound(30, start=8):
            yield frame
            self.held.append(len(self.ring))
        self.pause.end()
        yield from sound(30, start=38)


async def test_the_ear_is_stopped_before_the_ring_buffer_which_is_wiped(tmp_path: Path) -> None:
    events: list[Event] = []
    pause = Pause(tmp_path)
    ring = ring_for(ListenSettings())
    write = ring.write

    def watched_write(pcm: bytes) -> None:
        assert not pause.is_on(), "sound came into the ring while nobody may be heard"
        write(pcm)

    ring.write = watched_write  # type: ignore[method-assign]
    listener = Listener(
        wake=ScriptedWake(20, 41),
        endpointer=ScriptedEnd(),
        recognizer=ScriptedRecognizer("lamp"),
        ring=ring,
    )
    agreement = Agreement(Agreed(Policies()), pause=pause)
    parts = Parts(
        lambda: (CanaryDetector(),), FirstWord(), grant_all, EchoSkills(),
        is_stopped=agreement.is_stopped,
    )  # fmt: skip
    microphone = Pausing(pause, ring)
    await Assistant(listener, parts, events.append).replay(microphone, "a.wav")
    assert microphone.held[0] > 0
    assert set(microphone.held[1:]) == {0}
    assert kinds(events).count("wake") == 1
    assert not agreement.is_stopped("replies")


@pytest.fixture(scope="module")
def parser() -> IntentParser:
    return IntentParser(built_in(), load_things(None))


@pytest.mark.parametrize(
    ("text", "seconds", "reply"),
    [
        ("stop listening for an hour", 3600.0, "I stop listening for 1 hour."),
        ("stop listening until ten pm", 1800.0, "I stop listening until 10:00 PM today."),
        (
            "stop listening until half past seven tomorrow morning",
            10 * 3600.0,
            "I stop listening until 7:30 AM tomorrow.",
        ),
        ("stop listening until I tell you", None, f"I stop listening. {HOW}"),
        ("stop listening until I unmute you", None, f"I stop listening. {HOW}"),
    ],
)
async def test_it_is_said_in_words(
    parser: IntentParser, tmp_path: Path, text: str, seconds: float | None, reply: str
) -> None:
    class Ear:
        wanted: tuple[float | None, ...] = ()

        def pause(self, seconds: float | None) -> None:
            self.wanted = (seconds,)

        async def run(self, announce: object) -> None: ...

    ear = Ear()
    intent = parser.parse(RedactedTranscript(1, text, (), 1.0))
    assert intent is not None
    assert intent.name == "StopListening"
    skill = privacy_skill(None, ear, lambda: EVENING)
    answer = await skill.handlers["StopListening"](
        Intent(intent.name, intent.slots, intent.response)
    )
    assert answer.text == reply
    assert ear.wanted == (seconds,)


def test_the_command_tells_the_daemon_or_the_next_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    pause = Pause(tmp_path)
    pause.pause(None)
    asked = here("listen-again", "--state", tmp_path)
    assert (asked.status, asked.out) == (0, "the next `sotto run` listens\n")
    assert here("listen-again", "--state", tmp_path).out == "nothing was stopped\n"
    hushed: list[str] = []

    def answer(request):  # type: ignore[no-untyped-def]
        if request["command"] == "hush":
            return hush.answer(lambda: not hushed.append("hush"), request)
        return listen_again.answer(pause, request)

    with Control(tmp_path, partial(answer)):
        pause.pause(None)
        assert here("listen-again", "--state", tmp_path).out == "listening again\n"
        assert not pause.is_on()
        assert here("listen-again", "--state", tmp_path).out == "it was listening already\n"
        assert here("hush", "--state", tmp_path).out == "hushed\n"
    assert hushed == ["hush"]
    asked = here("hush", "--state", tmp_path)
    assert asked.status == 2
    assert "no `sotto run` speaks here" in asked.err
