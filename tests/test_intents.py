"""Redacted text to intent."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.skill import plain
from assistant.types import (
    Choice,
    Entity,
    Number,
    Placeholder,
    RedactedIntent,
    RedactedTranscript,
    Words,
)
from pipeline.intents import LONGEST, IntentParser
from pipeline.sentences import SentenceFile, built_in, load_sentences
from pipeline.things import load_things

EXAMPLES = Path(__file__).parent.parent / "examples" / "home"


@pytest.fixture(scope="module")
def parser() -> IntentParser:
    own = load_sentences([EXAMPLES / "sentences.yaml"])
    return IntentParser((*built_in(), *own), load_things(None))


def parse(parser: IntentParser, text: str, *placeholders: str) -> RedactedIntent | None:
    entities = tuple(Entity(name.rpartition("_")[0], name) for name in placeholders)
    return parser.parse(RedactedTranscript(3, text, entities, 1.0))


def meaning(parser: IntentParser, text: str, *placeholders: str) -> tuple[str, dict[str, object]]:
    intent = parse(parser, text, *placeholders)
    assert intent is not None, text
    return intent.name, {name: plain(slot) for name, slot in intent.slots.items()}


@pytest.mark.parametrize(
    ("text", "name", "slots"),
    [
        ("turn on the kitchen light", "HassTurnOn", {"name": "Kitchen Light"}),
        ("Turn on the kitchen light, please.", "HassTurnOn", {"name": "Kitchen Light"}),
        ("TURN ON THE KITCHEN LIGHT", "HassTurnOn", {"name": "Kitchen Light"}),
        ("turn off the lights", "HassTurnOff", {"domain": "light"}),
        (
            "turn off the lights in the lounge",
            "HassTurnOff",
            {"area": "Living Room", "domain": "light"},
        ),
        ("set a timer for five minutes", "HassStartTimer", {"minutes": 5}),
        ("set a timer for 5 minutes", "HassStartTimer", {"minutes": 5}),
        ("set a twenty-five minute timer", "HassStartTimer", {"minutes": 25}),
        (
            "set a timer for three hours and ten minutes",
            "HassStartTimer",
            {"hours": 3, "minutes": 10},
        ),
        (
            "create a timer for four and a half hours",
            "HassStartTimer",
            {"hours": 4, "minutes": 30},
        ),
        (
            "set brightness to one hundred percent",
            "HassLightSet",
            {"brightness": 100, "domain": "light"},
        ),
        (
            "set the temperature to twenty one point five degrees",
            "HassClimateSetTemperature",
            {"temperature": 21.5},
        ),
        (
            "set kitchen lights to white",
            "HassLightSet",
            {"area": "Kitchen", "color": "white", "domain": "light"},
        ),
        (
            "turn on the lights downstairs",
            "HassTurnOn",
            {"floor": "Ground Floor", "domain": "light"},
        ),
        ("who is home", "HassGetState", {"state": "home", "domain": "person"}),
        (
            "add milk and eggs to my shopping list",
            "HassListAddItem",
            {"item": "milk and eggs", "name": "Shopping List"},
        ),
        ("what's on my shopping list", "ListItems", {"name": "Shopping List"}),
        ("never mind", "HassNevermind", {}),
    ],
)
def test_a_command_is_understood(parser, text, name, slots):
    assert meaning(parser, text) == (name, slots)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " . ",
        "I think we should leave a little earlier tomorrow",
        "she said the soup was too salty but I liked it very much",
        "I'll be back in five minutes",
        "who is that over there",
        "turn on the",
        "turn on the moon",
        "kitchen",
    ],
)
def test_what_is_no_command_gives_no_intent(parser, text):
    assert parse(parser, text) is None


def test_slots_know_what_kind_of_value_they_are(parser):
    intent = parse(parser, "add bread to my shopping list")
    assert intent == RedactedIntent(
        3,
        "HassListAddItem",
        {"item": Words("bread"), "name": Choice("Shopping List")},
        "item_added",
    )
    intent = parse(parser, "set a 5 minute timer")
    assert intent is not None
    assert intent.slots == {"minutes": Number(5.0)}


def test_a_placeholder_stands_for_a_value_of_an_own_list(parser):
    intent = parse(parser, "call PHONE_NUMBER_1", "PHONE_NUMBER_1")
    assert intent is not None
    assert intent.name == "CallNumber"
    assert intent.slots == {"phone_number": Placeholder("PHONE_NUMBER_1", "PHONE_NUMBER")}
    assert meaning(parser, "call nine one one") == ("CallNumber", {"phone_number": "nine one one"})
    assert isinstance(parse(parser, "call nine one one").slots["phone_number"], Words)


def test_a_placeholder_goes_where_its_type_belongs(parser):
    assert meaning(parser, "call PERSON_2", "PERSON_1", "PERSON_2") == (
        "CallNumber",
        {"person": "PERSON_2"},
    )
    intent = parse(parser, "where is PERSON_1", "PERSON_1")
    assert intent.slots["name"] == Placeholder("PERSON_1", "PERSON")


def test_placeholders_stand_in_free_words_too(parser):
    intent = parse(parser, "add PERSON_1 to my shopping list", "PERSON_1")
    assert intent.slots["item"] == Placeholder("PERSON_1", "PERSON")
    intent = parse(parser, "add PERSON_1's cake to my shopping list", "PERSON_1")
    assert intent.slots["item"] == Words("PERSON_1's cake")


def test_somebody_who_says_a_placeholder_names_nothing(parser):
    assert parse(parser, "call PHONE_NUMBER_1") is None
    intent = parse(parser, "add PERSON_1 to my shopping list")
    assert intent.slots["item"] == Words("PERSON_1")


def test_placeholders_of_one_utterance_are_gone_in_the_next(parser):
    assert parse(parser, "call PERSON_1", "PERSON_1") is not None
    assert parse(parser, "call PERSON_1") is None


def test_placeholders_fit_lists_that_belong_to_one_block(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "intents: {Paint: {data: [{sentences: ['paint {color}'], "
        "lists: {color: {values: [mud]}}}]}}\n"
    )
    parser = IntentParser((*built_in(), *load_sentences([path])), load_things(None))
    assert meaning(parser, "paint mud") == ("Paint", {"color": "mud"})
    assert parse(parser, "paint blue") is None
    assert meaning(parser, "paint PERSON_1", "PERSON_1") == ("Paint", {"color": "PERSON_1"})
    assert meaning(parser, "set the kitchen light to blue")[1]["color"] == "blue"


def test_here_is_the_area_of_the_device():
    things = load_things(None)
    here = IntentParser(built_in(), things, "study")
    assert meaning(here, "turn on the lights") == (
        "HassTurnOn",
        {"area": "Office", "domain": "light"},
    )
    assert meaning(here, "turn on the lights in the kitchen")[1]["area"] == "Kitchen"
    with pytest.raises(SettingsError, match=r"home\.area: there is no area 'cellar'.*Kitchen"):
        IntentParser(built_in(), things, "cellar")


def own(tmp_path: Path, *sentences: str) -> tuple[SentenceFile, ...]:
    path = tmp_path / "own.yaml"
    lines = "".join(f"          - '{sentence}'\n" for sentence in sentences)
    head = "lists: {any: {wildcard: true}}\nintents:\n  Mine:\n    data:\n      - sentences:\n"
    path.write_text(head + lines)
    return load_sentences([path])


def test_an_own_sentence_goes_before_a_built_in_one(tmp_path):
    files = (*built_in(), *own(tmp_path, "turn on the kitchen light"))
    assert meaning(IntentParser(files, load_things(None)), "turn on the kitchen light")[0] == "Mine"


def test_an_own_sentence_that_swallows_anything_goes_last(tmp_path):
    files = (*built_in(), *own(tmp_path, "turn {any}"))
    parser = IntentParser(files, load_things(None))
    assert meaning(parser, "turn on the kitchen light")[0] == "HassTurnOn"
    assert meaning(parser, "turn around") == ("Mine", {"any": "around"})


def test_a_command_for_later_must_be_a_command(parser):
    name, slots = meaning(parser, "turn off the lights in five minutes")
    assert (name, slots["conversation_command"]) == ("HassStartTimer", "turn off the lights")
    assert parse(parser, "the bus leaves in five minutes") is None


def test_a_very_long_text_is_no_command(parser):
    assert parse(parser, "add " + "milk " * (LONGEST - 5) + "to my list") is not None
    assert parse(parser, "add " + "milk " * LONGEST + "to my list") is None


@pytest.mark.parametrize(
    "text",
    [
        "turn " + "the " * 29,
        "in five minutes " * 10,
        "set a timer for " + "five minutes and " * 8,
        "add 5 minutes to my kitchen timer " * 5,
        "the kitchen in the living room on the light of " * 4,
    ],
)
def test_no_short_text_makes_the_matcher_try_for_ever(parser, text):
    """What the matcher keeps at once grows with what it tries."""
    tracemalloc.start()
    try:
        parse(parser, text)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


@pytest.mark.shared
@pytest.mark.parametrize("area", [None, "Office"])
@pytest.mark.parametrize("part", ["recorded", "generated"])
def test_every_command_of_the_home_recordings_is_understood(shared_data, part, area):
    home = shared_data / "audio" / "home"
    parser = IntentParser(built_in(), load_things(home / "things.yaml"), area)
    labels = json.loads((home / part / "labels.json").read_text())
    texts = [label["text"] for label in labels if label["text"]]
    assert [text for text in texts if parse(parser, text) is None] == []


@pytest.mark.shared
def test_every_coffee_order_is_understood(shared_data):
    barista = shared_data / "audio" / "barista"
    parser = IntentParser(
        (*built_in(), *load_sentences([barista / "barista.yaml"])), load_things(None)
    )
    for label in json.loads((barista / "labels.json").read_text()):
        slots = label["slots"]
        front = [slots[name] for name in ("size", "roast", "numberOfShots") if name in slots]
        extras = [slots[name] for name in ("milkAmount", "sugarAmount") if name in slots]
        text = " ".join(["can i get a", *front, slots["coffeeDrink"]])
        text += f" with {' and '.join(extras)}" if extras else ""
        assert meaning(parser, text) == (label["intent"], slots)
