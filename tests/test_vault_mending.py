"""A database that is damaged, behind or gone is never taken for a whole one."""

from __future__ import annotations

import shutil

import pytest

from assistant.errors import AssistantError, AuditError, KeyslotError, VaultError
from scripts.storage_faults import (
    DATABASE_FILES,
    Hands,
    content,
    master_of,
    numbers,
    permit,
)
from storage import forgetting
from storage.checking import check
from storage.database import Database
from storage.rescue import Secrets, quarantined
from storage.rotation import begin_rotation
from storage.store import open_store

PAGE = 4096


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def state(tmp_path, hands):
    """A store of 60 rows, closed."""
    state = tmp_path / "state"
    with open_store(state, {}, hands=hands) as store:
        store.vault.give("c1", "ada")
        for number in range(1, 61):
            store.vault.keep(permit("c1"), content(number))
    return state


def reasons(store):
    return [finding.reason for finding in store.vault.status.findings]


def copy_database(source, target):
    for name in DATABASE_FILES:
        (target / name).unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copy(source / name, target / name)


def test_a_database_that_is_behind_says_how_many_rows_are_missing(state, hands, tmp_path):
    old = shutil.copytree(state, tmp_path / "old")
    with open_store(state, {}, hands=hands) as store:
        for number in range(61, 68):
            store.vault.keep(permit("c1"), content(number))
    copy_database(old, state)
    with open_store(state, {}, hands=hands) as store:
        assert reasons(store) == ["rows-missing"]
        assert (store.vault.status.lost, store.vault.status.degraded) == (7, True)
        assert store.vault.keep(permit("c1"), content(68)) == 68, "a number is never used twice"
    with open_store(state, {}, hands=hands) as store:
        assert store.vault.status.lost == 7, "a new row doesn't hide the loss"
        assert store.vault.acknowledge() == 7
        assert not store.vault.status.degraded
    with open_store(state, {}, hands=hands) as store:
        assert not store.vault.status.degraded


def test_a_database_and_height_that_are_both_behind_are_shown_by_the_audit_log(
    state, hands, tmp_path
):
    old = shutil.copytree(state, tmp_path / "old")
    with open_store(state, {}, hands=hands) as store:
        for number in range(61, 68):
            store.vault.keep(permit("c1"), content(number))
    copy_database(old, state)
    shutil.copy(old / "vault.height", state / "vault.height")
    with open_store(state, {}, hands=hands) as store:
        assert store.vault.status.lost == 6, "the last announced one may never have been kept"


def test_an_audit_log_that_was_rolled_back_shows(state, hands, tmp_path):
    old = shutil.copytree(state, tmp_path / "old")
    with open_store(state, {}, hands=hands) as store:
        store.vault.keep(permit("c1"), content(61))
    for name in ("audit.log", "audit.head"):
        shutil.copy(old / name, state / name)
    with open_store(state, {}, hands=hands) as store:
        assert reasons(store) == ["audit-behind"]


def test_a_missing_database_is_a_loss_and_not_a_new_beginning(state, hands):
    (state / "vault.db").unlink()
    with open_store(state, {}, hands=hands) as store:
        assert reasons(store) == ["database-missing", "rows-missing"]
        assert store.vault.status.lost == 60


def test_a_missing_height_is_made_anew_and_said(state, hands):
    (state / "vault.height").unlink()
    with open_store(state, {}, hands=hands) as store:
        assert reasons(store) == ["height-missing"]
        assert numbers(store) == set(range(1, 61))


def test_a_damaged_page_costs_its_own_rows_and_the_rest_is_rescued(state, hands, tmp_path):
    whole = (state / "vault.db").read_bytes()
    lost = []
    for page in range(1, len(whole) // PAGE):
        damaged = bytearray(whole)
        damaged[page * PAGE + 1000] ^= 1
        place = shutil.copytree(state, tmp_path / f"page{page}")
        (place / "vault.db").write_bytes(damaged)
        with open_store(place, {}, hands=hands) as store:
            assert "database-damaged" in reasons(store)
            assert store.vault.status.lost == 60 - len(numbers(store))
            assert store.vault.ledger.agrees()
            lost.append(store.vault.status.lost)
            [(aside, _)] = quarantined(place)
            assert (aside / "vault.db").read_bytes() == bytes(damaged), "nothing is destroyed"
    assert lost.count(60) == 1, "the page above all others"
    assert sum(lost) == 60 + 60, "and each row by the one page it stands on"
    assert 0 in lost, "nothing by an index"


def test_a_database_set_aside_ends_with_its_rows(state, hands):
    data = bytearray((state / "vault.db").read_bytes())
    data[PAGE : 2 * PAGE] = bytes(PAGE)
    (state / "vault.db").write_bytes(data)
    with open_store(state, {}, hands=hands) as store:
        [(aside, _)] = quarantined(state)
        hands.now += 86_400 - 120
        store.sweeper.sweep()
        assert aside.exists()
        hands.now += 240
        store.sweeper.sweep()
        assert not aside.exists()


def test_a_damaged_salt_costs_nothing(state, hands):
    data = bytearray((state / "vault.db").read_bytes())
    data[:16] = bytes(16)
    (state / "vault.db").write_bytes(data)
    with open_store(state, {}, hands=hands) as store:
        assert numbers(store) == set(range(1, 61))


def test_a_database_of_another_master_is_left_alone(state, hands, tmp_path):
    with open_store(tmp_path / "other", {}, hands=hands) as store:
        store.vault.give("c1", "bob")
        store.vault.keep(permit("c1"), {})
    copy_database(tmp_path / "other", state)
    before = (state / "vault.db").read_bytes()
    with pytest.raises(VaultError, match="another master key"), open_store(state, {}, hands=hands):
        pass
    assert (state / "vault.db").read_bytes() == before


def test_another_master_key_is_refused_and_nothing_is_touched(state, hands, tmp_path):
    with open_store(tmp_path / "other", {}, hands=hands):
        pass
    shutil.copy(tmp_path / "other" / "master.key", state / "master.key")
    before = {path.name: path.read_bytes() for path in state.iterdir() if path.name != "clock"}
    with pytest.raises((KeyslotError, AuditError)), open_store(state, {}, hands=hands):
        pass
    assert before == {
        path.name: path.read_bytes() for path in state.iterdir() if path.name in before
    }


def test_rows_changed_by_somebody_with_the_master_key_are_found(state, hands):
    secrets = Secrets.derive(master_of(state))
    database = Database(state / "vault.db", secrets.database, secrets.salt)
    with database.change():
        database.execute("UPDATE rows SET sealed = (SELECT sealed FROM rows WHERE id = 7) "
                         "WHERE id = 8")  # fmt: skip
    database.close()
    with open_store(state, {}, hands=hands) as store:
        assert check(store.vault, lambda _done, _total: None).problems == (
            f"{state / 'vault.db'}: its rows are not the ones that were kept",
            "row 8: damaged; it does not open",
        )


def test_a_new_master_key_opens_everything_and_the_old_one_nothing(state, hands):
    with open_store(state, {}, hands=hands) as store:
        store.vault.put_state("lists", {"n": 1}, "list")
        forgetting.forget_span(store.vault, hands.now - 7200, hands.now - 3600)
    old = (state / "master.key").read_bytes()
    begin_rotation(state, {})
    with open_store(state, {}, hands=hands) as store:
        assert not store.vault.status.degraded
        assert len(numbers(store)) == 61
        assert check(store.vault, lambda _done, _total: None).problems == ()
    with open_store(state, {}, hands=hands) as store:
        assert not store.vault.status.degraded
        assert store.vault.get_state("lists") == {"n": 1}
    (state / "master.key").write_bytes(old)
    with pytest.raises(AssistantError), open_store(state, {}, hands=hands):
        pass
