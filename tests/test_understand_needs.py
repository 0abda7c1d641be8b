"""What a matched command needs is left alone, whatever a detector takes it for; the rest is not."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import build
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import Finding, Number, Transcript
from pipeline.detectors import find_all
from pipeline.intents import IntentParser
from pipeline.ports import Detector
from pipeline.reading import places, said
from pipeline.reading_needs import Needs
from pipeline.redact import redact
from pipeline.sentences import built_in, load_sentences
from pipeline.things import load_things

NOBODY = ("zorblatt", "quixley", "Ada", "lovelace", "4711", "nine")
COMMANDS = ("turn", "on", "off", "the", "kitchen", "light", "add", "to", "my", "shopping", "list")
TIMES = (
    "in",
    "for",
    "two",
    "five",
    "minutes",
    "timer",
    "set",
    "a",
    "play",
    "announce",
    "um",
    "like",
)


class Everything:
    """A detector that takes every word for private, each on its own."""

    name = "everything"
    types: Collection[str] = ("PERSON",)
    cost = 0.0

    def __init__(self, kind: str = "PERSON", name: str = "everything") -> None:
        self._kind = kind
        self.name = name

    def find(self, transcript: Transcript) -> list[Finding]:
        words = re.finditer(r"\S+", transcript.text.reveal())
        return [Finding(m.start(), m.end(), self._kind, 1.0, self.name) for m in words]


@pytest.fixture(scope="module")
def parser() -> IntentParser:
    return IntentParser(built_in(), load_things(None))


@pytest.fixture(scope="module")
def detectors() -> tuple[Detector, ...]:
    return build.detectors(Settings(), load_things(None), built_in())


def left(parser: IntentParser, text: str, detector: Everything | None = None) -> str:
    """The text, redacted by a detector that finds everything, but for what is needed."""
    transcript = Transcript(1, Private(text), 1.0)
    findings = (detector or Everything()).find(transcript)
    redacted, _ = redact(transcript, Needs(parser).spare(findings, [(0, transcript)]))
    return redacted.text


@pytest.mark.parametrize(
    "text",
    [
        "set a timer for four minutes",
        "set a timer for 45 minutes",
        "turn on the hall light",
        "um could you turn on the the hall lite please",
        "set the color temperature to four thousand five hundred",
        "turn off the kitchen light in five minutes",
        "turn the kitchen lights blue",
    ],
)
def test_a_command_without_free_words_is_left_whole(parser, text):
    assert left(parser, text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("remind me to call ada", "PERSON_1"),
        ("tell ada to turn on the kitchen light", "PERSON_1"),
        ("add call ada to my shopping list", "add PERSON_1 to my shopping list"),
        ("announce that ada is home", "announce that PERSON_1"),
        ("set a timer named ada for five minutes", "set a timer named PERSON_1 for five minutes"),
        ("play ada lovelace on the tv", "play PERSON_1 on the tv"),
        ("add ada ada lovelace to too my list", "add PERSON_1 to too my list"),
        ("in five minutes call ada", "PERSON_1"),
        ("the four lights of ada", "PERSON_1"),
    ],
)
def test_free_words_and_what_is_no_command_stay_private(parser, text, redacted):
    found = re.sub(r"PERSON_\d+(?: PERSON_\d+)*", "PERSON_1", left(parser, text))
    assert found == redacted


def test_free_words_stay_private_wherever_they_stand(parser):
    """hassil's own places of free words slip after a number in words."""
    text = left(parser, "in twenty five minutes add ada lovelace to my list")
    assert "ada" not in text
    assert "lovelace" not in text


def test_where_free_words_can_t_be_found_again_nothing_is_needed():
    """A wildcard that ends inside a word, or is written in another way."""
    words = said("add the milk of the cow")
    assert places(words, ["the milk", "cow"]) == [(4, 12), (20, 23)]
    assert places(words, ["milk cow"]) == [(8, 12), (20, 23)]
    assert places(words, ["the"]) == [(4, 7), (16, 19)]
    assert places(words, ["the mil"]) is None


def test_words_from_the_settings_stay_private(parser):
    text = "set a timer for four minutes"
    assert "four" not in left(parser, text, Everything(name="household"))
    assert left(parser, text, Everything("SECRET")) == text


def test_a_pin_in_an_own_sentence_stays_private(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("intents: {Disarm: {data: [{sentences: ['disarm with {0..9999:pin}']}]}}\n")
    parser = IntentParser((*built_in(), *load_sentences([path])), load_things(None))
    assert "4512" not in left(parser, "disarm with 4512", Everything("SECRET"))
    assert left(parser, "disarm with 4512", Everything("CODE")) == "disarm with 4512"


def test_people_in_own_lists_stay_private_and_other_values_do_not(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "intents: {Give: {data: [{sentences: ['(call|make) {what}']}]}}\n"
        "lists: {what: {values: [{in: ada, out: ada}, {in: americano, out: americano}]}}\n"
    )
    parser = IntentParser((*built_in(), *load_sentences([path])), load_things(None))
    assert left(parser, "call ada") == "call PERSON_1"
    assert left(parser, "make americano", Everything("LOCATION")) == "make americano"


def test_a_finding_that_a_pause_cuts_is_left_whole(parser):
    text = "my card ends in four set a timer for four minutes"
    begin = text.index("set")
    transcript = Transcript(2, Private(text[begin:]), 1.0)
    whole = Finding(text.index("four"), text.index(" minutes"), "CREDIT_CARD", 1.0)
    inside = Finding(text.rindex("four"), text.index(" minutes"), "CODE", 1.0)
    spared = Needs(parser).spare([whole, inside], [(begin, transcript)])
    assert spared == [whole]


def test_a_finding_is_cut_where_the_needed_part_begins(parser):
    text = "add ada to my shopping list"
    transcript = Transcript(3, Private(text), 1.0)
    wide = Finding(0, len(text), "PERSON", 0.9, "names")
    redacted, originals = redact(transcript, Needs(parser).spare([wide], [(0, transcript)]))
    assert redacted.text == "add PERSON_1 to my shopping list"
    assert originals.restore(redacted.text).reveal() == text


@given(st.lists(st.sampled_from((*COMMANDS, *TIMES, *NOBODY[:4])), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_no_word_is_left_that_no_sentence_has(parser, words):
    known = {*COMMANDS, *TIMES}
    text = left(parser, " ".join(words))
    assert all(word in known or word.startswith("PERSON_") for word in text.split())


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_whatever_is_said_findings_only_shrink(parser, text):
    transcript = Transcript(4, Private(text), 1.0)
    findings = Everything().find(transcript)
    spared = Needs(parser).spare(findings, [(0, transcript)])
    places = {at for finding in findings for at in range(finding.start, finding.end)}
    assert {at for one in spared for at in range(one.start, one.end)} <= places


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("set a timer for four minutes", None),
        ("play nineteen eighty nine by taylor swift", None),
        ("turn on the hall light at seven thirty", None),
        ("turn on the hall light", None),
        ("remind me to call ada lovelace", "remind me to call PERSON_1"),
        ("add call ada lovelace to my list", "add call PERSON_1 to my list"),
        ("announce that ada lovelace is home", "announce that PERSON_1 is home"),
        ("announce that the pin is four five one two", "announce that the pin is SECRET_1"),
    ],
)
def test_the_detectors_that_ship_damage_no_command(detectors, parser, text, redacted):
    transcript = Transcript(5, Private(text), 1.0)
    findings = find_all(detectors, transcript)
    result, _ = redact(transcript, Needs(parser).spare(findings, [(0, transcript)]))
    assert result.text == (text if redacted is None else redacted)


def test_a_number_that_is_needed_reaches_the_intent(parser):
    transcript = Transcript(6, Private("set a timer four to minutes"), 1.0)
    findings = Everything("CODE").find(transcript)
    redacted, _ = redact(transcript, Needs(parser).spare(findings, [(0, transcript)]))
    assert redacted.entities == ()
    intent = parser.parse(redacted)
    assert intent is not None
    assert isinstance(intent.slots["minutes"], Number)
