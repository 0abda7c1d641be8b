"""Opening what is kept: one process, a directory of one's own, and the right keys."""

from __future__ import annotations

import shutil

import pytest

from assistant.errors import KeyslotError, StateError
from scripts.storage_faults import Hands, permit
from storage import forgetting
from storage.store import open_store


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def test_a_second_process_is_told_who_holds_the_store(state):
    raised = pytest.raises(StateError, match="in use by process")
    with open_store(state, {}), raised, open_store(state, {}):
        pass


def test_a_directory_that_others_can_write_is_refused_with_what_to_type(state):
    state.mkdir()
    state.chmod(0o777)
    with pytest.raises(StateError, match="chmod go-w"), open_store(state, {}):
        pass


def test_keyslots_that_are_missing_are_not_made_anew(state, hands):
    with open_store(state, {}, hands=hands) as store:
        store.vault.give("c1", "ada")
        store.vault.keep(permit("c1"), {})
    (state / "keyslots").unlink()
    with pytest.raises(KeyslotError, match="missing"), open_store(state, {}, hands=hands):
        pass
    assert not (state / "keyslots").exists()


def test_an_old_keyslot_file_put_back_is_noticed(state, hands, tmp_path):
    with open_store(state, {}, hands=hands) as store:
        store.vault.give("c1", "ada")
        store.vault.keep(permit("c1"), {})
        shutil.copy(state / "keyslots", tmp_path / "old")
        forgetting.forget_subject(store.vault, "ada")
    shutil.copy(tmp_path / "old", state / "keyslots")
    with pytest.raises(KeyslotError, match="an old copy"), open_store(state, {}, hands=hands):
        pass


def test_the_database_is_opened_as_it_must_be(state):
    with open_store(state, {}) as store:
        database = store.vault.ledger.database
        settings = {
            name: str(database.execute(f"PRAGMA {name}")[0][0])
            for name in (
                "cipher_memory_security",
                "journal_mode",
                "synchronous",
                "temp_store",
                "secure_delete",
                "mmap_size",
            )
        }
    assert settings == {
        "cipher_memory_security": "1",
        "journal_mode": "wal",
        "synchronous": "2",
        "temp_store": "2",
        "secure_delete": "1",
        "mmap_size": "0",
    }
