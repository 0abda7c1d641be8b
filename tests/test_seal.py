"""Sealed rows: they open as what they are, and as nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import SealError
from assistant.private import Private
from storage.seal import LARGEST, Label, encoded, open_sealed, padded_length, seal

KEY = Private(bytes(range(32)))
LABEL = Label("rows", 7, 29_900_000, 29_901_440, "household", "transcript", "history", "c1", 1)

labels = st.builds(
    Label,
    st.text(max_size=6),
    st.integers(),
    st.integers(),
    st.integers(),
    st.text(max_size=6),
    st.text(max_size=6),
    st.text(max_size=6),
    st.text(max_size=6),
    st.integers(0, 9),
)


@given(st.binary(max_size=3000), labels)
def test_a_row_opens_to_what_was_sealed(payload, label):
    assert open_sealed(KEY, seal(KEY, payload, label), label) == payload


@given(labels, labels)
def test_two_labels_never_look_the_same(one, other):
    assert (encoded(one) == encoded(other)) is (one == other)


def test_letters_that_move_from_one_field_to_the_next_make_another_label():
    one = replace(LABEL, subject="ab", category="c")
    assert encoded(one) != encoded(replace(LABEL, subject="a", category="bc"))
    assert encoded(replace(LABEL, made=1, expires=23)) != encoded(
        replace(LABEL, made=12, expires=3)
    )


@pytest.mark.parametrize("name", [field.name for field in fields(Label)])
def test_a_row_opens_under_no_other_label(name):
    value = getattr(LABEL, name)
    other = replace(LABEL, **{name: value + 1 if isinstance(value, int) else value + "x"})
    with pytest.raises(SealError, match="row"):
        open_sealed(KEY, seal(KEY, b"payload", LABEL), other)


@given(st.binary(max_size=200), st.data())
def test_a_changed_or_shortened_row_does_not_open(payload, data):
    sealed = seal(KEY, payload, LABEL)
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    changed = bytearray(sealed)
    changed[place // 8] ^= 1 << place % 8
    for wrong in (bytes(changed), sealed[: place // 8], sealed + b"\0"):
        with pytest.raises(SealError):
            open_sealed(KEY, wrong, LABEL)


def test_a_row_does_not_open_with_another_key():
    with pytest.raises(SealError):
        open_sealed(Private(bytes(32)), seal(KEY, b"payload", LABEL), LABEL)


def test_the_error_says_nothing_of_the_payload_or_the_subject():
    sealed = seal(KEY, b"canary", replace(LABEL, subject="ada"))
    with pytest.raises(SealError) as caught:
        open_sealed(KEY, sealed, replace(LABEL, subject="bob"))
    assert str(caught.value) == "rows row 7: damaged, or sealed as another row"


@given(st.integers(0, 1 << 20))
def test_only_the_bucket_shows_of_a_length(length):
    bucket = padded_length(length)
    assert bucket >= length
    assert bucket % 64 == 0
    assert bucket <= (length + 63 if length <= 1024 else 2 * length - 1)
    assert padded_length(bucket) == bucket


def test_texts_of_one_bucket_seal_to_one_length():
    assert len({len(seal(KEY, bytes(length), LABEL)) for length in range(60)}) == 1


def test_a_payload_that_is_too_long_is_refused():
    with pytest.raises(SealError, match="at most"):
        seal(KEY, bytes(LARGEST + 1), LABEL)
