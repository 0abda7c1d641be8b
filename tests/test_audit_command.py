"""`sotto audit` shows, verifies, exports and proves, and says what is wrong in one line."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cli import here, one_line

from scripts.audit_tampering import NOON, entry, outside
from storage.audit import AuditLog
from storage.audit_scan import HEAD, LOG
from storage.checkpoint import AuditKey, read_verifier_key
from storage.entry import Entry
from storage.master import master_key
from storage.receipt import Receipt, keys_digest, sign_receipt


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory with a log of thirty entries."""
    for name in ("CREDENTIALS_DIRECTORY", "SOTTO_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    with opened(place) as log:
        log.append(Entry("opened", NOON, actor="daemon"))
        log.append_many([entry(number) for number in range(1, 30)])
    return place


def opened(state: Path) -> AuditLog:
    return AuditLog.open(state, AuditKey.derive(master_key(state, {})))


def spoil(state: Path) -> None:
    data = (state / LOG).read_bytes()
    (state / LOG).write_bytes(data.replace(b'"c-1"', b'"c-2"', 1))


def test_it_shows_the_last_entries(state):
    ran = here("audit", "show", "--state", state)
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert len(lines) == 20
    assert lines[-1].split()[0] == "29"
    assert "rule family: 29" in lines[-1]
    assert "row 29" in lines[-1]
    assert len(here("audit", "show", "--last", "0", "--state", state).out.splitlines()) == 30
    assert len(here("audit", "show", "--kind", "opened", "--state", state).out.splitlines()) == 1


def test_as_json_it_shows_the_entries_as_they_were_hashed(state):
    ran = here("audit", "show", "--json", "--last", "3", "--state", state)
    assert ran.out.splitlines() == [
        entry(number).encode(number).decode() for number in (27, 28, 29)
    ]


def test_a_log_that_is_right_is_said_to_be(state):
    ran = here("audit", "verify", "--state", state)
    assert (ran.status, ran.err) == (0, "")
    assert "30 entries" in ran.out
    told = here("audit", "verify", "--json", "--state", state).events[0]
    assert (told["entries"], told["problems"], told["unfinished"]) == (30, [], 0)


def test_a_checkpoint_that_was_kept_elsewhere_finds_a_log_that_was_put_back(state, tmp_path):
    old = {name: (state / name).read_bytes() for name in (LOG, HEAD)}
    with opened(state) as log:
        log.append(entry(30))
    witness = tmp_path / "witness.txt"
    witness.write_text(here("audit", "checkpoint", "--state", state).out)
    assert here("audit", "verify", witness, "--state", state).status == 0
    for name, data in old.items():
        (state / name).write_bytes(data)
    assert here("audit", "verify", "--state", state).status == 0
    ran = here("audit", "verify", witness, "--state", state)
    assert ran.status == 1
    assert one_line(ran.err)
    assert "1 of the 31 entries" in ran.err


def test_a_log_that_was_changed_is_named_with_its_place(state):
    spoil(state)
    ran = here("audit", "verify", "--state", state)
    assert (ran.status, ran.out) == (1, "")
    assert "entry 1 " in ran.err
    assert here("audit", "verify", "--json", "--state", state).events[0]["problems"]
    for action in (("checkpoint",), ("prove", "--entry", "1"), ("export", state / "out")):
        ran = here("audit", *action, "--state", state)
        assert ran.status == 1
        assert one_line(ran.err)


def test_what_it_exports_is_checked_with_the_key_it_prints(state, tmp_path):
    out = tmp_path / "out"
    with opened(state) as log:
        gone = Entry("deletion", NOON, reason="forget", digest=keys_digest(()))
        receipt = Receipt(int(NOON), "forget", 1, {}, (), log.prove(log.append(gone)))
        (state / "receipts").mkdir()
        (state / "receipts" / "1.json").write_text(sign_receipt(receipt, log.key))
        key = log.key
    assert here("audit", "export", out, "--state", state).status == 0
    assert {path.name for path in out.iterdir()} == {LOG, "checkpoint", "receipts.jsonl"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    name, public = read_verifier_key(here("audit", "key", "--state", state).out)
    assert (name, public) == (log.origin, key.public)
    assert outside(str(out), key=key) == 0
    ran = here("audit", "verify", out / "checkpoint", out / "receipts.jsonl", "--state", state)
    assert (ran.status, ran.err) == (0, "")
    receipts = (out / "receipts.jsonl").read_text()
    (out / "receipts.jsonl").write_text(receipts.replace("forget", "purged"))
    ran = here("audit", "verify", out / "receipts.jsonl", "--state", state)
    assert ran.status == 1
    assert one_line(ran.err)
    assert here("audit", "export", state, "--state", state).status == 1


def test_a_proof_is_checked_by_a_holder_of_the_key(state, tmp_path):
    path = tmp_path / "proof.json"
    path.write_text(here("audit", "prove", "--entry", "7", "--state", state).out)
    assert json.loads(path.read_text())["entry"] == entry(7).encode(7).decode()
    key = AuditKey.derive(master_key(state, {}))
    assert outside(str(path), key=key) == 0
    assert here("audit", "verify", path, "--state", state).status == 0
    path.write_text(path.read_text().replace("family: 7", "family: 8"))
    assert outside(str(path), key=key) == 1
    assert here("audit", "verify", path, "--state", state).status == 1


def test_a_proof_of_another_log_is_told_from_one_of_this(state, tmp_path):
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    path = tmp_path / "proof.json"
    with AuditLog.open(other, AuditKey.derive(master_key(state, {}))) as log:
        log.append_many([entry(number + 100) for number in range(9)])
        path.write_text(json.dumps(log.prove(3).fields()))
    ran = here("audit", "verify", path, "--state", state)
    assert ran.status == 1
    assert "entry 3 of this log is another one" in ran.err


def test_only_a_damaged_log_is_renewed(state):
    ran = here("audit", "renew", "--state", state)
    assert ran.status == 1
    assert one_line(ran.err)
    spoil(state)
    assert here("audit", "renew", "--state", state).status == 0
    assert (state / f"{LOG}.1").exists()
    assert "audit-log-renewed" in here("audit", "show", "--state", state).out
    assert here("audit", "verify", "--state", state).status == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [(("show",), 1), (("verify",), 1), (("key",), 1), (("renew",), 1)],
)
def test_without_a_log_it_says_so_and_makes_nothing(tmp_path, words, status):
    place = tmp_path / "new"
    ran = here("audit", *words, "--state", place)
    assert ran.status == status
    assert one_line(ran.err)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [("export",), ("export", "a", "b"), ("prove",), ("show", "a"), ("show", "--last", "-1"),
     ("verify", "/nowhere/checkpoint"), ("verify", "/bin/sh")],
)  # fmt: skip
def test_wrong_use_is_told_in_one_line(state, words):
    ran = here("audit", *words, "--state", state)
    assert ran.status == 2
    assert one_line(ran.err)


def test_it_works_while_the_log_is_being_written(state):
    with opened(state) as log:
        for number in range(30, 60):
            log.append(entry(number))
            ran = here("audit", "verify", "--state", state)
            assert ran.status == 0, ran.err
