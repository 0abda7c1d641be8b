"""The seam between raw and redacted text."""

from __future__ import annotations

import copy
import pickle
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.private import Private
from assistant.types import Entity, Finding, RedactedTranscript, Transcript
from pipeline.redact import Originals, redact


def seam(text: str, *findings: Finding) -> tuple[RedactedTranscript, Originals]:
    return redact(Transcript(7, Private(text), 0.5), findings)


def found(text: str, words: str, kind: str = "PERSON", score: float = 0.9) -> Finding:
    start = text.index(words)
    return Finding(start, start + len(words), kind, score)


texts = st.lists(
    st.sampled_from([*"aAbB1_2 .,'é-\n", "PERSON_1", "PERSON_", " person_2 ", "ß", "İ", "👍"]),
    max_size=40,
).map("".join)
findings = st.lists(
    st.builds(
        Finding,
        st.integers(-5, 60),
        st.integers(-5, 60),
        st.sampled_from(["PERSON", "PHONE_NUMBER", "person name", "ß", "", "A_1"]),
        st.floats(0, 1),
    ),
    max_size=8,
)


@given(texts, findings)
def test_what_was_hidden_can_be_put_back_letter_by_letter(text, found):
    redacted, originals = seam(text, *found)
    assert originals.restore(redacted.text).reveal() == text


@given(st.permutations([*string.ascii_lowercase[:16], " ", ",", "\t", "-"]), findings)
def test_nothing_of_a_finding_is_left(letters, found):
    text = "".join(letters)
    hidden = {letter for f in found for letter in text[max(f.start, 0) : max(f.end, 0)]}
    redacted, _ = seam(text, *found)
    assert not {letter for letter in hidden if letter.isalnum()} & set(redacted.text)


@given(texts, findings)
def test_every_entity_stands_in_the_text_and_is_numbered_in_its_order(text, found):
    redacted, originals = seam(text, *found)
    places = [redacted.text.index(entity.placeholder) for entity in redacted.entities]
    names = [entity.placeholder for entity in redacted.entities]
    assert len(set(names)) == len(names) == len(originals)
    by_type: dict[str, list[int]] = {}
    for entity in redacted.entities:
        by_type.setdefault(entity.type, []).append(int(entity.placeholder.rpartition("_")[2]))
    assert all(numbers == sorted(numbers) for numbers in by_type.values())
    assert len(places) == len(names)


def test_the_same_words_get_the_same_placeholder_whatever_their_case():
    text = "call Ada, then ada and Bob"
    redacted, originals = seam(
        text, found(text, "Ada"), found(text, "ada"), found(text, "Bob", score=0.1)
    )
    assert redacted.text == "call PERSON_1, then PERSON_1 and PERSON_2"
    assert redacted.entities == (Entity("PERSON", "PERSON_1"), Entity("PERSON", "PERSON_2"))
    assert originals.restore(redacted.text).reveal() == text
    assert originals.restore("PERSON_2 and PERSON_1").reveal() == "Bob and Ada"


def test_id_and_confidence_go_with_the_text():
    redacted, _ = seam("never mind")
    assert redacted == RedactedTranscript(7, "never mind", (), 0.5)


def test_overlapping_and_touching_findings_become_one_of_the_surest_type():
    text = "write to ada lovelace now"
    redacted, _ = seam(
        text,
        found(text, "ada lovelace", "PERSON", 0.6),
        found(text, "lovelace", "LOCATION", 0.9),
    )
    assert redacted.text == "write to LOCATION_1 now"
    redacted, _ = seam(text, found(text, "ada ", "PERSON", 0.5), found(text, "lovelace", "X", 0.5))
    assert redacted.text == "write to PERSON_1 X_1 now", "a space between them keeps them apart"
    redacted, _ = seam(
        text, found(text, "lovelace", "X", 0.5), found(text, "ada lo", "PERSON", 0.5)
    )
    assert redacted.text == "write to X_1 now", "the longer one, where both are as sure"


def test_a_part_of_a_word_hides_the_whole_word():
    text = "mail xada99 today"
    redacted, _ = seam(text, found(text, "ada"))
    assert redacted.text == "mail PERSON_1 today"


def test_findings_outside_the_text_are_clipped_or_dropped():
    redacted, _ = seam("call ada", Finding(5, 99, "PERSON", 1), Finding(50, 60, "X", 1))
    assert redacted.text == "call PERSON_1"
    assert seam("call ada", Finding(4, 5, "X", 1), Finding(3, 3, "X", 1))[0].text == "call ada"
    assert seam("", Finding(0, 1, "X", 1))[0].text == ""


@pytest.mark.parametrize("said", ["PERSON_1", "person_1", "Person_1"])
def test_a_placeholder_that_was_said_is_not_forged(said):
    text = f"{said} met ada"
    redacted, originals = seam(text, found(text, "ada"))
    assert redacted.text == f"{said} met PERSON_2"
    assert redacted.entities == (Entity("PERSON", "PERSON_2"),)
    assert originals.restore(redacted.text).reveal() == text


def test_originals_do_not_print_pickle_or_copy_and_can_be_forgotten():
    _, originals = seam("call ada", Finding(5, 8, "PERSON", 1))
    assert "ada" not in f"{originals} {originals!r} {[originals]}"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(originals)
    assert originals.restore("hello PERSON_1").reveal() == "hello ada"
    originals.forget()
    assert originals.restore("hello PERSON_1").reveal() == "hello PERSON_1"
    assert len(originals) == 0
