"""The keyslot file: what was destroyed never comes back, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import KeyslotError
from assistant.private import Private
from storage.contents import CONSENTS, MADE_NODES, decoded
from storage.keyslots import Keyslots
from storage.slots import SLOT_BYTES, Slot, opened_slot
from storage.tree import MINUTES

MASTER = Private(bytes(range(32)))
OTHER = Private(bytes(range(1, 33)))
NOW = 29_900_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyslots"


@pytest.fixture
def keys(path: Path) -> Keyslots:
    keys = Keyslots.create(path, MASTER, NOW)
    keys.add_consent("c1", "household")
    keys.add_consent("c2", "person:ada")
    return keys


def key(keys: Keyslots, consent: str = "c1", made: int = NOW, expires: int = NOW + 60):
    return keys.row_key(consent, made=made, expires=expires)


def secrets(path: Path, master: Private[bytes] = MASTER) -> list[set[bytes]]:
    """Every key that stands in slot A, and in slot B."""
    found = []
    for number in (0, 1):
        slot = opened_slot(path.read_bytes()[number * SLOT_BYTES :][:SLOT_BYTES], [master])
        assert isinstance(slot, Slot)
        contents = decoded(slot.content)
        nodes = {*contents.expires.nodes.values(), *contents.made.nodes.values()}
        found.append(nodes | {consent.key for consent in contents.consents.values()})
    return found


def test_a_row_key_is_the_same_again_after_a_restart(keys, path):
    first = key(keys)
    keys.close()
    again = Keyslots.open(path, MASTER)
    assert first is not None
    assert key(again) == first
    assert again.consents() == {"c1": "household", "c2": "person:ada"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size == 2 * SLOT_BYTES


def test_each_consent_and_each_minute_has_its_own_key(keys):
    found = [
        key(keys),
        key(keys, "c2"),
        key(keys, made=NOW + 1),
        key(keys, expires=NOW + 61),
    ]
    assert None not in found
    assert len({private.reveal() for private in found if private}) == 4


def test_a_row_lives_until_the_minute_it_expires_in_has_begun(keys):
    keys.expire(NOW + 59)
    assert key(keys, expires=NOW + 60) is not None
    keys.expire(NOW + 60)
    assert key(keys, expires=NOW + 60) is None
    assert key(keys, expires=NOW + 61) is not None
    assert keys.expired == NOW + 60


def test_time_that_goes_back_destroys_and_returns_nothing(keys):
    keys.expire(NOW + 60)
    epoch = keys.epoch
    assert keys.expire(NOW) == ()
    assert keys.epoch == epoch
    assert key(keys, expires=NOW + 30) is None


def test_a_forgotten_span_is_gone_and_its_neighbours_are_not(keys):
    keys.erase_made(NOW, NOW + 9)
    assert key(keys, made=NOW - 1) is not None
    assert key(keys, made=NOW) is None
    assert key(keys, made=NOW + 9) is None
    assert key(keys, made=NOW + 10) is not None
    assert keys.next_made(NOW + 5) == NOW + 10
    assert keys.next_made(NOW + 12) == NOW + 12


def test_withdrawing_a_consent_leaves_the_others(keys):
    before = key(keys, "c2")
    keys.destroy_consent("c1")
    assert key(keys) is None
    assert key(keys, "c2") == before
    with pytest.raises(KeyslotError, match="no consent c1"):
        keys.destroy_consent("c1")


def test_a_person_is_forgotten_with_all_consents(keys):
    keys.add_consent("c3", "person:ada")
    assert {one.label for one in keys.destroy_subject("person:ada")} == {"c2", "c3"}
    assert keys.consents() == {"c1": "household"}
    assert keys.destroy_subject("person:ada") == ()


def test_a_consent_that_comes_back_does_not_open_old_rows(keys):
    sealed_at, old = keys.epoch, key(keys)
    keys.destroy_consent("c1")
    keys.add_consent("c1", "household")
    assert key(keys) != old
    assert keys.row_key("c1", made=NOW, expires=NOW + 60, epoch=sealed_at) is None
    assert keys.row_key("c1", made=NOW, expires=NOW + 60, epoch=keys.epoch) == key(keys)


def test_when_all_is_destroyed_keeping_starts_afresh(keys, path):
    sealed_at, old = keys.epoch, key(keys)
    before = secrets(path)[0]
    gone = keys.destroy_all()
    assert keys.consents() == {}
    assert {one.kind for one in gone} == {"consent", "expires", "made"}
    keys.add_consent("c1", "household")
    assert key(keys) != old
    assert keys.row_key("c1", made=NOW, expires=NOW + 60, epoch=sealed_at) is None
    assert not before & (secrets(path)[0] | secrets(path)[1])


def test_a_commitment_made_with_the_key_is_the_one_of_its_destruction(keys):
    made = keys.add_consent("c3", "household")
    assert keys.add_consent("c3", "household") == made
    assert keys.destroy_consent("c3") == made
    assert keys.add_consent("c3", "household") != made


def test_commitments_of_minutes_name_what_went(keys):
    (one,) = keys.erase_made(NOW, NOW)
    assert (one.kind, one.label, len(one.sha256)) == ("made", f"{NOW}-{NOW}", 64)
    assert keys.expire(NOW)[-1].kind == "expires"


def test_another_subjects_consent_is_not_taken_over(keys):
    with pytest.raises(KeyslotError, match="another subject"):
        keys.add_consent("c1", "person:bob")


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "ü" * 33])
def test_an_id_that_does_not_fit_is_refused(keys, name):
    for consent, subject in ((name, "household"), ("c9", name)):
        with pytest.raises(KeyslotError, match="printable"):
            keys.add_consent(consent, subject)


def test_a_full_file_says_so_and_loses_nothing(keys):
    for number in range(CONSENTS - 2):
        keys.add_consent(f"{number:064}", "x" * 64)
    with pytest.raises(KeyslotError, match="full with 128"):
        keys.add_consent("one more", "household")
    assert key(keys) is not None


def test_a_file_full_of_everything_still_opens(keys, path):
    for number in range(CONSENTS - 2):
        keys.add_consent(f"{number:064}", "x" * 64)
    fill(keys)
    before = key(keys)
    keys.close()
    assert key(Keyslots.open(path, MASTER)) == before


LONG_AGO = NOW - 100_000


def fill(keys: Keyslots) -> int:
    """Forget every 64th minute until no more fit; give the first that did not."""
    for minute in range(LONG_AGO, NOW, 64):
        try:
            keys.erase_made(minute, minute)
        except KeyslotError as error:
            assert "joins two" in str(error)
            return minute
    raise AssertionError("never full")


def test_too_many_forgotten_spans_are_refused_before_anything_is_lost(keys):
    refused = fill(keys)
    assert key(keys, made=refused) is not None
    assert key(keys, made=NOW) is not None


def test_room_is_made_where_nothing_is_kept(keys):
    refused = fill(keys)
    used = [LONG_AGO - 1, LONG_AGO + 1, refused - 1, refused + 1]
    before = [key(keys, made=minute) for minute in used]
    gone = keys.erase_made(refused, refused, used=used)
    assert key(keys, made=refused) is None
    assert [key(keys, made=minute) for minute in used] == before
    assert None not in before
    assert len(gone) > 100


def test_room_is_not_made_from_what_is_kept(keys):
    refused = fill(keys)
    used = range(LONG_AGO - 1, refused + 1000)
    for minute in range(refused, refused + 640, 64):
        try:
            keys.erase_made(minute, minute, used=used)
        except KeyslotError as error:
            assert f"room for {MADE_NODES}" in str(error)
            assert key(keys, made=minute) is not None
            return
    raise AssertionError("never refused")


def test_the_end_of_time_is_refused(keys):
    with pytest.raises(KeyslotError, match="2097"):
        keys.expire(MINUTES)
    keys.erase_made(0, MINUTES - 1)
    with pytest.raises(KeyslotError, match="no minute is left"):
        keys.next_made(NOW)


def test_a_keyslot_file_is_never_made_over_another(keys, path):
    with pytest.raises(KeyslotError, match="never made anew"):
        Keyslots.create(path, OTHER, NOW)
    assert key(Keyslots.open(path, MASTER)) == key(keys)
