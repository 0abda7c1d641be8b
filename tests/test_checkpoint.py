"""Checkpoints are what C2SP says, and anything else is refused."""

from __future__ import annotations

import pytest

from assistant.errors import AuditError
from scripts.audit_tampering import KEY, OTHER_KEY
from storage.checkpoint import (
    Checkpoint,
    key_id,
    open_note,
    read_checkpoint,
    read_verifier_key,
    sign_checkpoint,
    verifier_key,
)


def test_a_note_that_another_tool_signed_is_opened():
    """The note and key in the documentation of golang.org/x/mod/sumdb/note."""
    name, public = read_verifier_key(
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    )
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    signature = (
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
        "Zb6KE6RyyBwJnAM="
    )
    note = f"{text}\n\N{EM DASH} {name} {signature}\n"
    assert open_note(note, name, public) == text
    with pytest.raises(AuditError, match="not right"):
        open_note(note.replace("answer", "Answer"), name, public)


def test_a_checkpoint_has_the_lines_of_the_specification():
    note = sign_checkpoint(Checkpoint("sotto/audit/1", 9, b"r" * 32), KEY)
    lines = note.split("\n")
    assert lines[:4] == ["sotto/audit/1", "9", "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=", ""]
    assert lines[4].startswith("\N{EM DASH} sotto/audit/1 ")
    assert lines[5:] == [""]


def test_the_key_id_is_the_one_of_the_note_specification():
    """The published verifier key of sum.golang.org."""
    name, public = read_verifier_key(
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    )
    assert name == "sum.golang.org"
    assert key_id(name, public).hex() == "033de0ae"
    assert verifier_key(name, public).endswith("+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")


def test_a_key_that_was_copied_badly_is_refused():
    key = verifier_key("sotto/audit/1", KEY.public)
    for wrong in ("", key[:-1], key.replace("sotto", "softo"), key + "=", "a+b", "a+b+c"):
        with pytest.raises(AuditError, match="verifier key"):
            read_verifier_key(wrong)


def test_signatures_of_witnesses_are_passed_over_and_ours_must_be_right():
    checkpoint = Checkpoint("sotto/audit/1", 9, b"r" * 32)
    alone, both = sign_checkpoint(checkpoint, KEY), sign_checkpoint(checkpoint, OTHER_KEY, KEY)
    assert read_checkpoint(alone, KEY.public) == read_checkpoint(both, KEY.public) == checkpoint
    with pytest.raises(AuditError, match="without a signature"):
        read_checkpoint(alone, OTHER_KEY.public)
    with pytest.raises(AuditError, match="not right"):
        read_checkpoint(both.replace("\n9\n", "\n8\n"), KEY.public)


@pytest.mark.parametrize(
    "note",
    ["", "\n\n", "a\n1\n", "a\n1\nAA==\n\n", "a\n1\nAA==\n\nx\n",
     "a\n1\nAA==\n\n\N{EM DASH} a AAAA\n", "a\tb\n1\nAA==\n\n\N{EM DASH} a AAAAAAAA\n",
     "a\n1\n\n\N{EM DASH} a AAAAAAAA\n" + "x" * 20_000],
)  # fmt: skip
def test_what_is_no_signed_note_is_refused(note):
    with pytest.raises(AuditError):
        read_checkpoint(note, KEY.public)


@pytest.mark.parametrize(
    "text", ["a\n01\n{root}\n", "a\n-1\n{root}\n", "a\n1\nAA==\n", "a\n\u0661\n{root}\n"]
)
def test_a_signed_note_that_is_no_checkpoint_is_refused(text, monkeypatch):
    text = text.replace("{root}", "r" * 42 + "o=")
    monkeypatch.setattr(Checkpoint, "text", lambda self: text)
    note = sign_checkpoint(Checkpoint("a", 1, b""), KEY)
    assert open_note(note, "a", KEY.public) == text
    with pytest.raises(AuditError, match="no checkpoint"):
        read_checkpoint(note, KEY.public)


def test_a_note_with_a_control_character_is_refused_though_it_is_signed(monkeypatch):
    monkeypatch.setattr(Checkpoint, "text", lambda self: "a\n1\n\x1b[2J\n")
    with pytest.raises(AuditError, match="control character"):
        open_note(sign_checkpoint(Checkpoint("a", 1, b""), KEY), "a", KEY.public)
