"""scripts/verify_audit.py checks a log without Sotto, and never calls right what it can't prove."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_receipt import KEYS, deleted

from assistant.errors import AuditError
from scripts import verify_audit
from scripts.audit_tampering import KEY, NOON, entry, outside
from storage.audit import AuditLog
from storage.audit_check import export
from storage.audit_scan import HEAD, LOG
from storage.checkpoint import (
    is_signed,
    verifier_key,
)
from storage.commitment import commit
from storage.entry import Entry
from storage.receipt import (
    Receipt,
    keys_digest,
    sign_receipt,
)

SCRIPT = Path(verify_audit.__file__)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    return place


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [  # RFC 8032, section 7.1, tests 1 to 3
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
         "f9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
         "11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
         "dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ],
)  # fmt: skip
def test_it_knows_the_signatures_of_rfc_8032(public, message, signature):
    given = [bytes.fromhex(text) for text in (public, signature, message)]
    assert verify_audit.is_signed(*given)
    assert is_signed(*given)
    for place in range(3):
        wrong = [*given]
        wrong[place] = bytes([*wrong[place][:-1], 1]) if wrong[place] else b"x"
        if wrong != given:
            assert not _says_right(*wrong)
    beyond = int.from_bytes(given[1][32:], "little") + verify_audit.ORDER
    assert not _says_right(given[0], given[1][:32] + beyond.to_bytes(32, "little"), given[2])


def _says_right(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        return verify_audit.is_signed(public, signature, message)
    except verify_audit.WrongError:
        return False


@given(st.binary(max_size=80), st.integers(0, 511))
def test_it_agrees_with_openssl_on_right_and_wrong_signatures(message, bit):
    signature = KEY.sign(message)
    wrong = bytearray(signature)
    wrong[bit // 8] ^= 1 << bit % 8
    for candidate in (signature, bytes(wrong)):
        ours = verify_audit.is_signed(KEY.public, candidate, message)
        assert ours == is_signed(KEY.public, candidate, message) == (candidate == signature)


def run_alone(*words: str) -> subprocess.CompletedProcess[str]:
    """The script as it runs on another machine: no packages, no environment."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *words],
        capture_output=True, text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def test_an_export_is_checked_with_the_standard_library_alone(directory, tmp_path):
    with AuditLog.open(directory, KEY) as log:
        receipt = sign_receipt(deleted(log), KEY)
        log.append(entry(99))
        origin = log.origin
    out = tmp_path / "out"
    assert export(directory, KEY, out, [receipt]) == 12
    key = verifier_key(origin, KEY.public)
    done = run_alone("--key", key, str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 keys destroyed" in done.stdout
    assert done.stdout.count("right") == 2
    (tmp_path / "key").write_text(key + "\n")
    assert run_alone("--key", str(tmp_path / "key"), str(out)).returncode == 0
    data = (out / LOG).read_bytes()
    (out / LOG).write_bytes(data.replace(b"transcript", b"metric", 1))
    changed = run_alone("--key", key, str(out))
    assert changed.returncode == 1
    assert "WRONG" in changed.stdout
    with pytest.raises(AuditError, match="already"):
        export(directory, KEY, out, [receipt])


def test_a_key_that_was_exchanged_after_it_was_made_is_found_with_the_log(directory):
    with AuditLog.open(directory, KEY) as log:
        other = commit("consent", "c-1", b"other")
        log.append(Entry("key-created", NOON, label="c-1", digest=other.sha256))
        log.append(entry(0))
        gone = Entry("deletion", NOON, reason="forget", digest=keys_digest(KEYS))
        proof = log.prove(log.append(gone))
        text = sign_receipt(Receipt(int(NOON), "forget", 1, {}, KEYS, proof), KEY)
    (directory / "receipt.json").write_text(text)
    assert outside(str(directory / "receipt.json")) == 0
    files = [str(directory / name) for name in (LOG, HEAD, "receipt.json")]
    assert outside(*files) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("junk", b"\xff\xfe\n\n"),
        ("json", b"[]\n7\n"),
        ("deep", b"[" * 99_999),
        ("note", b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAA\n"),
        ("log", b"sotto-audit/1 a\n"),
    ],
)
def test_what_it_does_not_know_is_never_right(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    done = run_alone("--key", verifier_key("a", KEY.public), str(tmp_path / name))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_it_says_what_it_can_t_read(tmp_path):
    for words in (
        ("--key", "a+b+c", str(tmp_path)),
        ("--key", str(tmp_path / "none"), str(tmp_path)),
        ("--key", verifier_key("a", KEY.public), str(tmp_path / "none")),
    ):
        done = run_alone(*words)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_receipt_of_another_log_of_the_same_key_is_not_right_for_this_one(directory, tmp_path):
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    with AuditLog.open(directory, KEY) as log:
        log.append_many([entry(number) for number in range(20)])
    with AuditLog.open(other, KEY) as log:
        (tmp_path / "receipt.json").write_text(sign_receipt(deleted(log), KEY))
    files = [str(directory / name) for name in (LOG, HEAD)]
    assert outside(str(tmp_path / "receipt.json")) == 0
    assert outside(*files) == 0
    assert outside(*files, str(tmp_path / "receipt.json")) == 1
