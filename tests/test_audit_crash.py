"""A crash or a full disk leaves an audit log without gap, double or silence."""

from __future__ import annotations

import errno
import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import AuditError
from scripts.audit_tampering import (
    KEY,
    NOON,
    entry,
    records,
)
from storage.audit import AuditLog
from storage.audit_check import verify
from storage.audit_file import CHUNK, CODE_BYTES, RESERVE, SECTOR, encode_batch, is_torn
from storage.audit_scan import HEAD, LOG, read_entries
from storage.entry import Entry


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    return place


def opened(directory: Path) -> AuditLog:
    return AuditLog.open(directory, KEY)


def kinds(directory: Path) -> list[str]:
    return [entry.kind for _, entry in read_entries(directory / LOG)]


def torn(directory: Path, old: bytes, new: bytes, lost: set[int]) -> None:
    """The file after a power cut that kept the old content of some sectors."""
    sectors = [
        (old if number in lost else new)[number * SECTOR : (number + 1) * SECTOR]
        for number in range(len(new) // SECTOR)
    ]
    (directory / LOG).write_bytes(b"".join(sectors))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 12])
def test_a_batch_that_power_tore_is_taken_away_and_said(directory, size):
    """Every way in which its sectors can be lost, at several places in a sector."""
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(size)])
        old = (directory / LOG).read_bytes()
        log.append_many([entry(number) for number in range(size, size + 8)])
        new = (directory / LOG).read_bytes()
    changed = [
        n
        for n in range(CHUNK // SECTOR)
        if old[n * 512 : n * 512 + 512] != new[n * 512 : n * 512 + 512]
    ]
    assert len(changed) >= 3
    (directory / HEAD).unlink()
    for ways in range(1, 2 ** len(changed)):
        lost = {number for place, number in enumerate(changed) if ways >> place & 1}
        torn(directory, old, new, lost)
        with opened(directory) as log:
            assert log.size == size
            assert log.append(entry(99)) == log.size - 1
            said = [entry for _, entry in log.entries(size)]
        expected = [] if len(lost) == len(changed) else ["repaired"]
        assert [entry.kind for entry in said] == [*expected, "alarm", "permit"]
        (directory / HEAD).unlink()


def test_a_last_batch_that_was_acknowledged_and_then_changed_is_no_crash(directory):
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(7)])
        whole = records(directory)
        log.append(entry(7))
        data = bytearray((directory / LOG).read_bytes())
    for place in range(len(whole) + 1, len(records(directory))):
        changed = data[:]
        changed[place] ^= 4
        (directory / LOG).write_bytes(changed)
        assert verify(directory, KEY, {}).problems
        with pytest.raises(AuditError, match=r"entry 7|missing"):
            opened(directory)


def test_a_batch_that_breaks_off_at_any_sector_is_torn_and_a_whole_one_is_not():
    leaves = [
        replace(entry(number), counts={"rows": number}, heights={}).encode(number)
        for number in range(6)
    ]
    batch = encode_batch(leaves, b"c" * CODE_BYTES).rstrip(b"\n")
    for start in range(SECTOR):
        assert not is_torn(batch, start)
        assert not is_torn(batch.replace(b"family", b"Family"), start)
        for cut in range(SECTOR - start, len(batch), SECTOR):
            assert is_torn(batch[:cut].rstrip(b"\n"), start), (start, cut)


def test_whole_content_is_never_taken_for_torn():
    for start in range(SECTOR):
        content = b"+ " + b"x" * 700 + b"\n0123 {}"
        assert is_torn(content, start) is False
    assert is_torn(b"", 0) is False


def test_room_that_reads_as_zeros_is_room(directory):
    with opened(directory) as log:
        log.append(entry(0))
        data = records(directory) + b"\n"
    (directory / LOG).write_bytes(data + bytes(CHUNK))
    with opened(directory) as log:
        assert log.append(entry(1)) == 1
    with opened(directory) as log:
        assert log.size == 2


def test_a_head_that_is_lost_is_made_again_and_said(directory):
    with opened(directory) as log:
        log.append(entry(0))
    for damage in (b"", b"junk", b"\xff" * 90):
        (directory / HEAD).write_bytes(damage)
        assert any(HEAD in problem for problem in verify(directory, KEY, {}).problems)
        with opened(directory) as log:
            log.append(entry(1))
        assert kinds(directory)[-2:] == ["alarm", "permit"]
        assert verify(directory, KEY, {}).problems == ()


FAILURES = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT]


@pytest.mark.parametrize("code", FAILURES)
@pytest.mark.parametrize("call", ["os.pwrite", "os.fdatasync"])
def test_what_can_t_be_written_was_never_appended(directory, monkeypatch, call, code):
    log = opened(directory)
    log.append(entry(0))
    before = log.head

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    for _ in range(3):
        with monkeypatch.context() as broken:
            broken.setattr(call, fail)
            with pytest.raises(AuditError, match="nothing is stored or sent") as caught:
                log.append_many([entry(1), entry(2)])
            assert os.strerror(code) in str(caught.value)
        assert log.head == before
        assert list(log.entries()) == [(0, entry(0))]
    assert log.append_many([entry(1), entry(2)]) == range(1, 3)
    log.close()
    with opened(directory) as log:
        assert list(log.entries()) == [(number, entry(number)) for number in range(3)]


def test_a_flush_that_fails_and_a_shorter_entry_after_it_leave_no_rest(directory, monkeypatch):
    log = opened(directory)
    write = os.pwrite
    calls = []

    def write_then_die(file: int, data: bytes, place: int) -> int:
        calls.append(place)
        if len(calls) > 1:
            raise OSError(errno.EIO, "gone")
        return write(file, data, place)

    with monkeypatch.context() as broken:
        broken.setattr("os.pwrite", write_then_die)
        broken.setattr("os.fdatasync", lambda _: write_then_die(0, b"", 0))
        with pytest.raises(AuditError):
            log.append_many([entry(number) for number in range(30)])
    assert b"family: 29" in (directory / LOG).read_bytes()
    log.append(Entry("opened", NOON))
    assert b"family" not in (directory / LOG).read_bytes()
    log.close()
    with opened(directory) as log:
        assert log.size == 1


def test_on_a_full_disk_only_what_is_urgent_is_said_and_all_goes_on_when_there_is_room(directory):
    """A real limit of the operating system: the file can't grow."""
    log = opened(directory)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CHUNK + 1000, hard))
    try:
        number = 0
        with pytest.raises(AuditError, match="too large"):  # noqa: PT012  # until it is full
            while True:
                log.append(entry(number))
                number += 1
        assert RESERVE <= CHUNK - len(records(directory)) < RESERVE + 400
        urgent = 0
        with pytest.raises(AuditError, match="too large"):  # noqa: PT012
            while True:
                log.append(Entry("key-destroyed", NOON, label="c-1", digest="0" * 64))
                urgent += 1
        assert urgent >= 60
        assert (directory / LOG).stat().st_size == CHUNK
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.append(entry(number)) == number + urgent
    log.close()
    with opened(directory) as log:
        assert log.size == number + urgent + 1
        assert log.verify().problems == ()


def test_a_checkpoint_that_can_t_be_written_leaves_the_log_going(directory, monkeypatch):
    log = opened(directory)
    log.append(entry(0))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        with pytest.raises(AuditError, match=HEAD):
            log.checkpoint()
    assert log.append(entry(1)) == 1
    log.close()
    opened(directory).close()


def test_a_batch_that_is_too_large_is_refused_whole(directory):
    with opened(directory) as log:
        with pytest.raises(AuditError, match="too many"):
            log.append_many([entry(number) for number in range(500)])
        assert log.append(entry(0)) == 0


# While the disk writes.


def test_what_is_done_meanwhile_is_done_once_and_after_the_entry_was_written(directory):
    there = []
    with opened(directory) as log:
        log.append_many([entry(0)], meanwhile=lambda: there.append(records(directory)))
        assert b"family: 0" in there[0]
        assert len(there) == 1

        def fail() -> None:
            raise ValueError("meanwhile")

        with pytest.raises(ValueError, match="meanwhile"):
            log.append_many([entry(1)], meanwhile=fail)
        assert log.size == 2


def test_what_can_t_be_written_lets_nothing_happen_meanwhile(directory, monkeypatch):
    there = []

    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    log = opened(directory)
    for call, count in (("os.pwrite", 0), ("os.fdatasync", 1)):
        with monkeypatch.context() as broken:
            broken.setattr(call, fail)
            with pytest.raises(AuditError):
                log.append_many([entry(0)], meanwhile=lambda: there.append(1))
        assert len(there) == count
        assert log.size == 0
    log.close()


def test_a_first_start_that_was_cut_off_begins_again(directory):
    (directory / f"{LOG}.new").write_bytes(b"sotto-au")
    with opened(directory) as log:
        log.append(entry(0))
    assert not (directory / f"{LOG}.new").exists()
