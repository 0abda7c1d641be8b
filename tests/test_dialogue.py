"""Utterances that belong together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from assistant.private import Private
from assistant.settings import RedactionSettings
from assistant.types import Transcript, Utterance
from pipeline.detectors import make_detectors
from pipeline.dialogue import TOGETHER, Dialogue

DETECTORS = make_detectors(RedactionSettings(words={"PERSON": ("ada", "ada lovelace", "bob")}))


@pytest.fixture
def dialogue() -> Dialogue:
    return Dialogue(lambda: DETECTORS)


def redacted(dialogue: Dialogue, *said: tuple[float, str]) -> Iterator[str]:
    """What becomes of each text, said at that second."""
    for number, (start, text) in zip(itertools.count(1), said, strict=False):
        utterance = Utterance(number, start, start + 2.0, start + 1.8, "silence", Private(b""))
        yield dialogue.redact(utterance, Transcript(number, Private(text), 1.0))[0].text


def test_a_number_that_goes_on_in_the_next_utterance_is_known_by_its_beginning(
    dialogue: Dialogue,
) -> None:
    first, second = redacted(dialogue, (1, "my gym code is four one"), (5, "seven two"))
    assert "four" not in first
    assert "seven" not in second


def test_digits_alone_long_after_are_no_part_of_what_was_said_before(dialogue: Dialogue) -> None:
    _, second = redacted(dialogue, (1, "my pin is"), (5 + TOGETHER, "seven two"))
    assert second == "seven two"


def test_a_person_keeps_a_placeholder_in_one_dialogue_and_starts_anew_in_the_next(
    dialogue: Dialogue,
) -> None:
    texts = redacted(
        dialogue,
        (1, "call bob and ada"),
        (6, "tell ada i am late"),
        (60, "tell ada i am late"),
    )
    assert list(texts) == [
        "call PERSON_1 and PERSON_2",
        "tell PERSON_2 i am late",
        "tell PERSON_1 i am late",
    ]


def test_nothing_that_was_said_can_be_restored_after_it_was_forgotten(dialogue: Dialogue) -> None:
    utterance = Utterance(1, 0.0, 2.0, 1.8, "silence", Private(b""))
    _, originals = dialogue.redact(utterance, Transcript(1, Private("call ada"), 1.0))
    assert originals.restore("PERSON_1").reveal() == "ada"
    dialogue.forget()
    assert originals.restore("PERSON_1").reveal() == "PERSON_1"


@pytest.mark.parametrize(
    ("reply", "reported"),
    [
        ("I call ada lovelace.", "I call PERSON_1."),
        ("I call PERSON_1 for PERSON_2's cake.", "I call PERSON_1 for PERSON_2's cake."),
        ("5 minute timer named pizza is set.", "5 minute timer named pizza is set."),
        ("It is 10:24 PM.", "It is 10:24 PM."),
    ],
)
def test_a_reply_that_quotes_is_redacted_and_its_placeholders_stay(
    dialogue: Dialogue, reply: str, reported: str
) -> None:
    assert dialogue.quote(reply) == reported
