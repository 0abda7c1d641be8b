"""A deletion receipt says what the log says, and can't be changed."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import AuditError
from assistant.private import Private
from scripts import verify_audit
from scripts.audit_tampering import KEY, NOON, OTHER_KEY, entry, outside
from storage.audit import AuditLog
from storage.audit_scan import HEAD, LOG
from storage.commitment import commit
from storage.entry import Entry
from storage.proof import canonical, read_proof
from storage.receipt import (
    Receipt,
    is_key_of,
    keys_digest,
    read_receipt,
    row_counts,
    sign_receipt,
)

SECRET = b"s" * 32
KEYS = (commit("consent", "c-1", SECRET), commit("made", "29390000-29390063", b"m" * 32))
ROWS = {"transcript": 3, "intent": 0}
SCRIPT = Path(verify_audit.__file__)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    return place


def deleted(log: AuditLog) -> Receipt:
    """A log in which a key was made, used, and destroyed, and the receipt of that."""
    log.append(Entry("key-created", NOON, label="c-1", digest=KEYS[0].sha256))
    log.append_many([entry(number) for number in range(9)])
    gone = Entry(
        "deletion",
        NOON + 60,
        reason="forget",
        subject="ada",
        digest=keys_digest(KEYS),
        counts=row_counts(ROWS),
    )
    proof = log.prove(log.append(gone))
    return Receipt(int(NOON) + 60, "forget", 7, ROWS, KEYS, proof, subject="ada")


def test_a_receipt_is_read_back_as_it_was_signed(directory):
    with AuditLog.open(directory, KEY) as log:
        receipt = deleted(log)
    text = sign_receipt(receipt, KEY)
    assert "\n" not in text
    assert read_receipt(text, KEY.public) == receipt
    assert read_receipt(json.dumps(json.loads(text), indent=2), KEY.public) == receipt


def test_a_commitment_fits_the_key_that_was_destroyed_and_no_other():
    assert is_key_of(KEYS[0], Private(SECRET))
    assert not is_key_of(KEYS[0], Private(b"t" * 32))
    assert not is_key_of(replace(KEYS[0], label="c-2"), Private(SECRET))


@pytest.mark.parametrize(
    "change",
    [
        {"at": 1},
        {"epoch": 8},
        {"rows": {"transcript": 4, "intent": 0}},
        {"subject": "bob"},
        {"reason": "purge"},
        {"keys": []},
        {"since": 1},
        {"signature": "AAAA"},
        {"receipt": 2},
        {"more": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_receipt_that_was_changed_is_refused_here_and_elsewhere(directory, change):
    with AuditLog.open(directory, KEY) as log:
        text = sign_receipt(deleted(log), KEY)
    path = directory / "receipt.json"
    path.write_text(text)
    assert outside(str(path), str(directory / LOG), str(directory / HEAD)) == 0
    path.write_text(json.dumps({**json.loads(text), **change}))
    assert outside(str(path), str(directory / LOG), str(directory / HEAD)) == 1
    with pytest.raises(AuditError, match="receipt"):
        read_receipt(path.read_text(), KEY.public)


@pytest.mark.parametrize(
    "change",
    [{"reason": "purge"}, {"subject": ""}, {"keys": KEYS[:1]}, {"rows": {"transcript": 2}}],
    ids=lambda change: next(iter(change)),
)
def test_a_receipt_that_contradicts_the_log_is_not_signed(directory, change):
    with AuditLog.open(directory, KEY) as log:
        receipt = replace(deleted(log), **change)
    with pytest.raises(AuditError, match="something else"):
        sign_receipt(receipt, KEY)


def test_a_receipt_of_another_key_or_another_entry_is_refused(directory):
    with AuditLog.open(directory, KEY) as log:
        receipt = deleted(log)
        with pytest.raises(AuditError):
            sign_receipt(replace(receipt, proof=log.prove(1)), KEY)
    with pytest.raises(AuditError):
        sign_receipt(receipt, OTHER_KEY)
    with pytest.raises(AuditError, match="did not sign"):
        read_receipt(sign_receipt(receipt, KEY), OTHER_KEY.public)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "7", '{"signature":7}', '{"signature":"é"}', "[" * 99_999]
)
def test_what_is_no_receipt_is_refused_in_one_line(text):
    with pytest.raises(AuditError) as caught:
        read_receipt(text, KEY.public)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"entry": "", "path": [], "checkpoint": 7},
        {"entry": "", "path": ["AA=="], "checkpoint": ""},
        {"entry": "é", "path": [], "checkpoint": ""},
        {"entry": 1, "path": 1, "checkpoint": ""},
    ],
)
def test_what_is_no_proof_is_refused(fields):
    with pytest.raises(AuditError, match="not a proof"):
        read_proof(fields)


def signed_again(text: str, **changes: object) -> str:
    """The receipt with something else in it, by somebody who has the key."""
    fields = {**json.loads(text), **changes}
    del fields["signature"]
    signature = KEY.sign(b"sotto receipt 1\n" + canonical(fields).encode())
    return canonical({**fields, "signature": base64.b64encode(signature).decode()})


@pytest.mark.parametrize(
    "change", [{"receipt": 2}, {"reason": "purge"}, {"rows": {}}, {"keys": []}, {"proof": {}}]
)
def test_not_even_the_key_signs_something_else_than_the_log_says(directory, change):
    with AuditLog.open(directory, KEY) as log:
        text = sign_receipt(deleted(log), KEY)
    assert read_receipt(signed_again(text), KEY.public) == read_receipt(text, KEY.public)
    changed = signed_again(text, **change)
    with pytest.raises(AuditError):
        read_receipt(changed, KEY.public)
    (directory / "receipt.json").write_text(changed)
    if "receipt" not in change:
        assert outside(str(directory / "receipt.json")) == 1
