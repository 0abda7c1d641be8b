"""Power cuts, damage and old copies of the keyslot file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import KeyslotError
from assistant.private import Private
from storage.keyslots import Keyslots
from storage.slots import SLOT_BYTES

MASTER = Private(bytes(range(32)))
OTHER = Private(bytes(range(1, 33)))
NOW = 29_900_000

places = st.one_of(st.integers(0, SLOT_BYTES), st.integers(0, 80), st.just(SLOT_BYTES - 1))


def made(path: Path) -> Keyslots:
    keys = Keyslots.create(path, MASTER, NOW)
    keys.add_consent("gone", "household")
    keys.add_consent("kept", "household")
    return keys


def key(keys: Keyslots, consent: str) -> Private[bytes] | None:
    return keys.row_key(consent, made=NOW, expires=NOW + 60)


@pytest.fixture(scope="module")
def cut(tmp_path_factory) -> tuple[Path, bytes, bytes, Private[bytes] | None]:
    """A file before and after a consent was destroyed, and the key of the other one."""
    path = tmp_path_factory.mktemp("cut") / "keyslots"
    keys = made(path)
    before = path.read_bytes()
    keys.destroy_consent("gone")
    kept = key(keys, "kept")
    keys.close()
    return path, before, path.read_bytes(), kept


@given(place=places)
@settings(max_examples=60, deadline=None)
def test_a_power_cut_while_slot_a_is_written_leaves_slot_b(cut, place):
    path, before, after, kept = cut
    path.write_bytes(after[:place] + before[place:])
    keys = Keyslots.open(path, MASTER)
    assert key(keys, "kept") == kept
    assert (key(keys, "gone") is None) is (place == SLOT_BYTES)
    keys.close()
    check_both_slots_agree(path, kept)


@given(place=places)
@settings(max_examples=60, deadline=None)
def test_a_power_cut_while_slot_b_is_written_brings_no_destroyed_key_back(cut, place):
    path, before, after, kept = cut
    place += SLOT_BYTES
    path.write_bytes(after[:place] + before[place:])
    keys = Keyslots.open(path, MASTER)
    assert key(keys, "gone") is None
    assert key(keys, "kept") == kept
    keys.close()
    check_both_slots_agree(path, kept, "gone")


def check_both_slots_agree(path: Path, kept: Private[bytes] | None, gone: str = "") -> None:
    """Each slot alone opens to the same: what was mended is whole."""
    data = path.read_bytes()
    epochs = set()
    for number in (0, 1):
        alone = bytearray(data)
        alone[(1 - number) * SLOT_BYTES : (2 - number) * SLOT_BYTES] = bytes(SLOT_BYTES)
        path.write_bytes(alone)
        keys = Keyslots.open(path, MASTER)
        epochs.add(keys.epoch)
        assert key(keys, "kept") == kept
        assert not gone or key(keys, gone) is None
        keys.close()
    path.write_bytes(data)
    assert len(epochs) == 1


@given(slot=st.sampled_from([0, 1]), bits=st.sets(st.integers(0, SLOT_BYTES * 8 - 1), min_size=1))
@settings(max_examples=60, deadline=None)
def test_flipped_bits_in_one_slot_are_mended_from_the_other(cut, slot, bits):
    path, _, after, kept = cut
    path.write_bytes(flipped(after, slot, bits))
    keys = Keyslots.open(path, MASTER)
    assert key(keys, "kept") == kept
    assert key(keys, "gone") is None
    keys.close()
    check_both_slots_agree(path, kept, "gone")


@given(one=st.integers(0, SLOT_BYTES * 8 - 1), other=st.integers(0, SLOT_BYTES * 8 - 1))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_in_both_slots_is_one_clear_line_and_changes_nothing(cut, one, other):
    path, _, after, _ = cut
    damaged = flipped(flipped(after, 0, {one}), 1, {other})
    path.write_bytes(damaged)
    with pytest.raises(KeyslotError, match="both slots are damaged") as caught:
        Keyslots.open(path, MASTER)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == damaged


def flipped(data: bytes, slot: int, bits: set[int]) -> bytes:
    changed = bytearray(data)
    for bit in bits:
        changed[slot * SLOT_BYTES + bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("length", [SLOT_BYTES, SLOT_BYTES + 1, 2 * SLOT_BYTES - 1])
def test_a_truncated_slot_b_is_mended(cut, length):
    path, _, after, kept = cut
    path.write_bytes(after[:length])
    keys = Keyslots.open(path, MASTER)
    assert (key(keys, "kept"), key(keys, "gone")) == (kept, None)
    keys.close()
    assert path.stat().st_size == 2 * SLOT_BYTES


@pytest.mark.parametrize("length", [0, 1, 100, SLOT_BYTES - 1])
def test_a_file_truncated_inside_slot_a_is_one_clear_line(cut, length):
    path, _, after, _ = cut
    path.write_bytes(after[:length])
    with pytest.raises(KeyslotError, match="both slots are damaged"):
        Keyslots.open(path, MASTER)
    assert path.stat().st_size == length


def test_a_zeroed_slot_a_is_mended(cut):
    path, _, after, kept = cut
    path.write_bytes(bytes(SLOT_BYTES) + after[SLOT_BYTES:])
    keys = Keyslots.open(path, MASTER)
    assert key(keys, "kept") == kept
    keys.close()


def test_an_old_file_put_back_is_noticed_by_its_epoch(cut):
    path, before, after, _ = cut
    path.write_bytes(after)
    keys = Keyslots.open(path, MASTER)
    noted = keys.epoch
    keys.close()
    path.write_bytes(before)
    with pytest.raises(KeyslotError, match=rf"an old copy \(epoch {noted - 1}, but {noted} was"):
        Keyslots.open(path, MASTER, at_least=noted)
    assert path.read_bytes() == before


def test_another_master_is_one_clear_line_and_changes_nothing(cut):
    path, _, after, _ = cut
    path.write_bytes(after)
    with pytest.raises(KeyslotError, match="belongs to another master key") as caught:
        Keyslots.open(path, OTHER)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == after


def test_a_missing_file_is_one_clear_line_and_not_made_anew(tmp_path):
    with pytest.raises(KeyslotError, match="missing"):
        Keyslots.open(tmp_path / "keyslots", MASTER)
    assert list(tmp_path.iterdir()) == []


def test_a_file_others_may_read_is_refused_with_what_to_type(cut):
    path, _, after, _ = cut
    path.write_bytes(after)
    path.chmod(0o640)
    with pytest.raises(KeyslotError, match=f"chmod 600 {path}"):
        Keyslots.open(path, MASTER)
    path.chmod(0o600)


def test_a_link_is_not_followed(cut, tmp_path):
    path, _, _, _ = cut
    (tmp_path / "keyslots").symlink_to(path)
    with pytest.raises(KeyslotError, match="symbolic links"):
        Keyslots.open(tmp_path / "keyslots", MASTER)


@given(place=st.integers(0, 2 * SLOT_BYTES))
@settings(max_examples=60, deadline=None)
def test_a_rotation_cut_anywhere_opens_with_the_old_or_the_new_master(cut, place):
    path, _, under_old, kept = cut
    path.write_bytes(under_old)
    keys = Keyslots.open(path, OTHER, previous=MASTER)
    keys.close()
    under_new = path.read_bytes()
    path.write_bytes(under_new[:place] + under_old[place:])
    again = Keyslots.open(path, OTHER, previous=MASTER)
    assert (key(again, "kept"), key(again, "gone")) == (kept, None)
    again.close()
    with pytest.raises(KeyslotError, match="another master"):
        Keyslots.open(path, MASTER)
    new = Keyslots.open(path, OTHER)
    assert key(new, "kept") == kept
    new.close()


def test_a_slot_of_another_master_that_is_newer_is_not_overwritten(cut):
    path, before, after, _ = cut
    path.write_bytes(after)
    Keyslots.open(path, OTHER, previous=MASTER).close()
    mixed = path.read_bytes()[:SLOT_BYTES] + before[SLOT_BYTES:]
    path.write_bytes(mixed)
    with pytest.raises(KeyslotError, match="another master"):
        Keyslots.open(path, MASTER)
    assert path.read_bytes() == mixed
