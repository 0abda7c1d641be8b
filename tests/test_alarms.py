"""Alarms: when they ring, how long, and what survives a restart."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skill import Intent, Reply
from assistant.types import RedactedIntent, RedactedTranscript
from pipeline.intents import IntentParser
from pipeline.sentences import built_in
from pipeline.things import load_things
from plugins import alarms as alarm_module
from plugins.alarms import MOST_ALARMS, RING_FOR, Alarm, Alarms
from plugins.builtin import make_host
from tests.shelf import FileShelf

THINGS = load_things(None)
EVENING = datetime(2026, 5, 20, 21, 30)
"""A Wednesday."""


@pytest.fixture(scope="module")
def parser() -> IntentParser:
    return IntentParser(built_in(), THINGS)


@pytest.fixture
def meant(parser):
    def meant(text: str) -> Intent:
        intent = parser.parse(RedactedTranscript(1, text, (), 1.0))
        assert intent is not None, text
        return Intent(intent.name, intent.slots, intent.response)

    return meant


@pytest.fixture
def say(meant):
    def say(skill, asking=None):
        async def one(text: str) -> str:
            said = meant(text)
            intent = Intent(said.name, said.slots, said.response, asking=asking)
            return (await skill.handlers[said.name](intent)).text

        return one

    return say


class Clock:
    """A local time that moves when told to."""

    def __init__(self, now: datetime = EVENING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("set an alarm for seven", "2026-05-21 07:00"),
        ("set an alarm for ten", "2026-05-20 22:00"),
        ("wake me up at ten", "2026-05-21 10:00"),
        ("set an alarm for seven oh five", "2026-05-21 07:05"),
        ("set an alarm for 7:30 pm", "2026-05-21 19:30"),
        ("set an alarm for 22:15", "2026-05-20 22:15"),
        ("wake me at quarter to eight", "2026-05-21 07:45"),
        ("set an alarm for half past nine", "2026-05-21 09:30"),
        ("set an alarm for ten to one", "2026-05-21 00:50"),
        ("set an alarm for noon", "2026-05-21 12:00"),
        ("set an alarm for midnight", "2026-05-21 00:00"),
        ("set an alarm for twelve tomorrow", "2026-05-21 12:00"),
        ("set an alarm for monday at eight", "2026-05-25 08:00"),
        ("set an alarm for wednesday at eight", "2026-05-27 08:00"),
        ("set an alarm for eleven today", "2026-05-20 23:00"),
        ("wake me up tomorrow at five pm", "2026-05-21 17:00"),
    ],
)
async def test_an_alarm_is_at_the_next_moment_that_fits(say, text, at):
    alarms = Alarms(Clock())
    await say(alarms.skill)(text)
    (alarm,) = alarms.alarms
    assert f"{alarm.at:%Y-%m-%d %H:%M}" == at


@given(st.integers(0, 23), st.integers(0, 59), st.datetimes(datetime(2020, 1, 1), EVENING))
def test_an_alarm_without_a_day_is_within_a_day_and_never_past(hour, minute, now):
    intent = Intent.of("SetAlarm", hour=hour, minute=minute)
    at = alarm_module.moment(intent, now)
    assert timedelta(0) < at - now <= timedelta(days=1)
    assert at.minute == minute
    assert at.hour % 12 == hour % 12


async def test_alarms_are_set_listed_and_cancelled(say):
    alarms = Alarms(Clock())
    one = say(alarms.skill)
    for text, answer in (
        ("what alarms do i have", "There are no alarms."),
        (
            "set an alarm for seven",
            "Alarm set for 7:00 AM tomorrow, in 9 hours and 30 minutes.",
        ),
        ("set an alarm for seven", "There is an alarm at 7:00 AM tomorrow already."),
        (
            "set an alarm called pasta for ten pm",
            "pasta alarm set for 10:00 PM today, in 30 minutes.",
        ),
        (
            "what alarms do i have",
            "There are alarms: pasta at 10:00 PM today and 7:00 AM tomorrow.",
        ),
        ("cancel my alarm", "There are 2 alarms like that. Say which one."),
        ("cancel the alarm called pasta", "The alarm at 10:00 PM today is cancelled."),
        ("cancel the six o'clock alarm", "There is no such alarm."),
        ("cancel all alarms", "1 alarm cancelled."),
        ("set an alarm for 9 am today", "That time is past."),
        ("stop the alarm", "Nothing is ringing."),
        ("snooze", "Nothing is ringing."),
    ):
        assert await one(text) == answer, text


async def test_of_two_alarms_the_one_that_is_answered_is_cancelled(say):
    alarms = Alarms(Clock())
    questions = []

    async def ask(text, expect, seconds):
        questions.append(text)
        return expect[1]

    one = say(alarms.skill, ask)
    await one("set an alarm for seven")
    await one("set an alarm for eight")
    assert await one("cancel my alarm") == "The alarm at 8:00 AM tomorrow is cancelled."
    assert questions == ["Which one: 7:00 AM tomorrow and 8:00 AM tomorrow?"]
    assert len(alarms.alarms) == 1


async def test_there_is_a_most_of_alarms(say):
    alarms = Alarms(Clock())
    alarms._keep([Alarm(EVENING + timedelta(minutes=i)) for i in range(MOST_ALARMS)])
    assert await say(alarms.skill)("set an alarm for nine") == (
        "There are too many alarms already."
    )


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(alarm_module, "RING_EVERY", 0.001)
    monkeypatch.setattr(alarm_module, "LOOK_EVERY", 0.001)


async def heard(alarms: Alarms, until: int) -> list[str]:
    """What is announced until there were so many."""
    said: list[str] = []
    enough = asyncio.Event()

    def announce(reply: Reply) -> None:
        said.append(reply.text)
        if len(said) >= until:
            enough.set()

    task = asyncio.create_task(alarms.run(announce))
    await asyncio.wait_for(enough.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return said


async def test_an_alarm_rings_until_it_is_stopped(fast, say):
    clock = Clock()
    alarms = Alarms(clock)
    await say(alarms.skill)("set an alarm called pasta for ten")
    clock.now = datetime(2026, 5, 20, 22, 0, 1)
    said = await heard(alarms, 3)
    assert set(said) == {"pasta: it is 10:00 PM."}
    assert alarms.ringing
    assert await say(alarms.skill)("stop the alarm") == "Stopped."
    assert not alarms.ringing
    assert alarms.alarms == ()


async def test_a_bare_stop_means_the_alarm_while_one_rings(fast, monkeypatch):
    clock = Clock()
    alarms = Alarms(clock)
    alarms._keep([Alarm(EVENING)])
    monkeypatch.setattr("plugins.builtin.Alarms", lambda shelf: alarms)
    host = make_host(THINGS, built_in())
    await heard(alarms, 1)
    stop = RedactedIntent(1, "HassMediaPause", {})
    assert await host.handle(stop) == Reply("Stopped.")
    assert await host.handle(stop) != Reply("Stopped.")


async def test_nobody_who_does_not_wake_is_rung_at_for_ever(fast):
    clock = Clock()
    alarms = Alarms(clock)
    alarms._keep([Alarm(EVENING)])
    await heard(alarms, 2)
    clock.now += RING_FOR
    assert await heard(alarms, 1) == ["You missed the alarm at 9:30 PM."]
    assert not alarms.ringing


async def test_a_ringing_alarm_snoozes(fast, say):
    clock = Clock()
    alarms = Alarms(clock)
    alarms._keep([Alarm(EVENING, "pasta")])
    await heard(alarms, 1)
    assert await say(alarms.skill)("snooze for ten minutes") == "I ring again in 10 minutes."
    assert alarms.alarms == (Alarm(EVENING + timedelta(minutes=10), "pasta"),)


async def test_alarms_survive_a_restart(tmp_path, say):
    shelf = FileShelf(tmp_path / "alarms.json")
    before = Alarms(Clock(), shelf)
    await say(before.skill)("set an alarm called pasta for ten")
    assert Alarms(Clock(), shelf).alarms == before.alarms
    assert (tmp_path / "alarms.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"at": "soon", "name": null}]', "null"])
def test_damaged_alarms_are_given_up_and_said(tmp_path, caplog, text):
    (tmp_path / "alarms.json").write_text(text)
    with caplog.at_level(logging.ERROR):
        assert Alarms(Clock(), FileShelf(tmp_path / "alarms.json")).alarms == ()
    assert "the saved alarms can't be read" in caplog.text
