"""The wrapper around what somebody said."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from assistant.errors import SkillError, outline
from assistant.private import Private
from assistant.types import Transcript, Utterance, Word

CANARY = "kookaburra"
SECRET = Private(CANARY)
TRANSCRIPT = Transcript(7, SECRET, 0.5, (Word(SECRET, 0.0, 0.5),))


@pytest.mark.parametrize(
    "shown",
    [
        f"{SECRET}",
        f"{SECRET!r} {SECRET!s} {SECRET!a}",
        f"{SECRET:>40}",
        "{0}".format(SECRET),  # noqa: UP030, UP032
        "%s %r" % (SECRET, SECRET),  # noqa: UP031
        str([SECRET, {"a": SECRET}]),
        f"{TRANSCRIPT}",
        repr(Utterance(1, 0, 1, 1, "end", Private(CANARY.encode()))),
    ],
)
def test_no_way_of_printing_shows_it(shown):
    assert CANARY not in shown
    assert "[private]" in shown


def test_it_opens_on_purpose():
    assert SECRET.reveal() == CANARY


def test_a_log_line_holds_no_speech(caplog):
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("%s %r", TRANSCRIPT, SECRET)
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    ("leak", "value"),
    [
        *((leak, SECRET) for leak in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash)),
        *((leak, TRANSCRIPT) for leak in (pickle.dumps, copy.deepcopy, json.dumps, hash)),
    ],
)
def test_it_is_not_pickled_copied_hashed_or_made_into_json(leak, value):
    with pytest.raises(TypeError) as raised:
        leak(value)
    assert CANARY not in str(raised.value)


def test_it_has_no_dict_and_no_other_way_in():
    assert not hasattr(SECRET, "__dict__")
    with pytest.raises(TypeError):
        vars(SECRET)
    with pytest.raises(AttributeError):
        SECRET.value = 1


def test_two_are_equal_when_what_they_hold_is():
    assert Private("a") == Private("a")
    assert Private("a") != Private("b")
    assert Private("a") != "a"


def test_the_outline_of_an_error_leaves_its_words_out():
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            raise ValueError(f"could not say {CANARY}") from cause
    except ValueError as error:
        text = outline(error)
    assert CANARY not in text
    assert text.startswith("ValueError at test_private.py:")
    assert "from KeyError at test_private.py:" in text
    assert outline(SkillError("skill lamp: no reply")) == "skill lamp: no reply"
