"""YAML files are read without surprises, and what is wrong with one is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import strictyaml
from assistant.errors import SettingsError


def read(folder: Path, text: str | bytes) -> object:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return strictyaml.load(path, SettingsError).values


def test_words_that_look_like_other_things_stay_words(tmp_path: Path) -> None:
    text = "a: yes\nb: off\nc: 1:30\nd: 010\ne: 2020-01-01\nf: 1e3\ng: <<\nh: 'true'"
    values = {"a": "yes", "b": "off", "c": "1:30", "d": "010"}
    values |= {"e": "2020-01-01", "f": "1e3", "g": "<<", "h": "true"}
    assert read(tmp_path, text) == values


def test_plain_values_have_their_types(tmp_path: Path) -> None:
    text = "a: true\nb: -3\nc: 0.5\nd: null\ne: ~\nf: [x, {y: 1}]"
    assert read(tmp_path, text) == {
        "a": True, "b": -3, "c": 0.5, "d": None, "e": None, "f": ["x", {"y": 1}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\na: 2", ":2: a stands here twice"),
        ("a: &x 1\nb: *x", ":2: YAML aliases"),
        ("a: 1\n---\nb: 2", ":2: more than one document"),
        ("a:\n- [1", ":2: "),
        ("? [a]\n: 1", ":1: a key must be a word"),
        ("a: !!python/object:os.system x", ":1: a value of an unknown kind"),
        ("a: !!int many", ":1: a value of an unknown kind"),
        ("[" * 5000, "nested more than 32 deep"),
        ("- " * 5000, "nested more than 32 deep"),
        (b"a: \xff\xfe", "byte 3 is not UTF-8"),
        (b"a: \x00", "file.yaml:1: "),
    ],
)
def test_a_bad_file_gives_its_name_and_line(
    tmp_path: Path, text: str | bytes, complaint: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, text)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_huge_file_is_refused_without_being_parsed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="larger than 1024 KiB"):
        read(tmp_path, "a: " + "x" * (10 << 20))


@given(st.text(max_size=200))
def test_no_text_ends_in_another_kind_of_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        read(folder, text.encode("utf-8", "replace"))
    except SettingsError as error:
        assert "file.yaml" in str(error)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_what_was_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    import json

    # JSON is YAML; json.dumps writes surrogate pairs, which YAML has not.
    text = json.dumps(value, ensure_ascii=True)
    if "\\ud" in text:
        return
    assert read(tmp_path_factory.getbasetemp(), text) == value
