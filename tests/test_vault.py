"""What is kept is kept, for as long as it was agreed, and not a minute longer."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AuditError, VaultError
from assistant.private import Private
from scripts.storage_faults import DAY, Hands, content, master_of, numbers, permit, recovered
from storage import forgetting
from storage.rows import Wanted, packed, unpacked
from storage.store import open_store

MINUTE = timedelta(minutes=1)


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def store(state, hands):
    with open_store(state, {}, hands=hands) as store:
        store.vault.give("c1", "ada")
        yield store


def read(store, **wanted):
    return list(store.vault.rows(Wanted(**wanted), actor="test", purpose="test"))


def test_what_is_kept_is_there_after_a_restart(state, hands):
    with open_store(state, {}, hands=hands) as store:
        store.vault.give("c1", "ada")
        number = store.vault.keep(permit("c1"), {"text": "dim the lamp"})
    with open_store(state, {}, hands=hands) as store:
        [row] = read(store)
        assert (row.facts.id, row.payload) == (number, {"text": "dim the lamp"})
        assert not store.vault.status.degraded


def test_nothing_is_kept_under_a_consent_that_was_not_given(store):
    with pytest.raises(VaultError, match="consent c2"):
        store.vault.keep(permit("c2"), {"text": "no"})
    assert store.vault.status.rows == 0


def test_a_row_is_readable_to_its_last_second_and_gone_a_minute_later(store, hands):
    store.vault.keep(permit("c1", keep_for=timedelta(minutes=5)), {})
    hands.now += 299
    store.sweeper.sweep()
    assert read(store)
    hands.now += 60
    assert not read(store)
    assert store.sweeper.sweep() == 1
    assert store.vault.status.rows == 0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 600)), min_size=1, max_size=12))
def test_no_row_ends_early_and_none_lives_over_a_minute_too_long(tmp_path_factory, plan):
    hands = Hands()
    with open_store(tmp_path_factory.mktemp("s") / "state", {}, hands=hands) as store:
        store.vault.give("c1", "ada")
        ends = {}
        for wait, seconds in plan:
            hands.now += wait
            number = store.vault.keep(permit("c1", keep_for=timedelta(seconds=seconds)), {})
            ends[number] = hands.now + seconds
            store.sweeper.sweep()
            there = numbers(store)
            assert {number for number, end in ends.items() if end > hands.now} <= there
            assert there <= {number for number, end in ends.items() if end + 60 > hands.now}


def test_time_that_jumps_ten_years_neither_deletes_nor_keeps(store, hands):
    store.vault.keep(permit("c1"), {})
    hands.jump = 10 * 365 * 86_400.0
    store.sweeper.sweep()
    assert numbers(store) == {1}
    assert store.vault.status.clock_doubtful
    hands.now += 86_400 + 60
    store.sweeper.sweep()
    assert not numbers(store)


def test_earlier_copies_with_the_master_key_open_nothing_that_ended(state, hands, tmp_path):
    copies = []
    with open_store(state, {}, hands=hands) as store:
        store.vault.give("c1", "ada")
        for number in range(40):
            keep_for = timedelta(minutes=10) if number % 2 else DAY
            store.vault.keep(permit("c1", keep_for=keep_for), content(number))
            if number % 8 == 7:
                store.vault.ledger.tidy()
                copies.append(shutil.copytree(state, tmp_path / f"copy{number}"))
        hands.now += 660
        store.sweeper.sweep()
        alive = numbers(store)
    assert alive == set(range(1, 41, 2))
    master = master_of(state)
    for copy in copies:
        assert recovered(copy, copy / "keyslots", master) - alive, "the attack itself works"
        assert recovered(copy, state / "keyslots", master) <= alive
    assert recovered(copies[-1], state / "keyslots", master) == alive


def test_earlier_copies_with_the_master_key_open_nothing_of_somebody_forgotten(
    state, hands, tmp_path
):
    with open_store(state, {}, hands=hands) as store:
        for consent, subject in (("c1", "ada"), ("c2", "bob"), ("c3", "ada")):
            store.vault.give(consent, subject)
            for number in range(5):
                store.vault.keep(permit(consent, subject), content(number))
        store.vault.ledger.tidy()
        copy = shutil.copytree(state, tmp_path / "copy")
        deleted = forgetting.forget_subject(store.vault, "ada")
        assert deleted.receipt.rows == {"intent": 10}
        assert {row.facts.subject for row in read(store)} == {"bob"}
    found = recovered(copy, state / "keyslots", master_of(state))
    assert found == set(range(6, 11))


def test_forgetting_a_span_takes_whole_minutes_and_leaves_timers_and_lists(store, hands):
    hands.now = hands.now // 60 * 60
    store.vault.put_state("lists", {"items": ["bread"]}, "list")
    for _ in range(6):
        store.vault.keep(permit("c1"), {})
        hands.now += 30
    deleted = forgetting.forget_span(store.vault, hands.now - 120, hands.now - 70)
    assert deleted.receipt.until - deleted.receipt.since == 60
    assert deleted.receipt.rows == {"intent": 2}
    assert len(read(store, category="intent")) == 4
    forgetting.forget_span(store.vault, None, None)
    assert not read(store, category="intent")
    assert store.vault.get_state("lists") == {"items": ["bread"]}
    store.vault.keep(permit("c1"), {"still": "works"})
    assert len(read(store, category="intent")) == 1


def test_forgetting_everything_takes_everything_and_a_new_beginning_works(store, state, tmp_path):
    store.vault.keep(permit("c1"), {})
    store.vault.put_state("timers", {"n": 1}, "timer")
    store.vault.ledger.tidy()
    copy = shutil.copytree(state, tmp_path / "copy")
    assert forgetting.forget_all(store.vault).receipt.rows == {"intent": 1, "timer": 1}
    assert store.vault.get_state("timers") is None
    with pytest.raises(VaultError, match="c1"):
        store.vault.keep(permit("c1"), {})
    store.vault.give("c1", "ada")
    store.vault.keep(permit("c1"), {})
    assert len(read(store)) == 1
    assert not recovered(copy, state / "keyslots", master_of(state))


def test_what_was_taken_off_a_list_is_gone_from_earlier_copies(store, state, tmp_path):
    store.vault.put_state("lists", {"items": ["bread", "wine"]}, "list")
    store.vault.ledger.tidy()
    copy = shutil.copytree(state, tmp_path / "copy")
    store.vault.put_state("lists", {"items": ["bread"]}, "list")
    assert store.vault.get_state("lists") == {"items": ["bread"]}
    assert recovered(copy, copy / "keyslots", master_of(state))
    assert not recovered(copy, state / "keyslots", master_of(state))


def test_the_key_of_a_state_that_a_crash_left_behind_its_successor_goes(store):
    store.vault.put_state("lists", {"n": 1}, "list")
    present = set(store.keyslots.consents())
    store.keyslots.add_consent("state/lists/0", "household")
    store.sweeper.sweep()
    assert store.keyslots.consents().keys() == present
    assert store.vault.get_state("lists") == {"n": 1}


def test_a_withdrawn_consent_takes_its_rows_and_no_others(store, state, tmp_path):
    store.vault.give("c2", "ada")
    store.vault.keep(permit("c1"), {})
    store.vault.keep(permit("c2"), {})
    store.vault.ledger.tidy()
    copy = shutil.copytree(state, tmp_path / "copy")
    forgetting.withdraw(store.vault, "c1")
    assert recovered(copy, state / "keyslots", master_of(state)) == {2}
    assert [row.facts.consent for row in read(store)] == ["c2"]
    store.vault.give("c1", "ada")
    assert [row.facts.consent for row in read(store)] == ["c2"], "given again is not given back"


def test_the_oldest_rows_make_room_where_the_permit_has_a_limit(store, hands):
    for number in range(5):
        store.vault.keep(permit("c1", most=3), content(number))
        hands.now += 60
    assert [row.facts.id for row in read(store)] == [3, 4, 5]
    store.vault.keep(permit("c1", most_bytes=200), content(9))
    assert [row.facts.id for row in read(store)] == [5, 6], "a small row takes 93 bytes"


def test_an_outbox_row_is_due_until_it_is_done(store, hands):
    outgoing = replace(permit("c1"), category="outbox")
    first = store.outbox.put(outgoing, {"n": 1})
    later = store.outbox.put(outgoing, {"n": 2}, due=hands.now + 100)
    assert [row.facts.id for row in store.outbox.due()] == [first]
    hands.now += 101
    assert [row.facts.id for row in store.outbox.due()] == [first, later]
    store.outbox.done([first])
    assert [row.facts.id for row in store.outbox.due()] == [later]
    with pytest.raises(VaultError, match="intent"):
        store.outbox.put(permit("c1"), {})


def test_where_the_audit_log_cannot_be_written_nothing_is_kept(store, monkeypatch):
    def fails(*_args, **_more):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("storage.audit_file.LogFile.append", fails)
    with pytest.raises(AuditError):
        store.vault.keep(permit("c1"), {"text": "no"})
    monkeypatch.undo()
    assert not read(store)
    assert store.vault.ledger.agrees()
    assert store.vault.keep(permit("c1"), {"text": "yes"}) == 1


def test_where_the_audit_log_fails_after_the_row_was_written_the_row_goes_again(store, monkeypatch):
    def flush(_self, _file, meanwhile):
        meanwhile()
        raise OSError(5, "input/output error")

    monkeypatch.setattr("storage.flusher.Flusher.flush", flush)
    with pytest.raises(AuditError):
        store.vault.keep(permit("c1"), {"text": "no"})
    monkeypatch.undo()
    assert not read(store)
    assert store.vault.ledger.agrees()


def test_every_read_says_in_the_audit_log_who_and_what_for(store):
    store.vault.keep(permit("c1"), {"text": "canary"})
    before = store.audit.size
    list(store.vault.rows(Wanted(subject="ada"), actor="skill.lamp", purpose="history"))
    [(_, entry)] = store.audit.entries(before)
    assert (entry.kind, entry.actor, entry.purpose, entry.subject) == (
        "read", "skill.lamp", "history", "ada",
    )  # fmt: skip


def test_what_is_not_json_is_refused_without_a_word_of_it(store):
    with pytest.raises(VaultError) as refused:
        store.vault.keep(permit("c1"), {"text": b"canary"})
    assert "canary" not in str(refused.value)


@given(
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.none())),
    st.binary(),
)
def test_what_was_packed_comes_out(payload, sound):
    plain, audio = unpacked(packed(payload, Private(sound) if sound else None))
    assert plain == payload
    assert (audio.reveal() if audio else b"") == sound
