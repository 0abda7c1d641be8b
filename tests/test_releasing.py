"""From a grant to a message that left: decided, noted, kept, sent, and withdrawn."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time

import pytest
from door_stage import Listener, until
from releasing_stage import POLICY, door, forecast, heating, home, slots

from assistant.acting import Person, act
from assistant.errors import AuditError, SkillError
from assistant.events import Alarmed
from assistant.parts import Parts
from assistant.private import Private
from assistant.types import Choice, Confirm, Grant, Number, Placeholder, Refusal, Transcript, Words
from pipeline.redact import redact
from plugins.door.cloud import CloudSkill
from plugins.door.link import UNDER_WAY
from plugins.door.packets import Doorstep, Packets
from plugins.door.wire import Sent, State, packed, read_send
from policies.consents import joint
from storage.rows import Wanted


async def test_what_is_granted_is_sent_to_everybody_it_is_shared_with(tmp_path):
    with home(tmp_path) as here:
        async with (
            Listener() as broker,
            door(here, broker.port) as published,
            here.releasing() as releasing,
        ):
            releasing.grant(forecast(7, "oslo", hours=Number(3), note=Words("with an umbrella")))
            await until(lambda: len(here.sent) == 2)
            await until(lambda: here.waiting == 0)
    assert {one.topic: json.loads(one.payload)["slots"] for one in published} == {
        "sotto/home/weather/intent": {"city": {"choice": "oslo"}, "hours": {"number": 3}},
        "sotto/home/boiler/intent": {},
    }
    assert {(one.id, one.destination, one.intent) for one in here.sent} == {
        (7, "weather", "GetForecast"),
        (7, "boiler", "GetForecast"),
    }
    assert {one.payload.encode() for one in here.sent} == {one.payload for one in published}
    assert {(one.id, one.category, one.purpose) for one in here.kept} == {(7, "outbox", "service")}


async def test_the_audit_log_knows_of_a_release_before_anything_leaves(tmp_path):
    with home(tmp_path) as here:
        async with here.releasing() as releasing:
            releasing.grant(heating(1, 20.5))
            await until(lambda: here.kept)
        [entry] = here.entries("release")
        assert (entry.destination, entry.intent, entry.consent, entry.category) == (
            "boiler", "SetHeating", "heating", "intent",
        )  # fmt: skip
        assert entry.rule == "policy.yaml:sharing.boiler.intents.SetHeating"
        kinds = [one.kind for _, one in here.store.audit.entries()]
        assert kinds.index("release") < kinds.index("permit")
        assert here.entries("permit")[-1].consent == joint("heating", "until-sent")


@pytest.mark.parametrize(
    ("intent", "rule"),
    [
        (forecast(1, "paris"), "weather: not described: the value of slot city"),
        (heating(1, 20.3), "boiler: not described: the value of slot degrees"),
        (forecast(1, who=Words("ada")), "weather: not described: the value of slot who"),
        (forecast(1, city="rome", street=Choice("elm")), "weather: not shared: slot street"),
    ],
)
async def test_what_the_schema_does_not_describe_stays_and_is_noted_once(tmp_path, intent, rule):
    destination, reason = rule.split(": ", 1)
    with home(tmp_path) as here:
        async with here.releasing() as releasing:
            for _ in range(3):
                releasing.grant(intent)
        refused = [one for one in here.entries("refusal") if one.destination == destination]
        assert len(refused) == 1
        assert refused[0].intent == intent.name
        assert not [one for one in here.entries("release") if one.destination == destination]
        assert isinstance(here.agreed.release(intent, destination, 0), Refusal)
        assert here.agreed.release(intent, destination, 0).rule == reason


async def test_a_number_leaves_on_its_step_and_a_name_as_its_type(tmp_path):
    with home(tmp_path) as here:
        async with (
            Listener() as broker,
            door(here, broker.port) as published,
            here.releasing() as releasing,
        ):
            releasing.grant(heating(1, 20.500_000_1))
            releasing.grant(forecast(2, who=Placeholder("PERSON_4", "PERSON")))
            await until(lambda: len(published) == 2)
        release = here.agreed.release(heating(1, 20.500_000_1), "boiler", 0)
        assert release.intent.slots["degrees"] == Number(20.5)
    assert slots(published)[0] == {"degrees": {"number": 20.5}}
    assert slots(published)[1]["who"] == {"placeholder": "PERSON"}


async def test_the_messages_of_a_day_are_counted_over_restarts(tmp_path):
    policy = POLICY.replace("messages_per_day: 2000}", "messages_per_day: 3}")
    for number in range(3):
        with home(tmp_path, policy) as here:
            async with here.releasing() as releasing:
                releasing.grant(heating(number, 20))
                releasing.grant(heating(number, 21))
            released = len(here.entries("release"))
    assert released == 3


async def test_yesterdays_messages_count_no_more(tmp_path):
    policy = POLICY.replace("messages_per_day: 2000}", "messages_per_day: 1}")
    with home(tmp_path, policy) as here:
        async with here.releasing() as releasing:
            releasing.grant(heating(1, 20))
            releasing.grant(heating(2, 20))
            await until(lambda: len(here.entries("refusal")) == 1)
            a_day_on = here.store.clock.now() + 86_400
            here.store.vault.clock.now = lambda: a_day_on  # type: ignore[method-assign]
            releasing.grant(heating(3, 20))
            await until(lambda: len(here.kept) == 2)


async def test_without_leave_to_wait_nothing_is_sent_and_the_log_says_why(tmp_path, caplog):
    policy = POLICY.replace("retention:\n  outbox:", "retention:\n  timer:")
    with home(tmp_path, policy) as here:
        async with here.releasing() as releasing:
            releasing.grant(heating(1, 20))
        assert here.entries("release") == []
        assert "retention: outbox" in caplog.text
        assert [one.category for one in here.entries("refusal")] == ["outbox"]


@pytest.mark.parametrize("consent", ["heating", "until-sent"])
async def test_a_withdrawn_consent_takes_what_waits_with_it_and_its_key(tmp_path, consent):
    with home(tmp_path) as here:
        async with here.releasing() as releasing:
            for number in range(5):
                releasing.grant(heating(number, 20))
            releasing.grant(forecast(9))
            await until(lambda: len(here.kept) == 7)
            assert here.waiting == 7
            key = joint("heating", "until-sent")
            assert here.store.vault.keyslots.has_consent(key)
            withdrawn = (
                "{event_time: 2026-11-01, indication_method: spoken, indicated_by: household}"
            )
            here.change(f"  {consent}:\n    {{", f"  {consent}:\n    {{withdrawn: {withdrawn}, ")
            assert not here.store.vault.keyslots.has_consent(key)
            left = here.store.vault.facts(Wanted(category="outbox"), actor="owner", purpose="test")
            assert len(left) == (0 if consent == "until-sent" else 1)
            async with Listener() as broker, door(here, broker.port) as published:
                releasing.grant(heating(10, 21))
                if consent == "heating":
                    await until(lambda: published)
                await asyncio.sleep(0.3)
        kept_back = [one for one in published if "boiler" in one.topic]
        assert kept_back == []


async def test_a_consent_that_is_not_valid_now_holds_back_what_waits(tmp_path):
    with home(tmp_path) as here:
        async with here.releasing() as releasing:
            releasing.grant(heating(1, 20))
            await until(lambda: here.kept)
            here.change("purpose: heating, ", "valid_until: 2026-01-02, purpose: heating, ")
            async with Listener() as broker, door(here, broker.port) as published:
                releasing.grant(forecast(2))
                await until(lambda: len(published) == 1)
                assert "weather" in published[0].topic
                await until(lambda: here.waiting == 1)
                here.change("valid_until: 2026-01-02, ", "")
                await until(lambda: len(published) == 2)


async def test_a_withdrawal_stops_what_is_about_to_be_handed_over(tmp_path):
    """The door has taken as many as it takes at once, and others wait for it to answer."""
    withdrawn = "withdrawn: {event_time: 2026-11-01, indication_method: spoken, "
    with home(tmp_path) as here:
        doorstep = Doorstep(tmp_path / "door.sock")
        loop = asyncio.get_running_loop()
        async with here.releasing() as releasing:
            connection, _ = await loop.sock_accept(doorstep.socket)
            core = Packets(connection)
            await core.send(packed(State(open=True)))
            for number in range(40):
                releasing.grant(heating(number, 20))
            taken = [read_send(await core.receive()) for _ in range(UNDER_WAY)]
            await until(lambda: len(here.kept) == 40)
            here.change(
                "purpose: heating, recipient",
                f"{withdrawn}indicated_by: household}}, purpose: heating, recipient",
            )
            for message in taken:
                await core.send(packed(Sent(id=message.id, payload="{}")))
            releasing.grant(forecast(50))
            after = read_send(await core.receive())
            assert after.destination == "weather"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(core.receive(), 0.3)
        await core.close()
        doorstep.close()


async def test_when_the_oldest_have_to_make_room_an_alarm_says_so(tmp_path, caplog):
    policy = POLICY.replace("maximum_count: 1000", "maximum_count: 3")
    with home(tmp_path, policy) as here:
        async with here.releasing() as releasing:
            for number in range(5):
                releasing.grant(heating(number, 20))
            await until(lambda: len(here.kept) == 5)
        assert here.waiting == 3
        alarms = here.entries("alarm")
        assert [one.reason for one in alarms] == ["outbox-full", "outbox-full"]
        assert alarms[0].counts == {"rows": 1}
        assert caplog.text.count("door: outbox-full: 1 unsent") == 2
        assert Alarmed("door", on=True) in here.events


async def test_when_messages_waited_too_long_an_alarm_says_so(tmp_path, caplog):
    with home(tmp_path) as here:
        async with here.releasing() as releasing:
            releasing.grant(heating(1, 20))
            await until(lambda: here.kept)
            late = here.store.clock.now() + 2 * 86_400
            here.store.vault.clock.now = lambda: late  # type: ignore[method-assign]
            here.store.sweeper.sweep()
            async with Listener() as broker, door(here, broker.port) as published:
                await until(lambda: "outdated: 1 unsent" in caplog.text)
        assert published == []
        assert "door-outdated" in [one.reason for one in here.entries("alarm")]


async def test_where_the_audit_log_cannot_be_written_nothing_leaves_and_the_next_does(
    tmp_path, monkeypatch, caplog
):
    with home(tmp_path) as here:
        async with (
            Listener() as broker,
            door(here, broker.port) as published,
            here.releasing() as releasing,
        ):
            releasing.grant(heating(1, 20))
            await until(lambda: len(published) == 1)

            def full(*_more, **_others):
                raise AuditError("audit.log: No space left on device")

            with monkeypatch.context() as patch:
                patch.setattr(here.store.audit, "append_many", full)
                releasing.grant(heating(2, 21))
                await until(lambda: "utterance 2: not sent to boiler" in caplog.text)
            releasing.grant(heating(3, 22))
            await until(lambda: len(published) == 2)
    assert slots(published)[1] == {"degrees": {"number": 22}}


async def test_a_slow_disk_holds_up_nobody_who_grants(tmp_path, monkeypatch, caplog):
    gate = threading.Event()
    with home(tmp_path) as here:
        put = here.store.outbox.put
        monkeypatch.setattr(
            here.store.outbox, "put", lambda *one, **more: (gate.wait(10), put(*one, **more))[1]
        )
        async with here.releasing() as releasing:
            began = time.thread_time()
            for number in range(70):
                releasing.grant(heating(number, 20))
            assert time.thread_time() - began < 1
            assert "not released: 64 others wait" in caplog.text
            gate.set()
            await until(lambda: len(here.kept) >= 64)


async def test_before_and_after_nothing_leaves(tmp_path):
    with home(tmp_path) as here:
        releasing = here.releasing()
        releasing.grant(heating(1, 20))
        async with releasing:
            pass
        releasing.grant(heating(2, 20))
        assert here.waiting == 0
        async with releasing:
            releasing.grant(heating(3, 20))
        assert here.waiting == 1, "what was granted at the last moment is on the disk"


async def test_what_waited_over_a_restart_is_reported_without_an_utterance(tmp_path):
    with home(tmp_path) as here:
        async with here.releasing() as releasing:
            releasing.grant(heating(8, 20))
    with home(tmp_path) as here:
        async with Listener() as broker, door(here, broker.port), here.releasing():
            await until(lambda: here.sent)
    assert [(one.id, one.intent) for one in here.sent] == [(0, "SetHeating")]


async def test_the_end_of_a_recording_waits_for_the_broker_and_not_in_vain(tmp_path):
    with home(tmp_path) as here:
        async with Listener() as broker, door(here, broker.port):
            async with here.releasing(linger=20.0) as releasing:
                releasing.grant(heating(1, 20))
            assert len(here.sent) == 1
        async with asyncio.timeout(10), here.releasing(linger=60.0) as releasing:
            releasing.grant(heating(2, 20))  # the door is away: there is nothing to wait for
        assert here.waiting == 1


WEATHER = CloudSkill("weather", "weather", "I can't say.", {"GetForecast": ()})


async def test_who_is_asked_is_not_told_as_well(tmp_path):
    with home(tmp_path) as here:
        async with (
            Listener() as broker,
            door(here, broker.port) as published,
            here.releasing(skills=[WEATHER], reply=0.2, patience=5.0) as releasing,
        ):
            releasing.grant(forecast(4))
            assert (await releasing.cloud.handle(forecast(4))).text == WEATHER.fallback
            await until(lambda: len(here.sent) == 2)
        topics = sorted(one.topic for one in published)
        assert topics == ["sotto/home/boiler/intent", "sotto/home/weather/intent"]
        assert {one.destination for one in here.entries("release")} == {"weather", "boiler"}
        assert {(one.id, one.destination) for one in here.sent} == {(4, "weather"), (4, "boiler")}


async def test_a_question_takes_from_the_days_budget(tmp_path):
    policy = POLICY.replace("messages_per_day: 100000}", "messages_per_day: 2}")
    with home(tmp_path, policy) as here:
        async with (
            Listener() as broker,
            door(here, broker.port) as published,
            here.releasing(skills=[WEATHER], reply=0.1, patience=5.0) as releasing,
        ):
            for number in range(4):
                await releasing.cloud.handle(forecast(number))
        assert len(published) == len(here.entries("release")) == 2


async def test_while_the_way_is_closed_a_question_is_neither_noted_nor_counted(tmp_path, caplog):
    with home(tmp_path) as here:
        async with here.releasing(skills=[WEATHER]) as releasing:
            assert (await releasing.cloud.handle(forecast(1))).text == WEATHER.fallback
        assert here.entries("release") == []
        assert "the door or the broker is away" in caplog.text


@pytest.mark.parametrize(
    ("decision", "yes", "released"),
    [
        (Grant("g"), False, [1, 2]),
        (Confirm("c"), True, [1, 2]),
        (Confirm("c"), False, []),
        (Refusal("r"), True, []),
    ],
)
async def test_only_what_is_granted_or_confirmed_is_released(decision, yes, released):
    taken: list[int] = []

    class Deaf:
        async def handle(self, intent, ask=None, opened=None):
            raise SkillError("it is broken")

    parts = Parts(
        detectors=tuple,
        parser=None,
        decide=lambda intent: decision if intent.utterance_id == 2 else Grant("g"),
        skills=Deaf(),
        release=lambda intent: taken.append(intent.utterance_id),
    )

    async def confirm(_risk):
        return yes

    _, originals = redact(Transcript(1, Private(""), 1.0), ())
    person = Person(confirm, None)
    await act([forecast(1), forecast(2)], originals, person, parts, [].append, lambda *_: None)
    assert taken == released


async def test_what_is_private_is_in_no_line_of_the_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with home(tmp_path) as here:
        async with here.releasing(skills=[WEATHER]) as releasing:
            for number, words in enumerate(("quentin tarrant", "zanzibar")):
                releasing.grant(forecast(number, who=Words(words)))
                releasing.grant(forecast(number, words))
                await releasing.cloud.handle(forecast(number, words))
    assert "quentin" not in caplog.text
    assert "zanzibar" not in caplog.text
