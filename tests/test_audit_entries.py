"""An audit entry has room for what happened, and none for what was said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AuditError
from scripts.audit_tampering import (
    NOON,
    entry,
)
from storage.entry import KINDS, Entry, decode

SPEECH = ["turn on the lamp", "lamp!", "", "é", "a" * 97, "call\nmum", "5551234567 mum", '"', "{}"]


@pytest.mark.parametrize("words", [words for words in SPEECH if words])
@pytest.mark.parametrize(
    "name",
    ["actor", "rule", "category", "purpose", "subject", "consent", "destination", "intent",
     "reason", "label", "digest"],
)  # fmt: skip
def test_speech_fits_into_no_field(name, words):
    with pytest.raises(AuditError, match=name) as caught:
        replace(entry(0), **{name: words})
    assert words not in str(caught.value)


@pytest.mark.parametrize("name", ["counts", "heights"])
@pytest.mark.parametrize(
    "numbers",
    [{"call mum": 1}, {"rows": -1}, {"rows": 2**53}, {"rows": True}, {"rows": 1.5}, {"": 1},
     {"rows": "7"}, {f"n{number}": 1 for number in range(33)}],
)  # fmt: skip
def test_a_count_is_a_name_and_a_number(name, numbers):
    with pytest.raises(AuditError, match=name):
        replace(entry(0), **{name: numbers})


def test_long_numbers_fit_only_where_programs_give_out_ids():
    assert replace(entry(0), subject="u-20261120", consent="c-1763640000", label="1763640000")
    with pytest.raises(AuditError, match="reason"):
        replace(entry(0), reason="call-5551234567")


@pytest.mark.parametrize("at", [-1.0, float("nan"), float("inf"), 1e12])
def test_a_time_is_one(at):
    with pytest.raises(AuditError, match="not a time"):
        replace(entry(0), at=at)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("permit", "category"), ("read", "actor"), ("release", "destination"), ("alarm", "reason"),
     ("consent-given", "consent"), ("key-created", "label"), ("refusal", "rule")],
)  # fmt: skip
def test_each_kind_says_what_it_must(kind, missing):
    with pytest.raises(AuditError, match=missing):
        Entry(kind, NOON)


def test_there_are_no_other_kinds():
    with pytest.raises(AuditError, match="kind"):
        Entry("note", NOON)  # type: ignore[arg-type]
    assert len(KINDS) == 17


@given(st.integers(0, 2**40), st.floats(0, 3e10), st.integers(0, 2**53 - 1))
def test_an_entry_is_read_back_as_it_was_written(index, at, rows):
    written = replace(entry(1), at=round(at, 3), counts={"rows": rows})
    found, read = decode(written.encode(index))
    assert found == index
    assert read.encode(index) == written.encode(index)
    assert replace(read, at=0) == replace(written, at=0)


@pytest.mark.parametrize(
    "leaf",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"n":0}', b'{"n":0,"at":1,"kind":"opened","x":1}',
     b'{"n":0, "at":1,"kind":"opened"}', b'{"n":"0","at":1,"kind":"opened"}', b"[" * 9999,
     b'{"n":0,"at":1,"kind":["opened"]}', b'{"n":0,"at":1,"kind":"opened","counts":[]}',
     b'{"at":1,"n":0,"kind":"opened"}', b'{"n":0,"at":1,"kind":"opened","counts":{}}'],
)  # fmt: skip
def test_what_is_no_entry_in_its_one_form_is_refused(leaf):
    with pytest.raises(AuditError):
        decode(leaf)
