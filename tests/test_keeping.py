"""What was agreed is what is kept: policies, consents, the store and the runtime together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant import build
from assistant.agreed import Agreed
from assistant.events import Decided
from assistant.keeping import Keeper
from assistant.private import Private
from assistant.remembered import Remembered
from assistant.types import Choice, Entity, RedactedIntent, RedactedTranscript, Refusal, Utterance
from policies.consents import ConsentLedger
from policies.load import Policies
from storage.rows import Wanted
from storage.store import Store, open_store

CANARY = "zanzibar"
GIVEN = (
    "given: {event_time: 2026-01-01, indication_method: written, indicated_by: household}, "
    "recipient: home, data_subject: household"
)
POLICY = f"""
version: 1
consent:
  words: {{personal_data: transcript, purpose: improvement, {GIVEN}}}
  wishes: {{personal_data: intent, purpose: history, {GIVEN}}}
  samples: {{personal_data: audio, purpose: improvement, {GIVEN}}}
  counts: {{personal_data: metric, purpose: statistics, {GIVEN}}}
  lists: {{personal_data: list, purpose: service, {GIVEN}}}
retention:
  transcript: {{improvement: {{retention_period: P14D}}}}
  intent: {{history: {{retention_period: P7D}}}}
  audio: {{improvement: {{retention_period: P1D}}}}
  metric: {{statistics: {{retention_period: P30D}}}}
  list: {{service: {{retention_period: P365D}}}}
gating: {{otherwise: allow}}
"""
SAID = Utterance(1, 0.0, 2.0, 1.5, "silence", Private(b"\1\0" * 1280))
HEARD = RedactedTranscript(1, "call PERSON_1", (Entity("PERSON", "PERSON_1"),), 0.9)
MEANT = RedactedIntent(1, "CallNumber", {"who": Choice("PERSON_1")})
DONE = Decided(1, "allow", "local: CallNumber")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


def policy_file(state: Path, text: str = POLICY) -> Path:
    path = state.parent / "policy.yaml"
    path.write_text(text)
    return path


@contextmanager
def opened(state: Path, text: str = POLICY) -> Iterator[tuple[Store, Agreed]]:
    policies = Policies((policy_file(state, text),))
    with open_store(state, {}) as store:
        yield store, Agreed(policies, state, store=store)


def kept(store: Store, category: str) -> list[object]:
    rows = store.vault.rows(Wanted(category=category), actor="owner", purpose="test")
    return [row.payload for row in rows]


def kinds(store: Store) -> list[str]:
    return [entry.kind for _, entry in store.audit.entries(0, None)]


def test_each_kind_is_kept_for_as_long_as_the_policy_says_and_no_other(state: Path) -> None:
    with opened(state) as (store, agreed):
        events = Keeper(agreed, store).keep(SAID, HEARD, MEANT, DONE)
        assert {(event.category, event.seconds) for event in events} == {
            ("transcript", 14 * 86_400.0),
            ("intent", 7 * 86_400.0),
            ("audio", 86_400.0),
        }
        assert kept(store, "transcript") == [
            {"text": "call PERSON_1", "types": ["PERSON"], "confidence": 0.9}
        ]
        assert kept(store, "intent") == [{"name": "CallNumber", "slots": {"who": "PERSON_1"}}]
        assert kept(store, "decision") == []


def test_without_a_policy_that_says_so_nothing_but_counts_is_kept(state: Path) -> None:
    with open_store(state, {}) as store:
        keeper = Keeper(Agreed(Policies(), state, store=store), store)
        assert keeper.keep(SAID, HEARD, MEANT, DONE) == []
        keeper.close()
        counts = kept(store, "metric")
        assert [{"utterances", "allow"} <= set(count) for count in counts] == [True]  # type: ignore[arg-type]


def test_a_broken_policy_keeps_nothing_allows_nothing_and_is_in_the_audit_log(state: Path) -> None:
    with opened(state, "version: 1\nconsnet: {}\n") as (store, agreed):
        assert Keeper(agreed, store).keep(SAID, HEARD, MEANT, DONE) == []
        assert isinstance(agreed.act(MEANT, ()), Refusal)
        assert {"policy-refused", "alarm"} <= set(kinds(store))


def test_a_bad_edit_leaves_the_policy_before_and_a_good_one_takes_effect(state: Path) -> None:
    with opened(state) as (store, agreed):
        keeper = Keeper(agreed, store)
        policy_file(state, POLICY + "\nnonsense: [")
        agreed.reload()
        assert len(keeper.keep(SAID, HEARD, MEANT, DONE)) == 3
        policy_file(state, POLICY.replace("  intent: {history", "  decision: {history"))
        agreed.reload()
        assert {event.category for event in keeper.keep(SAID, HEARD, MEANT, DONE)} == {
            "transcript",
            "audio",
        }
        assert kinds(store).count("policy-loaded") == 2


async def test_withdrawing_a_consent_elsewhere_makes_its_rows_unreadable_within_a_second(
    state: Path,
) -> None:
    from policies.model import Indication

    with opened(state) as (store, agreed):
        Keeper(agreed, store).keep(SAID, HEARD, MEANT, DONE)
        watching = asyncio.create_task(agreed.watch())
        policies = Policies((policy_file(state),))
        said = {"event_time": "2026-11-20", "indication_method": "spoken", "indicated_by": "ada"}
        other = ConsentLedger(state / "consents.json")
        other.withdraw("words", Indication.model_validate_json(json.dumps(said)), policies.policy)
        async with asyncio.timeout(10):
            while kept(store, "transcript"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        watching.cancel()
        assert len(kept(store, "intent")) == 1
        assert {"consent-withdrawn", "deletion"} <= set(kinds(store))
        assert not store.vault.keyslots.has_consent("words")


def test_a_consent_withdrawn_while_nothing_ran_is_destroyed_at_the_start(state: Path) -> None:
    with opened(state) as (store, agreed):
        Keeper(agreed, store).keep(SAID, HEARD, MEANT, DONE)
    withdrawn = POLICY.replace(
        "purpose: history,",
        "purpose: history, withdrawn: {event_time: 2026-11-01, indication_method: written, "
        "indicated_by: ada},",
    )
    with opened(state, withdrawn) as (store, _):
        assert kept(store, "intent") == []
        assert len(kept(store, "transcript")) == 1


def test_an_audit_log_that_can_not_be_written_keeps_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from assistant.errors import AuditError

    with opened(state) as (store, agreed):
        keeper = Keeper(agreed, store)
        keeper.keep(SAID, HEARD, MEANT, DONE)

        def full(*_: object, **__: object) -> object:
            raise AuditError("audit.log: No space left on device")

        monkeypatch.setattr(store.audit, "append", full)
        monkeypatch.setattr(store.audit, "append_many", full)
        assert keeper.keep(SAID, HEARD, MEANT, DONE) == []
        assert "utterance 1: not kept" in caplog.text
        monkeypatch.undo()
        assert len(kept(store, "transcript")) == 1


def test_lists_survive_a_restart_under_a_permit_and_are_not_written_without_one(
    state: Path,
) -> None:
    with opened(state) as (store, agreed):
        memory = Remembered(agreed, store)
        assert memory.save("list", {"shopping list": [["milk", False]]})
        assert not memory.save("timer", {"timers": []})
    with opened(state) as (store, agreed):
        memory = Remembered(agreed, store)
        assert memory.load("list") == {"shopping list": [["milk", False]]}
        assert memory.load("timer") == {}


def test_what_was_said_is_in_no_file_of_the_state_directory(state: Path) -> None:
    heard = RedactedTranscript(1, f"add {CANARY} to my list", (), 0.9)
    with opened(state) as (store, agreed):
        Keeper(agreed, store).keep(SAID, heard, MEANT, DONE)
        assert kept(store, "transcript") != []
    files = [path for path in state.rglob("*") if path.is_file()]
    assert len(files) > 4
    for path in files:
        assert CANARY.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_store_opens_for_a_replay_only_where_the_policy_keeps_something(state: Path) -> None:
    from assistant.settings import PolicySettings, Settings

    with build.agreement(Settings(), state, always=False) as under:
        assert under.store is None
    assert list(state.iterdir()) == []
    settings = Settings(policies=PolicySettings(files=(policy_file(state),)))
    with build.agreement(settings, state, always=False) as under:
        assert under.store is not None
