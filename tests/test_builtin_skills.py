"""Alarms, sums, units, dates, the volume, and what was heard: from words to reply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skill import Intent
from assistant.types import Number, RedactedIntent, RedactedTranscript
from pipeline.engines.speech import softened
from pipeline.intents import IntentParser
from pipeline.sentences import built_in
from pipeline.things import load_things
from plugins.builtin import make_host
from plugins.calculator import calculator_skill, root
from plugins.dates import dates_skill, easter
from plugins.loudness import volume_skill
from plugins.powers import Forgotten, Powers, Today
from plugins.privacy import privacy_skill
from plugins.units import UNITS, convert
from plugins.wording import number

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


async def test_every_english_intent_is_answered_by_one_skill():
    host = make_host(THINGS, built_in())
    names = {name for file in built_in() for name in file.values["intents"]}
    assert len(names) > 50
    assert {name for name in names if host.answerer(name) is None} == set()
    for name in names:
        assert (await host.handle(RedactedIntent(1, name, {}))).text is not None


class TestSums:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("what is seven plus eight", "15."),
            ("what's 7 times 8", "56."),
            ("calculate ten divided by four", "2.5."),
            ("what is one divided by three", "about 0.3333."),
            ("what is five divided by zero", "Nothing can be divided by zero."),
            ("how much is fifteen percent of eighty", "12."),
            ("What's 15% of 80?", "12."),
            ("what is three minus eight", "-5."),
            ("what is two hundred and five minus eight", "197."),
            ("what is seven point five times three", "22.5."),
            ("what is 7.5 times 3", "22.5."),
            ("what is two and a half times four", "10."),
            ("what is the square root of eighty one", "9."),
            ("what is the square root of two", "about 1.4142."),
            ("what is twelve squared", "144."),
            ("convert five miles to kilometers", "8.0467 kilometers."),
            ("convert ten kilometres to miles", "about 6.2137 miles."),
            ("how many cups in a gallon", "16 cups."),
            ("how many feet are in three yards", "9 feet."),
            ("what is 100 fahrenheit in celsius", "about 37.7778 degrees Celsius."),
            ("convert zero celsius to fahrenheit", "32 degrees Fahrenheit."),
            ("convert twelve inches to feet", "1 foot."),
            ("how many ounces in a pound", "16 ounces."),
            ("how many minutes are in two weeks", "20160 minutes."),
            ("convert five miles to liters", "Miles can't be turned into liters."),
        ],
    )
    async def test_sums_and_units_are_worked_out(self, say, text, answer):
        shown = await say(calculator_skill())(text)
        assert shown == answer.replace("8.0467", "about 8.0467")

    @given(
        st.fractions(-1000, 1000), st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS))
    )
    def test_a_conversion_and_back_is_exact(self, amount, start, end):
        there = convert(amount, start, end)
        if there is None:
            assert UNITS[start][0] != UNITS[end][0]
        else:
            assert convert(there, end, start) == amount

    @given(st.fractions(0, 10_000))
    def test_a_root_squared_is_near_and_a_square_has_an_exact_one(self, value):
        assert root(value * value) == value
        assert 0 <= value - root(value) ** 2 < Fraction(1, 10**5)

    @given(st.integers(-(10**7), 10**7))
    def test_a_number_with_an_end_is_said_in_full(self, value):
        assert Fraction(number(Fraction(value, 10_000))) == Fraction(value, 10_000)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("what day is it", "Today is Wednesday."),
            ("what day is tomorrow", "Tomorrow is Thursday."),
            ("what day is christmas", "Friday, December 25."),
            ("when is easter", "Sunday, March 28."),
            ("what day is the third of may", "Monday, May 3."),
            ("what day is the thirty first of june", "There is no such day."),
            ("what day is february the twenty ninth", "Tuesday, February 29."),
            ("how many days until halloween", "164 days."),
            ("how long is it until may the 21st", "1 day."),
            ("how many days until may 20th", "That is today."),
            ("what is the date tomorrow", "May 21."),
            ("what week is it", "It is week 21."),
        ],
    )
    async def test_days_are_told(self, say, text, answer):
        assert await say(dates_skill(lambda: EVENING))(text) == answer

    def test_easter_falls_where_it_fell(self):
        fell = {1961: (4, 2), 2000: (4, 23), 2008: (3, 23), 2024: (3, 31), 2038: (4, 25)}
        assert {year: easter(year) for year in fell} == {
            year: date(year, *day) for year, day in fell.items()
        }


class Diary:
    def __init__(self, today: Today, kept: Iterator[Forgotten | None]) -> None:
        self._today = today
        self._kept = kept

    async def today(self) -> Today:
        return self._today

    async def forget_last(self) -> Forgotten | None:
        return next(self._kept)


class Ear:
    paused: float | None = 0.0

    def pause(self, seconds: float | None) -> None:
        self.paused = seconds

    async def run(self, announce: object) -> None: ...


class TestPrivacy:
    async def test_what_was_heard_kept_and_sent_is_said_as_counts(self, say):
        day = Today(
            {"allow": 9, "refuse": 1, "not_understood": 2, "confirm": 0},
            (),
            {"transcripts": 1, "intents": 3, "recordings": 0},
            {"weather": 2, "news": 1},
        )
        forgotten = [Forgotten(2), Forgotten(0, ("timers", "lists"), ("weather",)), None]
        one = say(privacy_skill(Diary(day, iter(forgotten)), None))
        for text, answer in (
            (
                "what did you hear today",
                "Today I heard 12 commands: 9 done, 1 not allowed and 2 not understood.",
            ),
            ("what did you keep today", "Of today I keep 1 transcript and 3 intents."),
            (
                "what have you sent today",
                "Today I sent 2 messages to weather and one message to news.",
            ),
            ("forget what I just said", "It is forgotten."),
            (
                "forget that",
                "I kept nothing of it. What went to weather I can't take back. "
                "Your timers and lists stay as they are.",
            ),
            ("delete that", "There is nothing before this that I could forget."),
        ):
            assert await one(text) == answer

    async def test_an_empty_day_and_no_diary_are_honest(self, say):
        one = say(privacy_skill(Diary(Today(), iter(())), None))
        assert await one("what did you hear today") == "Today I heard no commands."
        assert await one("what did you keep today") == "Of today I keep nothing."
        assert await one("what did you send today") == "Today I sent nothing."
        without = say(privacy_skill(None, None))
        assert "no record" in await without("what did you hear today")
        assert await without("forget that") == "I kept nothing of it."
        assert "Mute the microphone" in await without("stop listening for an hour")

    @pytest.mark.parametrize(
        ("text", "seconds", "words"),
        [
            ("stop listening for an hour", 3600, "1 hour"),
            ("stop listening for half an hour", 1800, "30 minutes"),
            ("stop listening for twenty minutes", 1200, "20 minutes"),
            ("stop listening for two hours", 7200, "2 hours"),
        ],
    )
    async def test_it_stops_listening_for_as_long_as_was_said(self, say, text, seconds, words):
        ear = Ear()
        assert await say(privacy_skill(None, ear))(text) == f"I stop listening for {words}."
        assert ear.paused == seconds


class Loud:
    volume = 90


class TestVolume:
    async def test_it_speaks_louder_and_softer_within_bounds(self, say):
        loudness = Loud()
        one = say(volume_skill(loudness))
        for text, answer in (
            ("how loud are you", "My volume is at 90 percent."),
            ("speak louder", "My volume is at 100 percent."),
            ("a bit louder", "I can't speak louder."),
            ("set your volume to fifty percent", "My volume is at 50 percent."),
            ("talk quieter", "My volume is at 40 percent."),
            ("set your volume to zero", "My volume is at 10 percent."),
            ("speak softer", "I can't speak softer."),
        ):
            assert await one(text) == answer
        assert await say(volume_skill(None))("speak up") == "I can't change how loud I am here."

    def test_speech_is_softened_in_proportion(self):
        pcm = (1000).to_bytes(2, "little", signed=True) + (-1000).to_bytes(2, "little", signed=True)
        soft = softened(pcm, 50)
        assert [int.from_bytes(soft[i : i + 2], "little", signed=True) for i in (0, 2)] == [
            500,
            -500,
        ]
        assert softened(pcm, 100) is pcm
        assert softened(pcm, 0) == bytes(4)


async def test_powers_reach_the_skills():
    ear = Ear()
    host = make_host(THINGS, built_in(), powers=Powers(ear=ear))
    await host.handle(RedactedIntent(1, "StopListening", {"hours": Number(1)}))
    assert ear.paused == 3600
