"""`sotto data` and `sotto keys`, as their users call them."""

from __future__ import annotations

import json
import stat
import time
from array import array
from datetime import timedelta

import pytest
import soundfile
from cli import here, one_line

from assistant.private import Private
from assistant.types import Permit
from scripts.storage_faults import permit
from storage.store import open_store

AUDIO = Permit("audio", "training", timedelta(days=2), "keep: audio", "ada", "samples")


@pytest.fixture
def state(tmp_path):
    """A store with ten intents of ada's, two of bob's, a sound and a list."""
    state = tmp_path / "state"
    with open_store(state, {}) as store:
        for consent, subject in (("c1", "ada"), ("c2", "bob"), ("samples", "ada")):
            store.vault.give(consent, subject)
        for number in range(10):
            store.vault.keep(permit("c1"), {"text": f"dim lamp {number}"})
        for number in range(2):
            store.vault.keep(permit("c2", "bob"), {"text": f"open blind {number}"})
        store.vault.keep(AUDIO, {"text": "dim"}, Private(array("h", range(1600)).tobytes()))
        store.vault.put_state("lists", {"items": ["bread"]}, "list")
    return state


def data(state, *words):
    return here("data", *words, "--state", state)


def test_list_says_what_is_kept_and_nothing_of_what_it_says(state):
    ran = data(state, "list", "--json")
    assert len(ran.events) == 14
    assert "dim" not in ran.out
    assert len(data(state, "list", "--json", "--subject", "bob").events) == 2
    assert len(data(state, "list", "--json", "--category", "audio").events) == 1
    today = time.strftime("%Y-%m-%d")
    assert len(data(state, "list", "--json", "--since", today, "--until", today).events) == 14
    assert data(state, "list", "--until", "2020-01-01").out == ""


def test_show_says_what_a_row_says_and_names_the_one_that_is_not_there(state):
    ran = data(state, "show", "1", "99", "--json")
    assert ran.status == 1
    assert ran.events[0]["content"] == {"text": "dim lamp 0"}
    assert "row 99" in ran.err
    assert "dim lamp 1" in data(state, "show", "2").out


def test_export_gives_a_person_everything_in_files_they_can_read(state, tmp_path):
    target = tmp_path / "out"
    ran = data(state, "export", "--subject", "ada", target, "--json")
    assert ran.events[0]["rows"] == {"intent": 10, "audio": 1}
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.iterdir()} == {0o600}
    intents = json.loads((target / "intent.json").read_text())
    assert [row["content"]["text"] for row in intents] == [f"dim lamp {n}" for n in range(10)]
    [sound] = json.loads((target / "audio.json").read_text())
    samples, rate = soundfile.read(target / sound["audio"], dtype="int16")
    assert (rate, samples.tolist()) == (16_000, list(range(1600)))
    assert "intent.json: 10 rows" in (target / "README.txt").read_text()
    again = data(state, "export", "--subject", "ada", target)
    assert (again.status, one_line(again.err)) == (1, True)
    assert "not empty" in again.err


def test_forget_makes_a_person_unreadable_and_gives_a_receipt(state):
    [told] = data(state, "forget", "--subject", "ada", "--json").events
    assert told["rows"] == {"intent": 10, "audio": 1}
    assert {row["subject"] for row in data(state, "list", "--json").events} == {"bob", "household"}
    [receipt] = data(state, "receipts", "--json").events
    assert (receipt["reason"], receipt["subject"]) == ("forget", "ada")
    assert "forget ada" in data(state, "receipts").out
    assert here("audit", "verify", told["receipt"], "--state", state).status == 0
    assert data(state, "verify").status == 0


def test_forget_wants_to_know_exactly_what(state):
    for words in ((), ("--all", "--subject", "ada"), ("--since", "yesterday")):
        ran = data(state, "forget", *words)
        assert (ran.status, one_line(ran.err)) == (2, True)
    ran = data(state, "forget", "--subject", "carol")
    assert (ran.status, one_line(ran.err)) == (1, True)
    assert data(state, "forget", "--all").status == 0
    assert data(state, "list").out == ""


def test_verify_says_what_is_missing_until_somebody_says_they_know(state):
    (state / "vault.db").unlink()
    ran = data(state, "verify", "--json")
    assert ran.status == 1
    assert any(
        "14 rows that were kept are missing" in problem for problem in ran.events[0]["problems"]
    )
    assert data(state, "verify", "--acknowledge").status == 0
    assert data(state, "verify").status == 0


def test_purge_takes_out_a_database_that_was_set_aside(state):
    whole = (state / "vault.db").read_bytes()
    (state / "vault.db").write_bytes(whole[:4096] + bytes(4096) + whole[8192:])
    assert "set" not in data(state, "list").out
    assert data(state, "purge", "--json").events == [{"rows": 0, "databases": 1}]


def test_where_nothing_was_ever_kept_nothing_is_made(tmp_path):
    for words in (("list",), ("verify",), ("purge",), ("receipts",)):
        assert data(tmp_path / "new", *words).status == 0
    assert data(tmp_path / "new", "show", "1").status == 1
    assert not list((tmp_path / "new").iterdir())
    assert here("keys", "status", "--state", tmp_path / "new").status == 2


def test_a_new_master_key_keeps_everything_and_the_receipts_good(state):
    [told] = data(state, "forget", "--subject", "bob", "--json").events
    [before] = here("keys", "status", "--json", "--state", state).events
    [rotated] = here("keys", "rotate", "--json", "--state", state).events
    assert rotated["done"]
    assert rotated["name"] != before["name"]
    assert data(state, "verify").status == 0
    assert len(data(state, "list", "--json").events) == 12
    assert here("audit", "verify", told["receipt"], "--state", state).status == 0


def test_a_recovery_key_brings_the_master_key_back(state, tmp_path):
    paper = tmp_path / "paper"
    paper.write_text(here("keys", "recovery", "--state", state).out)
    (state / "master.key").unlink()
    lost = data(state, "list")
    assert (lost.status, one_line(lost.err)) == (2, True)
    assert here("keys", "recovery", "--import", paper, "--state", state).status == 0
    assert len(data(state, "list", "--json").events) == 14


def test_bad_keys_give_one_clear_line_and_status_2(state, tmp_path):
    (state / "keyslots").write_bytes(bytes(1 << 17))
    for words in (("data", "list"), ("keys", "status")):
        ran = here(*words, "--state", state)
        assert (ran.status, one_line(ran.err)) == (2, True)
