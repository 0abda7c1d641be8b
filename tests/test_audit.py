"""The audit log keeps what it was told, in order, and proves it."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import AuditError
from scripts.audit_tampering import (
    KEY,
    NOON,
    OTHER_KEY,
    entry,
    outside,
)
from storage.audit import AuditLog
from storage.audit_file import CHUNK
from storage.audit_scan import HEAD, LOG, read_entries
from storage.checkpoint import read_checkpoint, verifier_key
from storage.entry import Entry
from storage.merkle import is_consistent


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    return place


def opened(directory: Path) -> AuditLog:
    return AuditLog.open(directory, KEY)


def kinds(directory: Path) -> list[str]:
    return [entry.kind for _, entry in read_entries(directory / LOG)]


def test_what_was_appended_is_there_after_opening_it_again(directory):
    with opened(directory) as log:
        assert [log.append(entry(number)) for number in range(3)] == [0, 1, 2]
        assert log.append_many([entry(3), entry(4)]) == range(3, 5)
        assert log.append_many([]) == range(5, 5)
    with opened(directory) as log:
        assert list(log.entries()) == [(number, entry(number)) for number in range(5)]
        assert list(log.entries(1, 3)) == [(1, entry(1)), (2, entry(2))]
        assert log.append(entry(5)) == 5
        assert log.verify().problems == ()


def test_an_entry_is_on_the_disk_when_append_returns(directory):
    log = opened(directory)
    for number in range(20):
        log.append(entry(number))
        assert [index for index, _ in read_entries(directory / LOG)] == list(range(number + 1))
    log.close()


def test_an_append_costs_one_flush_and_a_batch_no_more(directory, monkeypatch):
    flushes = []
    flush = os.fdatasync
    monkeypatch.setattr("os.fdatasync", lambda file: (flushes.append(file), flush(file)))
    log = opened(directory)
    flushes.clear()
    log.append(entry(0))
    log.append_many([entry(number) for number in range(1, 50)])
    assert len(flushes) == 2
    size = (directory / LOG).stat().st_size
    for number in range(50, 100):
        log.append(entry(number))
    assert (directory / LOG).stat().st_size == size == CHUNK
    log.close()


def test_its_files_are_for_their_owner_only(directory):
    opened(directory).close()
    for name in (LOG, HEAD):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600


def test_the_heights_are_the_newest_of_each_name(directory):
    with opened(directory) as log:
        log.append(replace(entry(0), heights={"row": 7, "keyslots": 2}))
        log.append(replace(entry(1), heights={"row": 8}))
        log.append(replace(entry(2), heights={}))
        assert log.heights == {"row": 8, "keyslots": 2}
    with opened(directory) as log:
        assert log.heights == {"row": 8, "keyslots": 2}


def test_a_head_that_was_remembered_is_held_until_the_log_is_put_back(directory, tmp_path):
    with opened(directory) as log:
        log.append(entry(0))
        early = log.head
        shutil.copytree(directory, tmp_path / "old")
        log.append(entry(1))
        late = log.head
        assert log.holds(early)
        assert log.holds(late)
        assert not log.holds(replace(early, root=late.root))
        assert not log.holds(replace(early, origin="sotto/audit/other"))
    with AuditLog.open(tmp_path / "old", KEY) as log:
        assert log.holds(early)
        assert not log.holds(late)


def test_logs_have_origins_of_their_own(tmp_path):
    names = set()
    for name in "ab":
        (tmp_path / name).mkdir()
        with opened(tmp_path / name) as log:
            names.add(log.origin)
    assert len(names) == 2


def test_a_later_log_is_shown_to_continue_an_earlier_checkpoint(directory):
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(7)])
        old = read_checkpoint(log.signed(), KEY.public)
        log.append_many([entry(number) for number in range(7, 20)])
        new = read_checkpoint(log.checkpoint(), KEY.public)
        proof = log.consistency_proof(old.size)
    assert is_consistent(old.size, old.root, new.size, new.root, proof)
    assert not is_consistent(old.size, new.root, new.size, new.root, proof)


@pytest.mark.parametrize("index", [0, 1, 6, 12])
def test_an_entry_is_proven_to_a_holder_of_the_key(directory, index):
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(13)])
        proof = log.prove(index)
    found, said, checkpoint = proof.check(KEY.public)
    assert (found, said, checkpoint.size) == (index, entry(index), 13)
    forged = replace(proof, leaf=entry(99).encode(index))
    for wrong, key in (
        (forged, KEY),
        (replace(proof, path=proof.path[1:]), KEY),
        (proof, OTHER_KEY),
    ):
        with pytest.raises(AuditError):
            wrong.check(key.public)


def test_there_is_no_proof_of_what_is_not_there(directory):
    with opened(directory) as log:
        log.append(entry(0))
        for index in (-1, 1):
            with pytest.raises(AuditError, match="no entry"):
                log.prove(index)


def test_a_log_goes_on_under_another_key_and_the_old_one_vouches_for_it(directory):
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(5)])
        log.rekey(OTHER_KEY, NOON)
        handed_over = (directory / HEAD).read_text()
        log.append(entry(7))
        log.rekey(OTHER_KEY, NOON)
        assert log.size == 8
    for key in (KEY, OTHER_KEY):
        assert read_checkpoint(handed_over, key.public).size == 6
    with AuditLog.open(directory, OTHER_KEY) as log:
        assert log.size == 8
        assert log.verify().problems == ()
    with pytest.raises(AuditError):
        opened(directory)
    old, new = (verifier_key("sotto", key.public) for key in (KEY, OTHER_KEY))
    assert old != new
    assert outside(str(directory), key=OTHER_KEY) == 0
    assert outside(str(directory), key=KEY) == 1


@pytest.mark.parametrize("place", [0, 3, 5])
def test_what_the_old_key_wrote_is_still_covered_under_the_new_one(directory, place):
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(5)])
        log.append(entry(5))
        log.rekey(OTHER_KEY, NOON)
    (directory / HEAD).unlink()
    data = (directory / LOG).read_bytes()
    changed = entry(place).encode(place)
    assert changed in data
    (directory / LOG).write_bytes(data.replace(changed, changed.replace(b"c-1", b"c-2")))
    with pytest.raises(AuditError):
        AuditLog.open(directory, OTHER_KEY)


def test_a_rotation_that_was_broken_off_goes_on_from_either_side(directory, tmp_path):
    with opened(directory) as log:
        log.append(entry(0))
        shutil.copytree(directory, tmp_path / "before")
        announced = Entry("key-created", NOON, label="audit", digest="0" * 64)
        log.append(announced)
        shutil.copytree(directory, tmp_path / "announced")
        log.rekey(OTHER_KEY, NOON)
        shutil.copytree(directory, tmp_path / "after")
    for moment in ("before", "announced", "after"):
        with AuditLog.open(tmp_path / moment, OTHER_KEY, previous=KEY) as log:
            log.rekey(OTHER_KEY, NOON)
            log.append(entry(9))
        with AuditLog.open(tmp_path / moment, OTHER_KEY) as log:
            assert "checkpoint-lost" not in {entry.reason for _, entry in log.entries()}
            assert log.verify().problems == ()


def test_a_key_that_was_announced_and_never_came_changes_nothing(directory):
    with opened(directory) as log:
        log.append(Entry("key-created", NOON, label="audit", digest="0" * 64))
        log.append(entry(1))
    with opened(directory) as log:
        assert log.size == 2
