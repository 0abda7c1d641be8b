"""What is found in raw text, and what is left alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.private import Private
from assistant.settings import RedactionSettings
from assistant.types import Transcript
from pipeline.detectors import find_all, make_detectors
from pipeline.detectors.checks import passes_luhn
from pipeline.detectors.chosen import choose
from pipeline.detectors.household import HouseholdWords
from pipeline.ports import Foreseeing
from pipeline.redact import redact

DETECTORS = make_detectors(
    RedactionSettings(words={"PERSON": ("Ada", "uncle bob", "  "), "ADDRESS": ("12 elm street",)})
)


def redacted(text: str) -> str:
    transcript = Transcript(1, Private(text), 1.0)
    return redact(transcript, find_all(DETECTORS, transcript))[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call five five five zero one two three four", "call PHONE_NUMBER_1"),
        ("call double five triple six oh please", "call PHONE_NUMBER_1 please"),
        ("my pin is one two uh three four", "my pin is SECRET_1"),
        ("555 oh one two three", "PHONE_NUMBER_1"),
        ("call 555-0123 4567", "call PHONE_NUMBER_1"),
        ("call +44 (0)20 7946 0958 now", "call PHONE_NUMBER_1 now"),
        ("call 5 5 5 0 1 2 3", "call PHONE_NUMBER_1"),
        ("my card is 4111 1111 1111 1111", "my card is CREDIT_CARD_1"),
        (
            "four one one one one one one one one one one one one one one one",
            "CREDIT_CARD_1",
        ),
        ("mail jane.doe@example.com today", "mail EMAIL_ADDRESS_1 today"),
        ("mail jane.doe at example.com today", "mail EMAIL_ADDRESS_1 today"),
        ("go to www.example.org/a?b=c", "go to URL_1"),
        ("open https://localhost:8123/x", "open URL_1"),
        ("look at example.com", "look at URL_1"),
        ("ping 192.168.1.10", "ping IP_ADDRESS_1"),
        ("ping 2001:db8::1 again", "ping IP_ADDRESS_1 again"),
        (
            "call Ada and Uncle  Bob, then ada's phone",
            "call PERSON_1 and PERSON_2, then PERSON_1's phone",
        ),
        ("I live in 12 Elm Street", "I live in ADDRESS_1"),
    ],
)
def test_private_things_are_hidden(text, expected):
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "set a timer for 5 minutes",
        "set a timer for one hour twenty five minutes and ten seconds",
        "set the brightness to twenty five percent",
        "set color temperature to 4000 kelvin",
        "channel one two three",
        "remind me on 2024-05-06",
        "it is 12:30:45",
        "double the volume",
        "adapt the canada lamp to bobsleigh",
        "version 1.2.3.4.5",
    ],
)
def test_commands_are_left_alone(text):
    assert redacted(text) == text


@given(st.lists(st.sampled_from([*"a1. -@:/", "five ", "http://", "www."]), max_size=100))
def test_any_text_is_dealt_with(pieces):
    text = "".join(pieces)
    transcript = Transcript(1, Private(text), 1.0)
    for finding in find_all(DETECTORS, transcript):
        assert 0 <= finding.start < finding.end <= len(text)


@pytest.mark.parametrize("unit", ["five ", "a.", "1 ", "a@", "1.1.", ":", "ada ", "x-", "(1", "a"])
def test_a_very_long_text_comes_to_an_end(unit):
    """A pattern that tries every split of its match would not see the end of this."""
    find_all(DETECTORS, Transcript(1, Private(unit * 20_000), 1.0))


def test_the_card_check_is_luhns():
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111112")


def test_household_words_need_no_word_to_be_given():
    assert HouseholdWords({}).find(Transcript(1, Private("ada"), 1.0)) == []
    assert HouseholdWords({"PERSON": ()}).find(Transcript(1, Private("ada"), 1.0)) == []


@pytest.mark.shared
def test_commands_of_the_development_set_are_not_damaged(shared_data):
    lines = (shared_data / "redaction" / "dev.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if not row["spans"]]
    damaged = [row["id"] for row in rows if redacted(row["text"]) != row["text"]]
    assert len(damaged) <= 0.01 * len(rows)


def test_a_narrowed_detector_still_tells_what_a_pause_may_have_cut():
    text = "send a message to my aunt erling"
    foreseen = [d.begins(text) for d in DETECTORS if isinstance(d, Foreseeing)]
    narrowed = choose(DETECTORS, threshold=0.1)
    assert [d.begins(text) for d in narrowed if isinstance(d, Foreseeing)] == [
        None,
        None,
        *foreseen,
    ]
    assert foreseen != [None]
