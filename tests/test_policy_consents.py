"""The record of consents: durable, private, and withdrawn for good."""

from __future__ import annotations

import json
import os
import stat

import pytest

from assistant.errors import PolicyError
from policies.consents import ConsentLedger, every_consent, withdrawn_ids
from policies.load import load, shipped
from policies.model import Consent, Indication

POLICY = load([shipped("family")])
SAID = Indication(event_time="2026-10-14T12:00", indication_method="command", indicated_by="ada")  # type: ignore[arg-type]
SAMPLES = Consent(
    data_subject="ada",
    personal_data="audio",
    purpose="improvement",
    recipient="home",
    given=SAID,
    valid_until="2026-12-31",  # type: ignore[arg-type]
    hours="22:00-07:00",  # type: ignore[arg-type]
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "consents.json"


def test_what_is_given_is_read_again_as_it_was(path):
    ConsentLedger(path).give("samples", SAMPLES, POLICY)
    again = ConsentLedger(path).current
    assert dict(again.given) == {"samples": SAMPLES}
    assert every_consent(POLICY, again)["samples"].withdrawn is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["consents.json"]


def test_a_withdrawn_consent_stays_withdrawn_also_one_of_a_file(path):
    ledger = ConsentLedger(path)
    ledger.give("samples", SAMPLES, POLICY)
    ledger.withdraw("samples", SAID, POLICY)
    ledger.withdraw("samples", SAID, POLICY)
    ledger.withdraw("order-groceries", SAID, POLICY)
    assert withdrawn_ids(POLICY, ledger.current) == {
        "samples",
        "order-groceries",
        "ben-at-the-stove",
    }
    for used in ("samples", "timers-survive"):
        with pytest.raises(PolicyError, match="never used before"):
            ledger.give(used, SAMPLES, POLICY)
    with pytest.raises(PolicyError, match="none of this id"):
        ledger.withdraw("nobody", SAID, POLICY)


def test_each_change_is_told_once_it_is_written(path):
    told = []

    def tell(change):
        text = path.read_text()
        told.append((change.kind, change.id, change.subject, change.kind in text))

    ledger = ConsentLedger(path, tell)
    ledger.give("samples", SAMPLES, POLICY)
    ledger.withdraw("samples", SAID, POLICY)
    assert told == [("given", "samples", "ada", True), ("withdrawn", "samples", "ada", True)]


def test_a_withdrawal_that_cannot_be_written_still_destroys_the_key(path, monkeypatch):
    told = []
    ledger = ConsentLedger(path, told.append)
    ledger.give("samples", SAMPLES, POLICY)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PolicyError, match="not written: No space left"):
        ledger.withdraw("samples", SAID, POLICY)
    assert [change.kind for change in told] == ["given", "withdrawn"]
    assert path.read_bytes() == before
    assert not path.with_name("consents.json.new").exists()


def test_another_process_is_seen(path):
    mine, theirs = ConsentLedger(path), ConsentLedger(path)
    theirs.give("samples", SAMPLES, POLICY)
    assert mine.changed()
    assert mine.reload() == ()
    theirs.withdraw("samples", SAID, POLICY)
    assert mine.changed()
    assert mine.reload() == ("samples",)
    assert not mine.changed()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"version": 2}', '{"version": 1, "given": {"a": {}}}', '{"more": 1}', "\x00"],
)
def test_a_damaged_record_is_one_line_and_is_not_written_over(path, text):
    path.write_text(text)
    with pytest.raises(PolicyError, match=r"consents\.json:1: .*damaged"):
        ConsentLedger(path)
    path.unlink()
    ledger = ConsentLedger(path)
    ledger.give("samples", SAMPLES, POLICY)
    path.write_text(text)
    with pytest.raises(PolicyError, match="damaged"):
        ledger.reload()
    with pytest.raises(PolicyError, match="damaged"):
        ledger.withdraw("samples", SAID, POLICY)
    assert dict(ledger.current.given) == {"samples": SAMPLES}
    assert path.read_text() == text


def test_a_directory_that_is_not_there_is_one_line(tmp_path):
    ledger = ConsentLedger(tmp_path / "nowhere" / "consents.json")
    with pytest.raises(PolicyError, match="No such file"):
        ledger.give("samples", SAMPLES, POLICY)


def test_a_link_in_the_place_of_the_new_file_is_not_followed(path, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path.with_name("consents.json.new").symlink_to(victim)
    ConsentLedger(path).give("samples", SAMPLES, POLICY)
    assert victim.read_text() == "mine"
    assert json.loads(path.read_text())["given"].keys() == {"samples"}
