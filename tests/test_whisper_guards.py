"""The plain functions that keep silence, noise and loops from becoming words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import SAMPLE_RATE
from pipeline.engines import whisper_guards as guards


def noise(seconds, decibels, seed=0):
    """White noise at a level, as int16 bytes."""
    wave = np.random.default_rng(seed).normal(0, 10 ** (decibels / 20), int(seconds * SAMPLE_RATE))
    return (np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("speech", "pause", "after", "seconds", "went_on"),
    [
        (-20, -60, -60, 0.5, False),
        (-20, -60, -20, 0.5, True),
        (-20, -60, -30, 0.5, True),
        (-20, -60, -20, 0.04, False),
        (-20, -35, -33, 0.5, False),
        (-20, -30, -30, 0.5, False),
        (-20, -30, -21, 0.5, True),
        (-20, -24, -24, 0.5, True),
    ],
    ids=[
        "silence follows",
        "the same voice follows",
        "a softer voice follows",
        "a click follows",
        "a noisy room goes on as it was",
        "another talker 10 dB below goes on",
        "the voice follows over another talker",
        "the pause does not stand out",
    ],
)
def test_speech_after_a_pause_is_told_from_the_room(speech, pause, after, seconds, went_on):
    heard = noise(1.0, speech, 1) + noise(0.3, pause, 2)
    whole = heard + noise(seconds, after, 3) + noise(0.1, pause, 4)
    assert guards.speech_went_on(whole, len(heard)) is went_on


def test_nothing_after_a_pause_is_nothing_said():
    heard = noise(1.0, -20) + noise(0.3, -60)
    assert not guards.speech_went_on(heard, len(heard))


@given(st.binary(max_size=4000), st.integers(0, 4000))
def test_any_bytes_have_an_answer(pcm, pause):
    assert guards.speech_went_on(pcm, min(pause, len(pcm))) in (True, False)
    assert len(guards.samples(pcm)) == len(pcm) // 2
    assert np.all(np.abs(guards.samples(pcm)) <= 1)


@pytest.mark.parametrize(
    "text",
    [
        "la la la la",
        "thank you thank you thank you thank you",
        "Turn on the light. Turn on the light. Turn on the light. Turn on the light.",
        "well, the the the the end",
        "ha-ha! ha-ha! ha-ha! ha-ha!",
    ],
)
def test_a_decoder_that_is_stuck_is_noticed(text):
    assert guards.is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no no no",
        "turn on the light and turn on the fan and turn on the tv",
        "My card number is 4111 1111 1111 1111.",
        "the code is 1 1 1 1",
        "call 5 5 5 5 5 5 5",
    ],
)
def test_what_people_say_is_no_loop(text):
    assert not guards.is_loop(text)


@given(st.lists(st.sampled_from(["on", "off", "the"]), min_size=1, max_size=6), st.integers(4, 9))
def test_any_phrase_four_times_over_is_a_loop(phrase, times):
    assert guards.is_loop(" ".join(phrase * times))


HOTWORDS = ("Kitchen", "desk lamp", "Bedroom", "TV")


@pytest.mark.parametrize(
    ("text", "echo"),
    [
        ("Kitchen, desk lamp, bedroom, TV", True),
        ("desk lamp, Bedroom.", True),
        ("Kitchen.", False),
        ("desk lamp", False),
        ("bedroom kitchen", False),
        ("turn on the kitchen desk lamp", False),
        ("", False),
    ],
)
def test_two_names_in_the_order_of_the_hint_are_the_hint(text, echo):
    assert guards.is_echo(text, HOTWORDS) is echo


def test_a_sentence_in_a_blink_was_not_said():
    assert guards.is_too_fast("Thank you for watching, please subscribe", 0.3)
    assert not guards.is_too_fast("stop", 0.15)
    assert not guards.is_too_fast("turn off all of the lights in the office", 1.2)


PHRASES = ("hey_jarvis", "alexa", "okay_nabu")


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        ("Hey Jarvis, turn on the light.", "turn on the light."),
        ("Jarvis, stop.", "stop."),
        ("Alexa.", ""),
        ("Lexa, what time is it?", "what time is it?"),
        ("xa, what time is it?", "xa, what time is it?"),
        ("Alexis what time is it?", "what time is it?"),
        ("OK Nabu, next", "next"),
        ("Okay, next", "Okay, next"),
        ("Turn on the light, Alexa.", "Turn on the light, Alexa."),
        ("All lights off", "All lights off"),
        ("Play jazz", "Play jazz"),
        ("", ""),
    ],
)
def test_the_wake_phrase_is_dropped_from_the_start_only(heard, left):
    assert guards.without_wake_word(heard, PHRASES) == left


@given(st.text(max_size=40))
def test_dropping_a_wake_phrase_only_ever_takes_from_the_start(text):
    left = guards.without_wake_word(text, PHRASES)
    assert " ".join(text.split()).endswith(" ".join(left.split()))
