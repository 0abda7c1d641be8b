"""Digits and letters as people say them, and where in the raw text each of them was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detectors.checks import (
    is_card,
    is_iban,
    is_internet_address,
    is_postcode,
    is_routing_number,
    is_ssn,
    starts_like_iban,
)
from pipeline.detectors.numbers import find_runs
from pipeline.detectors.reading import read


def codes(text: str) -> list[str]:
    return [run.code for run in find_runs(read(text))]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("four seven one one", ["4711"]),
        ("4 7 1 1", ["4711"]),
        ("4711", ["4711"]),
        ("forty seven eleven", ["4711"]),
        ("oh double five triple nine", ["055999"]),
        ("five hundred and five", ["505"]),
        ("two thousand two hundred and twenty seven", ["2227"]),
        ("nineteen hundred", ["1900"]),
        ("two million three hundred thousand and five", ["2300005"]),
        ("one hundred one hundred", ["100100"]),
        ("b as in boy two d for dog x ray", ["b2dx"]),
        ("bravo november six two one tango", ["bn621t"]),
        ("double u four", ["w4"]),
        ("five dash five uh five, um, oh one", ["55501"]),
        ("four five no wait six", ["456"]),
        ("four one I mean two", ["412"]),
        ("three four sorry five", ["345"]),
        ("five five to nine for oh", ["552940"]),
        ("seven won double um five", ["7155"]),
        ("forty one b eleven", ["41b11"]),
        ("(401) 555-3945", ["4015553945"]),
        ("31,000", ["31000"]),
        ("4, 1, 1, 1", ["4111"]),
        ("4. 7. 1. 1.", ["4711"]),
        ("GB45 NWBK 3090", ["gb45nwbk3090"]),
        ("at three p m call five five", ["3", "pm", "55"]),
        ("two to four", ["224"]),
        ("five minutes to four", ["5", "4"]),
        ("seventy two to seventy four", ["72", "74"]),
        ("six ten and six twenty", ["610", "620"]),
        ("3rd 10am 5kg", []),
        ("i am a", []),
        ("4711. Six seven", ["4711", "67"]),
        ("2+2", ["2", "2"]),
    ],
)
def test_what_is_said_for_digits_and_letters(said, expected):
    assert codes(said) == expected


@pytest.mark.parametrize("said", ["my pin is four one", "so", "", "...", "é 👍 \u202e"])
def test_a_text_without_a_code_has_at_most_its_numbers(said):
    assert codes(said) in ([], ["41"])


words = st.lists(
    st.sampled_from(
        [
            "one",
            "two",
            "oh",
            "double",
            "forty",
            "hundred",
            "thousand",
            "and",
            "five",
            "uh",
            "no",
            "wait",
            "b",
            "as",
            "in",
            "boy",
            "dot",
            "dash",
            "to",
            "for",
            "4711",
            "x7",
            "7zns",
            "31,000",
            "a.b",
            ",",
            ".",
            "-",
            "(",
            ")",
            "é",
            "ß",
            "12",
            "٣",
            "ray",
            "mike",
            "m",
            "p",
        ]
    ),
    max_size=30,
).map(" ".join)


@given(words)
def test_every_character_of_a_code_knows_its_words(text):
    reading = read(text)
    last = -1
    for run in find_runs(reading):
        places = run.offsets(reading)
        assert len(places) == len(run.code) == run.digits + run.letters
        assert run.first > last, "runs lie apart"
        last = run.last
        assert places == sorted(places)
        for place in places:
            assert 0 <= place[0] < place[1] <= len(text)
        assert places[0][0] == reading.starts[run.first]
        assert places[-1][1] == reading.ends[run.last]


@given(st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_digits_said_one_by_one_are_read_as_they_are(digits):
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert codes(" ".join(names[int(digit)] for digit in digits)) == [digits]
    assert codes(" ".join(digits)) == [digits]
    assert codes(digits) == [digits]


def test_checks_know_well_formed_numbers():
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert not is_card("41111111111")
    assert is_iban("gb29nwbk60161331926819")
    assert is_iban("de89370400440532013000")
    assert not is_iban("de89370400440532013001")
    assert not is_iban("de8937040044")
    assert starts_like_iban("de8937040044")
    assert not starts_like_iban("xx8937040044")
    assert is_ssn("536904399")
    assert not any(map(is_ssn, ("000904399", "666904399", "936904399", "536004399", "53690439")))
    assert is_routing_number("111000025")
    assert not is_routing_number("111000026")
    assert is_internet_address("10.0.0.1")
    assert not is_internet_address("10.0.0.256")
    assert is_postcode("eh39qn")
    assert is_postcode("k1a0b1")
    assert not is_postcode("12345")
