"""What only its context makes private, and what stays public whatever it is called."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.private import Private
from assistant.types import Transcript
from pipeline.detectors.context import literal_words
from pipeline.detectors.names import Names
from pipeline.detectors.names_model import LABELS, MODEL, WINDOW, NamesModel, _convolved
from pipeline.detectors.words import LONGEST, buckets, tokens

NAMES = Names()


def found(text: str, names: Names = NAMES) -> list[tuple[str, str]]:
    findings = names.find(Transcript(1, Private(text), 1.0))
    return [(text[finding.start : finding.end], finding.type) for finding in findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call jonathan please", [("jonathan", "PERSON")]),
        ("Text Priya that I'm running late.", [("Priya", "PERSON")]),
        ("remind me to call doctor okafor on monday", [("okafor", "PERSON")]),
        ("schedule lunch with jane and tom", [("jane", "PERSON"), ("tom", "PERSON")]),
        ("tell my brother kwame dinner is ready", [("kwame", "PERSON")]),
        ("my name is zbigniew vaskerlund", [("zbigniew vaskerlund", "PERSON")]),
        ("when is grace's birthday", [("grace", "PERSON")]),
        ("text will that dinner is ready", [("will", "PERSON")]),
        ("add a present for summer to my list", [("summer", "PERSON")]),
        ("announce that hope is here", [("hope", "PERSON")]),
        ("i was diagnosed with asthma last year", [("asthma", "MEDICAL")]),
        ("remind me to take my zonisartan", [("zonisartan", "MEDICAL")]),
        ("i live at twelve rosewood close", [("twelve rosewood close", "ADDRESS")]),
        ("jot down first try kwame second try lars", [("kwame", "PERSON"), ("lars", "PERSON")]),
        ("walk the petersons dog", [("petersons", "PERSON")]),
        ("is it priya or wendell", [("priya", "PERSON"), ("wendell", "PERSON")]),
        ("tadhg should work harder in french", [("tadhg", "PERSON")]),
        ("my username is night owl eighty two", [("night owl eighty two", "USERNAME")]),
        ("i work for greenfield dental", [("greenfield dental", "ORGANIZATION")]),
        ("add x x cobalt ferret x x as a friend", [("x x cobalt ferret x x", "USERNAME")]),
        ("did june call back", [("june", "PERSON")]),
        ("let me know if july has sent me anything", [("july", "PERSON")]),
    ],
)
def test_context_makes_a_word_private(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "play something by amy winehouse",
        "play grace by jeff buckley",
        "who is marie curie",
        "how tall is michael jordan",
        "what's the weather in florence tomorrow",
        "what time is it in sydney",
        "what is the score of the bulls game",
        "how do i make chicken kiev",
        "is wendy's open on sunday",
        "what is twelve times nine",
        "set a timer for four minutes",
        "turn on the hall light at seven thirty",
        "mark this task as done",
        "add basil and rosemary to the shopping list",
        "what will the weather be like this summer",
        "open the blinds at dawn",
        "cue up otis redding dock of the bay",
        "find that sandra bullock movie on the bus",
        "Flip to Channel 4 +1.",
        "capital ninety five point eight",
        "Humidity in Phoenix, Arizona?",
        "buy johnnie walker and captain morgan",
        "echo stop",
        "Today is Friday, November 20th, 2026.",
        "Today is Monday, March 3rd, 2025.",
        "it's the fifth of may",
    ],
)
def test_what_everybody_knows_stays(text):
    assert found(text) == []


def test_the_users_own_things_are_not_people():
    names = Names(things=("Ada's lamp", "Summer", "Bill the fridge"))
    assert found("turn on ada's lamp", names) == []
    assert found("turn off the lights in summer", names) == []
    assert found("tell summer that bill the fridge is open", names) == [("summer", "PERSON")]
    assert found("call ada", names) == [("ada", "PERSON")]


def test_a_text_of_nothing_but_a_commands_own_words_is_left_alone():
    sentences = ["set [the] (brightness|volume) to {level}", "(max|maximum)", "in <room>"]
    names = Names(things=("Rosie's den",), literals=literal_words(sentences))
    assert found("set the brightness in rosie's den to max", names) == []
    assert found("call max in the volume room", names) == [("max", "PERSON")]


def test_only_fixed_words_of_a_sentence_are_literal():
    assert literal_words(["turn <on_off> [the] {name:device} (on|off)"]) == {
        "turn",
        "the",
        "on",
        "off",
    }


def test_a_possessive_s_is_not_part_of_the_name():
    assert found("what is Ada's number") == [("Ada", "PERSON")]


def test_a_title_and_a_dose_go_with_what_they_belong_to():
    assert found("text mrs abernathy please") == [("mrs abernathy", "PERSON")]
    assert found("my mother has parkinson's") == [("parkinson's", "MEDICAL")]
    assert found("his peak flow was three hundred and ten")[-1] == (
        "three hundred and ten",
        "MEDICAL",
    )
    dose = "my doctor put me on bisoprolol 2.5 milligrams"
    assert found(dose) == [("bisoprolol 2.5 milligrams", "MEDICAL")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tell ada kwame that tea is ready", "ada kwame"),
        ("message new priya saying it is late", "new priya"),
        ("text see mass that the roof leaks again", "see mass"),
        ("ask priya on if she can come", "priya"),
        ("tell uncle kwame that tea is ready", "kwame"),
        ("tell ada tomorrow that tea is ready", "ada"),
    ],
)
def test_what_stands_between_tell_and_that_is_all_of_a_name(text, expected):
    assert found(text) == [(expected, "PERSON")]


def test_a_home_is_hidden_from_its_first_word():
    home = "The Granary, Glen Corrin"
    assert home in dict(found(f"Ship four boxes to Wendell at {home}."))
    said = "he keeps taking it to two oh six we are one forty elm hollow drive"
    assert ("two oh six", "ADDRESS") in found(said)


def test_words_that_may_go_on_are_told_and_commands_are_not():
    assert NAMES.begins("call jonathan") == 5
    assert NAMES.begins("call jonathan.") is None
    assert NAMES.begins("turn on the kitchen lights") is None
    assert NAMES.begins("") is None


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 9, 10, 64])
def test_small_products_add_up_to_the_convolution(count, step):
    random = np.random.default_rng(count)
    inputs = random.standard_normal((count, 150)).astype(np.float32)
    weights = random.standard_normal((5 * 150, 96)).astype(np.float32)
    padded = np.pad(inputs, ((2 * step, 2 * step), (0, 0)))
    beside = [padded[at * step : at * step + count] for at in range(5)]
    whole = np.concatenate(beside, 1) @ weights
    assert np.allclose(_convolved(inputs, weights, step), whole, atol=1e-2)


@given(st.text(max_size=300))
def test_any_text_gives_findings_inside_it_in_order(text):
    findings = NAMES.find(Transcript(1, Private(text), 1.0))
    places = [place for finding in findings for place in (finding.start, finding.end)]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
    assert all(0.0 <= finding.score <= 1.0 for finding in findings)


def test_a_name_deep_in_a_long_text_is_found():
    filler = "turn on the kitchen lights and close the blinds please then "
    text = filler * 40 + "call my brother kwame asante " + filler * 40
    assert ("kwame asante", "PERSON") in found(text)


def test_the_windows_of_a_long_text_give_every_word_once():
    model = NamesModel()
    words = tokens("call ada " * 500)
    for count in (1, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW * 2, 777, 1000):
        tagged = model.probabilities(model.inputs(words[:count]))
        assert tagged.shape == (count, len(LABELS))
        assert np.allclose(tagged.sum(1), 1.0, atol=1e-4)


def test_work_grows_with_the_length_and_no_faster(monkeypatch):
    tagged: list[int] = []
    tag = NamesModel._tag

    def counting(model, inputs):
        tagged.append(len(inputs))
        return tag(model, inputs)

    monkeypatch.setattr(NamesModel, "_tag", counting)
    found("call anna marie o'neill a" * 4000)
    assert max(tagged) <= WINDOW
    assert sum(tagged) < 1.3 * 16_001 + WINDOW


def test_a_very_long_word_costs_no_more_letters_than_twenty():
    assert len(buckets("a" * 100_000)) == len(buckets("a" * LONGEST))


def test_a_missing_or_damaged_model_is_named(tmp_path):
    with pytest.raises(ModelError, match="no names model here"):
        Names(model=tmp_path / "none.model")
    damaged = tmp_path / "damaged.model"
    whole = MODEL.read_bytes()
    for content in (b"", b"PK\x03\x04", whole[: len(whole) // 2], b"x" * 1000):
        damaged.write_bytes(content)
        with pytest.raises(ModelError, match="damaged"):
            Names(model=damaged)


def test_a_model_of_another_form_is_named(tmp_path):
    path = tmp_path / "other.model"
    with path.open("wb") as file:
        np.savez(file, table=np.zeros((4, 4), np.int8))
    with pytest.raises(ModelError, match="damaged"):
        Names(model=path)


def test_the_model_is_small_enough_to_ship():
    assert MODEL.stat().st_size < 4_000_000


def test_no_socket_is_opened(monkeypatch):
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    assert found("call jonathan please", Names()) == [("jonathan", "PERSON")]
