"""Changing the master key, and having it on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import KeyslotError
from assistant.private import Private
from storage.keyslots import Keyslots
from storage.master import master_key
from storage.recovery import import_recovery, recovered_master, recovery_text
from storage.rotation import begin_rotation, finish_rotation, pending_rotation
from storage.slots import SLOT_BYTES

NOW = 29_900_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


def started(state: Path, environment: dict[str, str]) -> Private[bytes] | None:
    """What a start does with the keys; the key of one row."""
    master = master_key(state, environment)
    rotation = pending_rotation(state, master)
    if rotation is not None:
        keys = Keyslots.open(state / "keyslots", rotation.new, previous=rotation.old)
        finish_rotation(state, environment, rotation)
    elif (state / "keyslots").exists():
        keys = Keyslots.open(state / "keyslots", master)
    else:
        keys = Keyslots.create(state / "keyslots", master, NOW)
        keys.add_consent("c1", "household")
    found = keys.row_key("c1", made=NOW, expires=NOW + 9)
    keys.close()
    assert found is not None
    return found


def files(state: Path) -> set[str]:
    return {path.name for path in state.iterdir()}


def test_a_new_key_file_opens_everything_and_the_old_key_nothing(state):
    row = started(state, {})
    old = master_key(state, {})
    begin_rotation(state, {})
    assert started(state, {}) == row
    assert master_key(state, {}) != old
    assert files(state) == {"master.key", "keyslots"}
    with pytest.raises(KeyslotError, match="another master"):
        Keyslots.open(state / "keyslots", old)


def test_a_rotation_broken_off_anywhere_goes_on_at_the_next_start(state):
    row = started(state, {})
    rotation = begin_rotation(state, {})
    assert begin_rotation(state, {}) == rotation
    begun = {path.name: path.read_bytes() for path in state.iterdir()}
    Keyslots.open(state / "keyslots", rotation.new, previous=rotation.old).close()
    moved = (state / "keyslots").read_bytes()
    new_key = rotation.new.reveal().hex().encode() + b"\n"
    for keyslots in (begun["keyslots"], moved):
        for key_file in (begun["master.key"], new_key):
            restore(state, begun | {"keyslots": keyslots, "master.key": key_file})
            assert started(state, {}) == row
            assert master_key(state, {}) == rotation.new
            assert files(state) == {"master.key", "keyslots"}


def restore(state: Path, contents: dict[str, bytes]) -> None:
    for name, data in contents.items():
        (state / name).write_bytes(data)
        (state / name).chmod(0o600)


def test_from_a_key_file_to_a_credential(state, tmp_path):
    row = started(state, {})
    credential = tmp_path / "credentials" / "sotto-master"
    credential.parent.mkdir()
    credential.write_bytes(bytes(range(32)))
    begin_rotation(state, {}, key=credential)
    assert started(state, {}) == row
    assert files(state) == {"master.key", "keyslots", "master.rotation"}
    environment = {"CREDENTIALS_DIRECTORY": str(credential.parent)}
    assert started(state, environment) == row
    assert files(state) == {"keyslots"}
    with pytest.raises(KeyslotError, match="another master"):
        Keyslots.open(state / "keyslots", Private(bytes(32)))


def test_from_one_passphrase_to_another(state, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("the old passphrase")
    new.write_text("the new passphrase")
    with_old, with_new = ({"SOTTO_PASSPHRASE_FILE": str(path)} for path in (old, new))
    row = started(state, with_old)
    with pytest.raises(KeyslotError, match="name the file of the new one"):
        begin_rotation(state, with_old)
    begin_rotation(state, with_old, words=new)
    assert started(state, with_old) == row
    assert started(state, with_new) == row
    assert files(state) == {"keyslots", "master.argon2"}
    with pytest.raises(KeyslotError, match="not the passphrase"):
        master_key(state, with_old)


def test_from_a_key_file_to_a_passphrase(state, tmp_path):
    words = tmp_path / "words"
    words.write_text("correct horse battery")
    row = started(state, {})
    begin_rotation(state, {}, words=words)
    assert started(state, {}) == row
    assert started(state, {"SOTTO_PASSPHRASE_FILE": str(words)}) == row
    assert files(state) == {"keyslots", "master.argon2"}


def test_a_key_is_not_changed_to_itself(state):
    started(state, {})
    with pytest.raises(KeyslotError, match="is the old one"):
        begin_rotation(state, {}, key=state / "master.key")
    assert files(state) == {"keyslots", "master.key"}


def test_a_damaged_rotation_file_is_one_clear_line(state):
    started(state, {})
    begin_rotation(state, {})
    path = state / "master.rotation"
    data = path.read_bytes()
    path.write_bytes(bytes(len(data)))
    with pytest.raises(KeyslotError, match="damaged, or of other master keys"):
        started(state, {})
    path.write_bytes(data[:40])
    with pytest.raises(KeyslotError, match="damaged, or of other master keys"):
        started(state, {})


def test_the_old_key_does_not_stand_in_the_replaced_files(state):
    started(state, {})
    old = (state / "master.key").open("rb")
    begin_rotation(state, {})
    noted = (state / "master.rotation").open("rb")
    started(state, {})
    with old, noted:
        assert set(old.read()) == set(noted.read()) == {0}


keys32 = st.binary(min_size=32, max_size=32).map(Private)


@given(keys32)
def test_a_key_on_paper_is_the_key(key):
    text = recovery_text(key).reveal()
    assert recovered_master(Private(text)) == key
    assert recovered_master(Private(text.lower().replace(" ", "-"))) == key
    typed = "\n".join(text.splitlines()[1:]).replace("0", "O").replace("1", "l")
    assert recovered_master(Private(typed)) == key


@given(keys32, st.integers(0, 63), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_wrong_letter_on_paper_is_noticed(key, place, letter):
    letters = list("".join(recovery_text(key).reveal().split("\n", 1)[1].split()))
    if letters[place] == letter:
        return
    letters[place] = letter
    with pytest.raises(KeyslotError, match="a letter is wrong") as caught:
        recovered_master(Private("".join(letters)))
    assert "".join(letters)[:8] not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "0 letters where 64"), ("ABCD" * 15, "60 letters"), ("ABCD AB?D", "group 2")],
)
def test_a_text_that_is_no_key_is_one_clear_line(text, said):
    with pytest.raises(KeyslotError, match=said):
        recovered_master(Private(text))


def test_a_lost_key_file_comes_back_from_paper(state):
    row = started(state, {})
    paper = recovery_text(master_key(state, {}))
    (state / "master.key").unlink()
    with pytest.raises(KeyslotError, match="recovery --import"):
        started(state, {})
    import_recovery(state, {}, paper)
    assert started(state, {}) == row


def test_a_forgotten_passphrase_is_replaced_from_paper(state, tmp_path):
    words = tmp_path / "words"
    words.write_text("correct horse battery")
    environment = {"SOTTO_PASSPHRASE_FILE": str(words)}
    row = started(state, environment)
    paper = recovery_text(master_key(state, environment))
    with pytest.raises(KeyslotError, match="unset SOTTO_PASSPHRASE_FILE"):
        import_recovery(state, environment, paper)
    import_recovery(state, {}, paper)
    assert started(state, {}) == row
    assert files(state) == {"keyslots", "master.key"}


def test_the_paper_of_another_house_changes_nothing(state):
    started(state, {})
    before = (state / "master.key").read_bytes()
    with pytest.raises(KeyslotError, match="not the one of"):
        import_recovery(state, {}, recovery_text(Private(bytes(32))))
    assert (state / "master.key").read_bytes() == before


def test_while_a_rotation_is_broken_off_both_papers_are_right(state):
    started(state, {})
    before = (state / "keyslots").read_bytes()
    rotation = begin_rotation(state, {})
    Keyslots.open(state / "keyslots", rotation.new, previous=rotation.old).close()
    after = (state / "keyslots").read_bytes()
    (state / "keyslots").write_bytes(after[:SLOT_BYTES] + before[SLOT_BYTES:])
    for key in (rotation.new, rotation.old):
        import_recovery(state, {}, recovery_text(key))
        assert master_key(state, {}) == key


def test_a_credential_must_go_before_paper_is_used(state, tmp_path):
    (tmp_path / "sotto-master").write_bytes(bytes(32))
    with pytest.raises(KeyslotError, match="remove it"):
        import_recovery(
            state, {"CREDENTIALS_DIRECTORY": str(tmp_path)}, recovery_text(Private(bytes(32)))
        )
