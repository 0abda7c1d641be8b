"""What goes over a skill's wire, and what can't."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Choice, Number, Placeholder, Words
from plugins.sandbox.closed import WireError
from plugins.sandbox.wire import (
    MOST_BYTES,
    MOST_FETCHED,
    Answer,
    Asks,
    Broken,
    DoIntent,
    Failed,
    Fetch,
    Fetched,
    Frames,
    Ready,
    Said,
    frame,
    from_host,
    from_skill,
)

numbers = st.integers(1, 2**53 - 1)
words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]), max_size=100)
slots = st.one_of(
    words.map(Choice),
    words.map(Words),
    st.floats(allow_nan=False, allow_infinity=False).map(Number),
    st.builds(Placeholder, words, words),
)
errors = st.sampled_from(["ValueError at skill.py:12", "KeyError at <string>:1"])
of_host = st.one_of(
    st.builds(
        DoIntent,
        numbers,
        words,
        st.dictionaries(words, slots, max_size=5),
        words,
        st.dictionaries(words, words, max_size=3),
    ),
    st.builds(Answer, numbers, st.none() | words),
    st.builds(Fetched, numbers, st.integers(0, 999), st.binary(max_size=500), words),
)
of_skill = st.one_of(
    st.builds(Ready, st.lists(words, max_size=9).map(tuple)),
    st.builds(Broken, errors),
    st.builds(Said, numbers, words),
    st.builds(Asks, numbers, words, st.lists(words, max_size=20).map(tuple), st.floats(0, 60)),
    st.builds(Failed, numbers, errors),
    st.builds(Fetch, numbers, words, st.sampled_from(["GET", "POST"]), st.binary(max_size=99)),
)


@given(st.lists(of_host, max_size=4), st.integers(1, 50))
def test_what_the_host_says_arrives_however_it_is_cut(messages, size):
    sent = b"".join(frame(message) for message in messages)
    frames = Frames()
    heard = [
        from_host(message)
        for start in range(0, len(sent), size)
        for message in frames.feed(sent[start : start + size])
    ]
    assert heard == messages


@given(of_skill)
def test_what_a_skill_says_arrives(message):
    assert [from_skill(data) for data in Frames().feed(frame(message))] == [message]


@given(st.binary(max_size=300))
def test_noise_is_refused_and_breaks_nothing(noise):
    for read in (from_skill, from_host):
        with pytest.raises(WireError):
            read(noise)


values = st.sampled_from(
    [None, True, 0, 1, -1, 1.5, 10**400, "", "x", "KeyError at a:1", "GET", [], ["x"], [1], {}]
)
verbs = st.sampled_from(["reply", "ask", "failed", "fetch", "ready", "broken"])


@given(
    st.dictionaries(
        st.sampled_from(["say", "id", "text", "expect", "error", "url", "method", "body"]),
        values | verbs,
    )
)
def test_near_misses_are_refused_or_make_a_message(fields):
    try:
        assert from_skill(json.dumps(fields).encode())
    except WireError as error:
        assert len(str(error)) < 100


@pytest.mark.parametrize(
    "lie",
    [
        "{",
        "[]",
        '{"say":"reply","id":1}',
        '{"say":"reply","id":1,"text":"x","cost":1}',
        '{"say":"reply","id":1,"text":"x","text":"y"}',
        '{"say":"reply","id":"1","text":"x"}',
        '{"say":"reply","id":true,"text":"x"}',
        '{"say":"reply","id":-1,"text":"x"}',
        '{"say":"reply","id":1.0,"text":"x"}',
        '{"say":"reply","id":9007199254740992,"text":"x"}',
        '{"say":"reply","text":"x","id":' + "9" * 5000 + "}",
        '{"say":"reply","id":1,"text":"%s"}' % ("x" * 1001),
        '{"say":"reply","id":1,"text":"\\u001b[2J"}',
        '{"say":"reply","id":1,"text":"\\u0000"}',
        '{"say":"reply","id":1,"text":"\\u202e"}',
        '{"say":"reply","id":1,"text":"\\ud800"}',
        '{"say":"failed","id":1,"error":"call Jane Doe"}',
        '{"say":"failed","id":1,"error":"KeyError at a:1 and Jane Doe"}',
        '{"say":"ask","id":1,"text":"x","expect":[' + ",".join(['"x"'] * 21) + '],"seconds":1}',
        '{"say":"ask","id":1,"text":"x","expect":[1],"seconds":1}',
        '{"say":"ask","id":1,"text":"x","expect":[],"seconds":61}',
        '{"say":"ask","id":1,"text":"x","expect":[],"seconds":true}',
        '{"say":"fetch","id":1,"url":"https://x/","method":"PUT","body":""}',
        '{"say":"fetch","id":1,"url":"https://x/","method":"GET","body":"?"}',
        '{"say":"ready","id":1,"intents":[]}',
        '{"say":"run","id":1}',
        '{"do":"intent","id":1}',
        "[" * 60_000,
    ],
)
def test_a_message_that_breaks_a_rule_is_refused(lie):
    with pytest.raises(WireError):
        from_skill(lie.encode())


@pytest.mark.parametrize("size", [0, 1, MOST_BYTES + 1, 2**32 - 1])
def test_a_frame_of_an_impossible_size_is_refused_by_its_header(size):
    with pytest.raises(WireError, match=f"a message of {size} bytes"):
        list(Frames().feed(size.to_bytes(4, "big")))


def test_the_largest_page_fits_into_a_frame():
    assert len(frame(Fetched(2**53 - 1, 200, bytes(MOST_FETCHED)))) <= MOST_BYTES + 4


@pytest.mark.parametrize(
    "message",
    [Said(1, "x" * MOST_BYTES), Said(1, "\ud800"), DoIntent(1, "A", {"n": Number(1e999)}, "d")],
)
def test_what_no_frame_can_hold_is_not_sent(message):
    with pytest.raises(WireError):
        frame(message)


def test_what_was_said_is_in_no_repr():
    opened = {"PERSON_1": "banana"}
    for message in (
        DoIntent(1, "Call", {"w": Words("banana")}, "d", opened),
        Answer(1, "banana"),
        Said(1, "banana"),
        Asks(1, "banana", ("banana",), 1.0),
        Fetch(1, "https://banana/", "POST", b"banana"),
        Fetched(1, 200, b"banana"),
    ):
        assert "banana" not in repr(message)
