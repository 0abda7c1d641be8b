"""The keyslot file on full, failing and read-only disks."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.errors import KeyslotError
from assistant.private import Private
from storage.keyslots import Keyslots
from storage.slots import SLOT_BYTES

MASTER = Private(bytes(range(32)))
OTHER = Private(bytes(range(1, 33)))
NOW = 29_900_000


def made(path: Path) -> Keyslots:
    keys = Keyslots.create(path, MASTER, NOW)
    keys.add_consent("gone", "household")
    keys.add_consent("kept", "household")
    return keys


def key(keys: Keyslots, consent: str) -> Private[bytes] | None:
    return keys.row_key(consent, made=NOW, expires=NOW + 60)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Writes beyond this place fail, as on a disk with an error there."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("good", [0, SLOT_BYTES])
def test_a_key_that_could_not_be_destroyed_on_the_disk_is_destroyed_by_the_next_write(
    tmp_path, good
):
    keys = made(tmp_path / "keyslots")
    kept = key(keys, "kept")
    with files_end_at(good), pytest.raises(KeyslotError, match="not yet on the disk"):
        keys.destroy_consent("gone")
    assert key(keys, "gone") is None
    assert not keys.is_settled
    keys.settle()
    assert keys.is_settled
    keys.close()
    again = Keyslots.open(tmp_path / "keyslots", MASTER)
    assert (key(again, "kept"), key(again, "gone")) == (kept, None)


def test_after_a_failed_write_the_slot_that_failed_is_written_first(tmp_path):
    path = tmp_path / "keyslots"
    keys = made(path)
    with files_end_at(SLOT_BYTES + 1000), pytest.raises(KeyslotError, match="slot B not written"):
        keys.destroy_consent("gone")
    slot_a = path.read_bytes()[:SLOT_BYTES]
    with files_end_at(SLOT_BYTES + 2000), pytest.raises(KeyslotError, match="slot B not written"):
        keys.settle()
    assert path.read_bytes()[:SLOT_BYTES] == slot_a
    keys.close()
    again = Keyslots.open(path, MASTER)
    assert key(again, "gone") is None
    assert key(again, "kept") is not None


def test_a_good_slot_under_the_old_master_is_touched_only_after_the_spoilt_one(tmp_path):
    path = tmp_path / "keyslots"
    made(path).close()
    spoilt = path.read_bytes()[: SLOT_BYTES + 100]
    path.write_bytes(spoilt)
    with files_end_at(SLOT_BYTES), pytest.raises(KeyslotError, match="was not mended"):
        Keyslots.open(path, OTHER, previous=MASTER)
    assert path.read_bytes() == spoilt


def test_a_consent_that_could_not_be_written_is_not_used(tmp_path):
    keys = made(tmp_path / "keyslots")
    with files_end_at(0), pytest.raises(KeyslotError, match="slot A not written"):
        keys.add_consent("new", "household")
    assert not keys.has_consent("new")
    assert key(keys, "kept") is not None
    keys.add_consent("new", "household")
    assert key(keys, "new") is not None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount here")
    if done.returncode:
        pytest.skip("only root mounts")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_keys_are_destroyed_on_a_full_disk(small_disk):
    keys = made(small_disk / "keyslots")
    with (small_disk / "ballast").open("wb", buffering=0) as ballast:
        ballast.write(bytes(256 << 10))
    assert os.statvfs(small_disk).f_bavail == 0
    keys.destroy_consent("gone")
    keys.expire(NOW + 5)
    keys.close()
    again = Keyslots.open(small_disk / "keyslots", MASTER)
    assert key(again, "gone") is None
    assert key(again, "kept") is not None
    again.close()


def test_a_keyslot_file_that_does_not_fit_on_the_disk_is_not_left_half_made(small_disk):
    (small_disk / "ballast").write_bytes(bytes(180 << 10))
    with pytest.raises(KeyslotError, match="No space left"):
        Keyslots.create(small_disk / "keyslots", MASTER, NOW)
    assert not (small_disk / "keyslots").exists()


def test_a_read_only_disk_is_one_clear_line(small_disk):
    made(small_disk / "keyslots").close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(KeyslotError, match="Read-only file system"):
        Keyslots.open(small_disk / "keyslots", MASTER)
