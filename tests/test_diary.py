"""What was heard, kept and sent today is told; what was said last is forgotten, and really gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from assistant.agreed import Agreed
from assistant.diary import Diary
from assistant.errors import AuditError
from assistant.events import Decided
from assistant.keeping import Keeper
from assistant.private import Private
from assistant.recent import Recent, Said, midnight
from assistant.skill import Intent
from assistant.types import Choice, Entity, RedactedIntent, RedactedTranscript, Utterance
from plugins.powers import Forgotten, Today
from plugins.privacy import privacy_skill
from policies.load import Policies
from storage.entry import Entry
from storage.rows import Wanted
from storage.store import Store, open_store
from tests.test_keeping import POLICY, kept

NOON = datetime(2026, 11, 20, 12, 0).timestamp()


class Wall:
    """The machine's clocks, both moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def wall(self) -> float:
        return self.now

    def uptime(self) -> float:
        return self.now - NOON + 1000.0

    def boot(self) -> bytes:
        return bytes(16)

    def is_synchronised(self) -> bool:
        return True


@contextmanager
def opened(state: Path, wall: Wall, text: str = POLICY) -> Iterator[tuple[Store, Keeper, Diary]]:
    policy = state.parent / "policy.yaml"
    policy.write_text(text)
    with open_store(state, {}, hands=wall) as store:
        keeper = Keeper(Agreed(Policies((policy,)), state, store=store), store)
        try:
            yield store, keeper, Diary(store, keeper.recent)
        finally:
            keeper.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


def say(
    keeper: Keeper, number: int, text: str, name: str | None, effect: str | None = "allow"
) -> None:
    """Deal with an utterance at `number` times ten seconds of the source."""
    start = 10.0 * number
    keeper.keep(
        Utterance(number, start, start + 2, start + 1.5, "silence", Private(b"\1\0" * 1280)),
        RedactedTranscript(number, text, (Entity("PERSON", "PERSON_1"),), 0.9),
        None if name is None else RedactedIntent(number, name, {"who": Choice("PERSON_1")}),
        None if effect is None else Decided(number, effect, "local: it"),  # type: ignore[arg-type]
    )


async def test_today_is_told_by_counts_kinds_and_destinations_and_kept_texts(state: Path) -> None:
    wall = Wall()
    with opened(state, wall) as (store, keeper, diary):
        say(keeper, 1, "call PERSON_1", "CallNumber")
        say(keeper, 2, "open sesame", None, None)
        say(keeper, 3, "unlock the door", "HassTurnOff", "refuse")
        sent = Entry("release", store.clock.now(), destination="weather", intent="Get", rule="a:b")
        store.audit.append_many([sent, sent])
        today = await diary.today()
        assert today.heard == {"allow": 1, "not_understood": 1, "refuse": 1}
        assert today.said == ("call PERSON_1", "open sesame", "unlock the door")
        assert today.kept == {"transcripts": 3, "intents": 2, "recordings": 3}
        assert today.sent == {"weather": 2}
        readers = {entry.actor for _, entry in store.audit.entries() if entry.kind == "read"}
        assert readers == {"skill.privacy"}
        skill = privacy_skill(diary, None)
        tell = skill.handlers["TellToday"]
        assert (await tell(Intent.of("TellToday", what="heard"))).text == (
            "Today I heard 3 commands: 1 done, 1 not allowed and 1 not understood. What I keep of "
            'it ends with "call PERSON_1", "open sesame" and "unlock the door".'
        )


async def test_texts_that_are_not_kept_are_not_told_and_counts_survive_a_restart(
    state: Path,
) -> None:
    wall = Wall()
    silent = POLICY.replace("  transcript: {improvement: {retention_period: P14D}}\n", "")
    with opened(state, wall, silent) as (_, keeper, diary):
        say(keeper, 1, "call PERSON_1", "CallNumber")
        assert (await diary.today()).said == ()
        wall.now += 60
    with opened(state, wall, silent) as (_, keeper, diary):
        wall.now += 60
        say(keeper, 1, "call PERSON_1", "CallNumber", "refuse")
        assert (await diary.today()).heard == {"allow": 1, "refuse": 1}
        wall.now += 24 * 3600
        today = await diary.today()
        assert (today.heard, dict(today.kept), dict(today.sent)) == ({}, {}, {})


async def test_the_last_dialogue_is_forgotten_by_its_keys_and_no_other(state: Path) -> None:
    wall = Wall()
    with opened(state, wall) as (store, keeper, diary):
        forgot: list[str] = []
        diary.forget_talk = lambda: forgot.append("talk")
        say(keeper, 1, "an hour ago", "TurnOn")
        wall.now += 3000
        say(keeper, 11, "set a timer", "HassStartTimer")
        say(keeper, 12, "call PERSON_1", "CallNumber")
        store.vault.put_state("list", {"items": ["milk"]}, "list")
        rows = [facts.id for facts in store.vault.facts(Wanted(), actor="owner", purpose="test")]
        forgotten = await diary.forget_last()
        assert forgotten == Forgotten(rows=6, stays=("timers",), sent=())
        assert forgot == ["talk"]
        assert kept(store, "transcript") == [
            {"text": "an hour ago", "types": ["PERSON"], "confidence": 0.9}
        ]
        assert store.vault.get_state("list") == {"items": ["milk"]}
        left = store.vault.facts(Wanted(), actor="owner", purpose="test")
        assert len(left) == len(rows) - 6
        assert "deletion" in [entry.kind for _, entry in store.audit.entries()]
        assert await diary.forget_last() is None


async def test_it_can_be_said_twice_within_a_minute_and_what_left_is_owned_up_to(
    state: Path,
) -> None:
    wall = Wall()
    with opened(state, wall) as (store, keeper, diary):
        for number in (1, 2):
            say(keeper, number, f"number {number}", "Get")
            release = Entry(
                "release", store.clock.now(), destination="weather", intent="Get", rule="a:b"
            )
            store.audit.append(release)
            forgotten = await diary.forget_last()
            assert forgotten is not None
            assert forgotten.rows == 3
            assert forgotten.sent == ("weather",)
            assert kept(store, "transcript") == []


async def test_what_waits_to_be_sent_is_forgotten_with_it(state: Path) -> None:
    given = "given: {event_time: 2026-01-01, indication_method: written, indicated_by: household}"
    text = POLICY.replace(
        "consent:\n",
        "consent:\n  waits: {personal_data: outbox, purpose: sending, recipient: home, "
        f"data_subject: household, {given}}}\n",
    ).replace("retention:\n", "retention:\n  outbox: {sending: {retention_period: P1D}}\n")
    wall = Wall()
    with opened(state, wall, text) as (store, keeper, diary):
        policies = Policies((state.parent / "policy.yaml",))
        permit = Agreed(policies, state, store=store).permit("outbox", "sending")
        assert permit is not None
        for number, destination in ((1, "shop"), (20, "weather")):
            store.vault.keep(permit, {"to": destination}, due=wall.now)
            entry = Entry(
                "release", store.clock.now(), destination=destination, intent="Get", rule="a:b"
            )
            store.audit.append(entry)
            wall.now += 60  # it is answered, and only then kept
            say(keeper, number, "ask the weather", "Get")
            wall.now += 60
        forgotten = await diary.forget_last()
        assert forgotten == Forgotten(rows=4, stays=(), sent=())
        assert kept(store, "outbox") == [{"to": "shop"}]


async def test_a_disk_that_fails_is_said_and_not_called_forgotten(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(state, Wall()) as (store, keeper, diary):
        say(keeper, 1, "call PERSON_1", "CallNumber")

        def full(*_: object, **__: object) -> object:
            raise AuditError("audit.log: No space left on device")

        monkeypatch.setattr(store.audit, "append", full)
        monkeypatch.setattr(store.audit, "append_many", full)
        skill = privacy_skill(diary, None)
        forget = skill.handlers["ForgetThat"]
        assert (await forget(Intent("ForgetThat"))).text.startswith("I could not forget all of it")
        told = await skill.handlers["TellToday"](Intent.of("TellToday", what="kept"))
        assert told.text.startswith("I can't read my records")


async def test_what_was_not_kept_is_forgotten_without_a_row(state: Path) -> None:
    with opened(state, Wall(), "version: 1\ngating: {otherwise: allow}\n") as (_, keeper, diary):
        say(keeper, 1, "add milk", "HassListAddItem")
        skill = privacy_skill(diary, None)
        reply = await skill.handlers["ForgetThat"](Intent("ForgetThat"))
        assert reply.text == "I kept nothing of it. Your lists stay as they are."


def test_utterances_far_apart_are_no_dialogue_and_midnight_begins_a_day() -> None:
    now = [NOON]
    recent = Recent(lambda: now[0])
    recent.add(Said(0.0, 2.0, NOON), "allow")
    recent.add(Said(20.0, 22.0, NOON), "allow")
    assert len(recent.dialogue) == 2
    recent.add(Said(60.0, 62.0, NOON), "refuse")
    assert len(recent.dialogue) == 1
    assert recent.today == {"allow": 2, "refuse": 1}
    now[0] += 12 * 3600
    assert recent.today == {}
    assert midnight(now[0]) == now[0]
    assert Today().heard == {}


def test_of_several_wishes_each_is_kept_and_the_words_once(state: Path) -> None:
    with opened(state, Wall()) as (store, keeper, _):
        also = (RedactedIntent(1, "HassStartTimer", {}), Decided(1, "allow", "local: it"))
        keeper.keep(
            Utterance(1, 0.0, 2.0, 1.5, "silence", Private(b"\1\0" * 1280)),
            RedactedTranscript(1, "call and set", (), 0.9),
            RedactedIntent(1, "CallNumber", {}),
            Decided(1, "allow", "local: it"),
            (also,),
        )
        assert kept(store, "intent") == [
            {"name": "CallNumber", "slots": {}},
            {"name": "HassStartTimer", "slots": {}},
        ]
        assert len(kept(store, "transcript")) == len(kept(store, "audio")) == 1
        assert keeper.recent.dialogue[0].acts == ("CallNumber", "HassStartTimer")
