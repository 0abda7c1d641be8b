"""An audit log can't be made to say anything else than it was told."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from assistant.errors import AuditError
from scripts.audit_tampering import (
    DEEDS,
    KEY,
    NOON,
    OTHER_KEY,
    entries_of,
    entry,
    is_noticed_elsewhere,
    is_noticed_here,
    kept,
    records,
    tamper,
)
from storage.audit import AuditLog
from storage.audit_check import export, prove, signed_head
from storage.audit_file import CODE_BYTES, encode_batch, header
from storage.audit_scan import HEAD, LOG, read_entries
from storage.checkpoint import fingerprint
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


@pytest.mark.parametrize("seed", range(4))
def test_whoever_holds_the_last_checkpoint_finds_every_change(tmp_path, seed):
    """The short form of scripts/torture_audit.py: sixteen changes a seed."""
    dice = random.Random(seed)
    whole = tmp_path / "whole"
    note = kept(whole, dice, dice.randint(20, 90))
    witness = tmp_path / "witness.txt"
    witness.write_text(note)
    assert not is_noticed_here(whole, note)
    assert not is_noticed_elsewhere(whole, witness)
    for number in range(16):
        changed = tmp_path / "whole-now"
        shutil.copytree(whole, changed)
        for old in tmp_path.glob("whole-old-*"):
            shutil.copytree(old, tmp_path / old.name.replace("whole", "whole-now"))
        deed = tamper(changed, dice)
        assert is_noticed_here(changed, note), (seed, number, deed)
        differs = entries_of(changed) != entries_of(whole)
        assert is_noticed_elsewhere(changed, witness) == differs, (seed, number, deed)
        for copy in tmp_path.glob("whole-now*"):
            shutil.rmtree(copy)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_each_kind_of_change_is_found(tmp_path, deed):
    dice = random.Random(deed.__name__)
    whole = tmp_path / "whole"
    note = kept(whole, dice, 120)
    before = records(whole)
    while records(whole) == before:
        deed(whole, dice)
    assert is_noticed_here(whole, note)


def test_a_changed_log_is_not_opened_and_not_signed(directory):
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(9)])
        log.append(entry(9))
    data = (directory / LOG).read_bytes()
    (directory / LOG).write_bytes(data.replace(b'"c-1"', b'"c-2"', 1))
    for attempt in (
        lambda: opened(directory),
        lambda: signed_head(directory, KEY),
        lambda: prove(directory, KEY, 9),
        lambda: export(directory, KEY, directory / "out", ()),
    ):
        with pytest.raises(AuditError, match="verify") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert not (directory / "out").exists()


def test_what_came_after_the_last_checkpoint_is_not_signed_when_it_was_changed(directory):
    with opened(directory) as log:
        log.append(entry(0))
        log.checkpoint()
        head = (directory / HEAD).read_bytes()
        log.append(entry(1))
    (directory / HEAD).write_bytes(head)
    data = (directory / LOG).read_bytes()
    changed = entry(1).encode(1)
    (directory / LOG).write_bytes(data.replace(changed, changed.replace(b"c-1", b"c-2")))
    with pytest.raises(AuditError, match="entry 1"):
        signed_head(directory, KEY)


def test_nobody_else_can_write_that_it_is_our_key_s_turn(directory):
    """The public key is no secret: naming it must not make what stands before it right."""
    with opened(directory) as log:
        log.append_many([entry(number) for number in range(5)])
    turn = Entry("key-created", NOON, label="audit", digest=fingerprint(KEY.public))
    after = Entry("opened", NOON, reason="rekeyed")
    data = records(directory).replace(b'"c-1"', b'"c-2"', 1) + b"\n"
    for forged in ([turn], [turn, after]):
        lines = [
            encode_batch([said.encode(5 + place)], bytes(CODE_BYTES))
            for place, said in enumerate(forged)
        ]
        (directory / LOG).write_bytes(data + b"".join(lines) + b"\n")
        (directory / HEAD).unlink(missing_ok=True)
        with pytest.raises(AuditError, match="entry 0"):
            opened(directory)


def test_another_log_of_the_same_key_and_entries_is_another_log(tmp_path):
    notes = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir(mode=0o700)
        with opened(tmp_path / name) as log:
            log.append(entry(0))
            notes.append(log.checkpoint())
    assert not is_noticed_here(tmp_path / "one", notes[0])
    assert is_noticed_here(tmp_path / "one", notes[1])
    assert is_noticed_elsewhere(tmp_path / "one", tmp_path / "other" / HEAD)


def test_an_entry_that_is_not_at_its_place_is_not_read_over(directory):
    with opened(directory) as log:
        origin = log.origin
    lines = [encode_batch([entry(n).encode(n)], bytes(CODE_BYTES)) for n in (0, 2)]
    (directory / LOG).write_bytes(header(origin) + b"".join(lines))
    with pytest.raises(AuditError, match="entry 1 is missing"):
        list(read_entries(directory / LOG))


def test_a_log_without_its_file_or_of_another_master_is_not_begun_again(directory):
    with opened(directory) as log:
        log.append(entry(0))
    with pytest.raises(AuditError, match="another master key"):
        AuditLog.open(directory, OTHER_KEY)
    (directory / LOG).unlink()
    with pytest.raises(AuditError, match="renew"):
        opened(directory)


def test_a_renewed_log_says_so_and_keeps_the_old_one(directory):
    with opened(directory) as log:
        log.append(entry(0))
        origin = log.origin
    for number in (1, 2):
        with AuditLog.renew(directory, KEY, NOON) as log:
            assert log.origin != origin
            assert kinds(directory) == ["alarm"]
        assert (directory / f"{LOG}.{number}").exists()
        assert (directory / f"{HEAD}.{number}").exists()
