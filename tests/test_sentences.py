"""Files of sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from hassil import Intents

from assistant.errors import SentencesError
from pipeline.sentences import OWN, built_in, load_sentences, merge

EXAMPLE = Path(__file__).parent.parent / "examples" / "home" / "sentences.yaml"


@pytest.fixture
def files(tmp_path):
    def load(*texts: str):
        paths = []
        for index, text in enumerate(texts):
            path = tmp_path / f"{index}.yaml"
            path.write_text(text)
            paths.append(path)
        return load_sentences(paths)

    return load


def sentence(template: str, more: str = "") -> str:
    return f"intents:\n  Brew:\n    data:\n      - sentences:\n          - {template}\n{more}"


def test_own_sentences_stand_beside_the_built_in_ones():
    own = load_sentences([EXAMPLE])
    merged = merge((*built_in(), *own))
    assert {"HassTurnOn", "CallNumber", "ListItems"} <= merged["intents"].keys()
    assert merged["intents"]["CallNumber"]["data"][0]["metadata"] == {OWN: True}
    assert all(OWN not in block["metadata"] for block in merged["intents"]["HassTurnOn"]["data"])
    assert "number" in merged["responses"]["intents"]["CallNumber"]
    assert Intents.from_dict(merged).slot_lists.keys() >= {"phone_number", "color"}


def test_merging_changes_none_of_the_files():
    files = (*built_in(), *load_sentences([EXAMPLE]))
    before = [str(file.values) for file in files]
    merge(files)
    assert [str(file.values) for file in files] == before


def test_the_lean_set_is_there_for_the_recognizer():
    lean = merge(built_in("speech-to-phrase"))
    assert "HassTurnOn" in lean["intents"]
    assert len(lean["intents"]) < len(merge(built_in())["intents"])


def test_one_file_may_use_the_lists_and_rules_of_another(files):
    one, two = files(
        sentence("'brew <kind> {drink} in the {area} for {timer_minutes} minutes'"),
        "expansion_rules: {kind: '(hot|cold)'}\nlists: {drink: {values: [tea]}}\n",
    )
    merged = merge((*built_in(), one, two))
    assert "lists" not in merged["intents"]["Brew"]["data"][0]


def test_a_name_that_is_taken_means_each_file_its_own(files):
    mine, yours = files(
        sentence(
            "'brew <the> {color}'", "expansion_rules: {the: that}\nlists: {color: {values: [tea]}}"
        ),
        sentence("'cook {color}'", "lists: {color: {values: [soup]}}"),
    )
    merged = merge((*built_in(), mine, yours))
    brew, cook = merged["intents"]["Brew"]["data"]
    assert brew["expansion_rules"] == {"the": "that"}
    assert brew["lists"]["color"]["values"] == [{"in": "tea", "out": "tea"}]
    assert cook["lists"]["color"]["values"] == [{"in": "soup", "out": "soup"}]
    assert "blue" in [value["in"] for value in merged["lists"]["color"]["values"]]
    assert merged["expansion_rules"]["the"] == "(the|my|our)"


def test_values_are_texts_templates_and_pairs(files):
    (file,) = files(
        "lists:\n  size:\n    values: [small, 12, 'big[ger]', {in: tiny, out: 1}]\n"
        "  count: {range: {from: 1, to: 9, step: 2}}\n  words: {wildcard: true}\n"
    )
    assert file.values["lists"]["size"]["values"] == [
        {"in": "small", "out": "small"},
        {"in": "12", "out": "12"},
        {"in": "big[ger]"},
        {"in": "tiny", "out": 1},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            sentence("'brew [the tea'"),
            ":5: intents.Brew.data.0.sentences.0: a bracket is not opened",
        ),
        (sentence("'brew [the tea'"), '"brew [the tea"'),
        (sentence("'brew {tee}'"), 'there is no list {tee}: "brew {tee}"'),
        (sentence("'brew <teas>'"), "there is no rule <teas>"),
        (sentence("'brew {}'"), "with an empty {} or <> in it"),
        (sentence("'brew {9..3:cups}'"), "the range {9..3} is empty"),
        (sentence("'" + "(" * 1900 + "'"), "sentences.0"),
        (sentence("''"), "sentences.0: string should have at least 1 character"),
        (sentence("7"), "sentences.0: input should be a valid string"),
        (
            sentence("'<a>'", "expansion_rules:\n  a: 'x <b>'\n  b: '<a>'"),
            "contains itself",
        ),
        ("expansion_rules:\n  a: 'x)'\n", ":2: expansion_rules.a: a bracket"),
        ("lists:\n  a:\n    values: ['<none>']\n", ":3: lists.a.values.0: there is no rule"),
        ("lists: {a: {}}\n", "lists.a: expected one of 'values', 'range', 'wildcard: true'"),
        ("lists: {a: {range: {from: 3, to: 1}}}\n", "lists.a.range: 'from' is larger than 'to'"),
        ("lists: {a: {range: {from: 1, to: 99999}}}\n", "more than 20000 numbers"),
        ("lists: {a: {wildcard: false}}\n", "lists.a.wildcard"),
        (
            "intents: {Brew: {data: [{slots: {a: 1}}]}}\n",
            "intents.Brew.data.0: 'sentences' is missing",
        ),
        (
            "intents: {Brew: {data: [{sentences: [x], slots: {a: [1]}}]}}\n",
            "expected a word, a number",
        ),
        ("sentences: []\n", ":1: sentences: there is no such key"),
        ("language: de\n", ":1: language: input should be 'en'"),
        ("[a, b]\n", ":1: expected keys such as 'intents:'"),
        ("a: [\n", ":1: "),
    ],
)
def test_a_broken_file_is_one_line_with_file_line_and_sentence(files, tmp_path, text, message):
    with pytest.raises(SentencesError) as raised:
        files(text)
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "0.yaml"))
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SentencesError, match=r"nowhere\.yaml"):
        load_sentences([tmp_path / "nowhere.yaml"])


@pytest.mark.shared
def test_sentences_for_a_coffee_machine_are_read(shared_data):
    (file,) = load_sentences([shared_data / "audio" / "barista" / "barista.yaml"])
    assert len(file.values["lists"]["milkAmount"]["values"]) > 30
