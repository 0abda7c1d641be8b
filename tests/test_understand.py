"""Mumbled commands are understood as if they were said clearly, and nothing else becomes one."""

from __future__ import annotations

import itertools
import json

import pytest
from cli import here
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.bench.sampled import Sampler
from assistant.private import Private
from assistant.skill import plain
from assistant.types import Transcript
from pipeline import reading
from pipeline.intents import LONGEST, IntentParser
from pipeline.reading import MOST_READINGS, Reader, said, written
from pipeline.redact import redact
from pipeline.sentences import built_in, load_sentences
from pipeline.things import load_things


@pytest.fixture(scope="module")
def parser() -> IntentParser:
    return IntentParser(built_in(), load_things(None))


@pytest.fixture(scope="module")
def reader(parser: IntentParser) -> Reader:
    return parser._house.reader


def meaning(parser: IntentParser, text: str) -> tuple[str, dict[str, object]] | None:
    redacted, _ = redact(Transcript(1, Private(text), 1.0), ())
    intent = parser.parse(redacted)
    if intent is None:
        return None
    return intent.name, {name: plain(slot) for name, slot in intent.slots.items()}


@pytest.mark.parametrize(
    ("mumbled", "clear"),
    [
        ("um turn on the uh kitchen light", "turn on the kitchen light"),
        ("hey could you please just turn off the tv thanks", "turn off the tv"),
        ("okay so like set a timer you know for five minutes", "set a timer for five minutes"),
        ("turn turn on the kit kitchen light", "turn on the kitchen light"),
        ("turn off the lights in the in the living room", "turn off the lights in the living room"),
        ("turn on the kitchen lite", "turn on the kitchen light"),
        ("turn of the tv", "turn off the tv"),
        ("set a timer four to minutes", "set a timer for two minutes"),
        ("set a timer for for minutes", "set a timer for four minutes"),
        ("resume won hour timer", "resume one hour timer"),
        ("set volume too fife", "set volume to five"),
        ("stop all of mai timers", "stop all of my timers"),
        ("return vacuum two base", "return vacuum to base"),
        ("set bed room brightness to fifty per cent", "set bedroom brightness to 50 percent"),
        ("turn the kitchen lights read", "turn the kitchen lights red"),
        ("turn off the livingroom lamp", "turn off the living room lamp"),
        ("set a timer for a minute", "set a timer for one minute"),
        ("paws", "pause"),
        ("play play the album abbey road on mai tv", "play the album abbey road on my tv"),
        (
            "set the living room temperature to sixty six uh degrees",
            "set the living room temperature to sixty six degrees",
        ),
    ],
)
def test_a_mumbled_command_means_what_it_means_said_clearly(parser, mumbled, clear):
    assert meaning(parser, clear) is not None
    assert meaning(parser, mumbled) == meaning(parser, clear)


@pytest.mark.parametrize(
    "text",
    [
        "um",
        "well you know like",
        "i think we should leave a little earlier tomorrow",
        "the lights here are so nice",
        "she turned of the road",
        "for four for four for four",
        "do not turn on the light",
        "never turn off the tv",
        "okay thanks",
        "I'll be back in five minutes okay",
    ],
)
def test_what_is_no_command_does_not_become_one(parser, text):
    assert meaning(parser, text) is None


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("play like a virgin", "like a virgin"),
        ("play okay computer", "okay computer"),
        ("play bye bye bye", "bye bye bye"),
        ("play for whom the bell tolls", "for whom the bell tolls"),
        ("play um okay computer", "okay computer"),
    ],
)
def test_free_words_stay_as_they_were_said(parser, text, query):
    assert meaning(parser, text) == ("HassMediaSearchAndPlay", {"search_query": query})


def test_what_fits_as_it_is_is_not_read_in_another_way(parser):
    assert meaning(parser, "add two to to my list")[1]["item"] == "two to"
    assert meaning(parser, "what is the weather like") == ("HassGetWeather", {})


def test_down_by_some_percent_goes_down_in_words_and_in_digits(parser):
    for amount in ("twenty", "20"):
        _, slots = meaning(parser, f"turn down the tv volume by {amount} percent")
        assert slots["volume_step"] == -20, amount
        _, slots = meaning(parser, f"turn up the tv volume by {amount} percent")
        assert slots["volume_step"] == 20, amount


def test_a_filler_before_any_sentence_is_read_away(reader):
    """The search knows every sentence that hassil matches, and in few readings."""
    sampler = Sampler(built_in(), load_things(None), 11)
    for text in itertools.islice(sampler.sentences(), 300):
        readings = [written(reading) for reading in reader.readings(f"actually {text}")]
        assert written(said(text)) in readings, text


def test_hesitations_are_words_where_a_sentence_has_them(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("intents: {Oops: {data: [{sentences: ['uh oh']}]}}\n")
    parser = IntentParser((*built_in(), *load_sentences([path])), load_things(None))
    assert meaning(parser, "uh oh") == ("Oops", {})


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_has_few_readings_and_each_of_its_words_stood_there(reader, text):
    readings = list(reader.readings(text))
    assert len(readings) <= MOST_READINGS
    for word in itertools.chain(*readings):
        assert 0 <= word.start < word.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "add " * LONGEST,
        "the " * LONGEST,
        "for to " * (LONGEST // 2),
        "um " * LONGEST,
        "you know like " * (LONGEST // 3),
        "turn on the lite four to minutes " * (LONGEST // 8),
        "add " + "two to too " * 12 + "to my list",
    ],
)
def test_the_search_ends_soon_whatever_was_said(reader, text, monkeypatch):
    looked = 0
    arcs = reading._Search._arcs_from

    def counting(search: reading._Search, at: int) -> list[reading._Arc]:
        nonlocal looked
        looked += 1
        return arcs(search, at)

    monkeypatch.setattr(reading._Search, "_arcs_from", counting)
    list(reader.readings(text))
    assert looked <= reading.MOST_STEPS


@pytest.mark.parametrize("text", ["in five minutes " * 10, "mai mai tv in a minute " * 6])
def test_a_command_for_later_does_not_hold_others_without_end(parser, text, monkeypatch):
    asked: list[str] = []
    best = IntentParser._best

    def counting(self: IntentParser, house: object, words: str, entities: tuple[()]) -> object:
        asked.append(words)
        return best(self, house, words, entities)

    monkeypatch.setattr(IntentParser, "_best", counting)
    meaning(parser, text)
    assert len(asked) <= (1 + MOST_READINGS) * (2 + MOST_READINGS)


def test_the_benchmark_prints_a_share_for_every_kind_of_noise():
    ran = here("bench", "understand", "--limit", "40", "--json")
    figures = json.loads(ran.out)
    assert figures["clean"]["understood %"] == 100
    assert set(figures) >= {"clean", "hesitation", "homophone", "stutter", "several"}
    for kind, figure in figures.items():
        assert figure["understood %"] >= (85 if kind == "several" else 95), kind
        assert figure["damaged"] <= 1, kind
