"""The door and the core's link to it, with a broker that misbehaves."""

from __future__ import annotations

import asyncio
import json
import socket
import threading

import pytest
from door_stage import (
    PERMIT,
    POLICY,
    Listener,
    MemoryOutbox,
    release,
    settings_for,
    stage,
    until,
)

from assistant.errors import DoorError
from plugins.door.link import Link
from plugins.door.mosquitto import free_port
from plugins.door.outgoing import send_of
from plugins.door.packets import Doorstep, connect
from plugins.door.postbag import Postbag


async def test_a_release_is_published_and_then_leaves_the_outbox(tmp_path):
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        await here.link.send(release("tomorrow", 7), PERMIT)
        await here.empty()
    [published] = here.published
    assert published.topic == "sotto/home/weather/intent"
    assert published.payload in broker.messages[0]
    assert json.loads(published.payload)["slots"] == {
        "day": {"choice": "tomorrow"},
        "hours": {"number": 7},
    }


async def test_what_is_accepted_while_the_broker_is_away_is_sent_when_it_is_back(tmp_path):
    port = free_port()
    async with stage(tmp_path, settings_for(port)) as here:
        await here.alarm("unreachable")
        for number in range(300):
            await here.link.send(release(hours=number), PERMIT)
        assert len(here.outbox.rows) == 300
        async with Listener() as broker:
            here.door._broker = here.door._broker.__class__(
                "127.0.0.1", broker.port, "sotto-home", None
            )
            await here.empty()
    ids = [json.loads(one.payload)["id"] for one in here.published]
    assert len(set(ids)) == 300
    assert len(broker.messages) == 300


@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x97, 0x99])
async def test_what_the_broker_refuses_is_never_taken_for_delivered(tmp_path, code):
    async with (
        Listener(acknowledge=code) as broker,
        stage(tmp_path, settings_for(broker.port)) as here,
    ):
        await here.open()
        await here.link.send(release(), PERMIT)
        alarm = await here.alarm("refused")
        assert str(code) in alarm.detail
        assert alarm.destination == "weather"
        await until(lambda: len(broker.messages) >= 3)
        assert len(here.outbox.rows) == 1
        broker.acknowledge = 0
        await here.empty()


async def test_a_message_that_nobody_would_get_is_not_taken_for_delivered(tmp_path):
    async with (
        Listener(acknowledge=0x10) as broker,
        stage(tmp_path, settings_for(broker.port)) as here,
    ):
        await here.open()
        await here.link.send(release(), PERMIT)
        await here.alarm("nobody-listens")
        assert len(here.outbox.rows) == 1
        broker.acknowledge = 0
        await here.empty()


async def test_one_destination_in_trouble_holds_up_no_other(tmp_path):
    policy = POLICY + POLICY.split("sharing:\n")[1].replace("weather", "traffic").replace(
        "messages_per_day: 20000", "messages_per_day: 1"
    )
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port), policy) as here:
        await here.open()
        for _ in range(3):
            await here.link.send(release(destination="traffic"), PERMIT)
        assert (await here.alarm("budget")).destination == "traffic"
        for number in range(5):
            await here.link.send(release(hours=number), PERMIT)
        await until(lambda: sum("weather" in one.topic for one in here.published) == 5)
        await until(lambda: len(here.outbox.rows) == 2)  # what was published is taken out next


@pytest.mark.parametrize(
    ("broker", "kind"),
    [
        (Listener(hello=0x87), "refused"),
        (Listener(hello=0x84), "refused"),
        (Listener(drop=True), "dropped"),
    ],
)
async def test_a_broker_that_does_not_let_us_in_is_named_so(tmp_path, broker, kind):
    async with broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.link.send(release(), PERMIT)
        await here.alarm(kind)
        assert not here.link.is_open
        assert len(here.outbox.rows) == 1
        broker.hello, broker.drop = 0, False
        await here.empty()


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (0x8E, "taken-over", "another door uses the same site id"),
        (0x8B, "dropped", "139, Server shutting down"),
        (0x8D, "stalled", "no sign of life"),
    ],
)
async def test_a_broker_that_says_why_it_hangs_up_is_quoted(tmp_path, code, kind, says):
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        broker.hang_up(code)
        assert says in (await here.alarm(kind)).detail
        await here.open()


async def test_a_broker_that_says_nothing_has_stalled(tmp_path, monkeypatch):
    monkeypatch.setattr("plugins.door.session.STALLED", 0.3)
    monkeypatch.setattr("plugins.door.tls.PATIENCE", 0.3)
    async with Listener(hello=None) as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.alarm("stalled")
        await until(lambda: broker.connections > 6)
        assert broker.open <= 2, "what failed is hung up"
        broker.hello = 0
        await here.open()


async def test_a_broker_that_stops_to_acknowledge_has_stalled_and_nothing_is_lost(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("plugins.door.session.STALLED", 0.3)
    async with (
        Listener(acknowledge=None) as broker,
        stage(tmp_path, settings_for(broker.port)) as here,
    ):
        await here.open()
        for number in range(40):
            await here.link.send(release(hours=number), PERMIT)
        await here.alarm("stalled")
        assert len(here.outbox.rows) == 40
        broker.acknowledge = 0
        await here.empty()
    sent = [json.loads(one.payload) for one in here.published]
    assert len({one["id"] for one in sent}) == 40


async def test_where_the_outbox_cannot_be_written_nothing_is_lost_and_nothing_sent_again(tmp_path):
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        here.outbox.failing = True
        await here.link.send(release(), PERMIT)
        await until(lambda: len(broker.messages) == 1)
        here.outbox.failing = False
        await here.empty()
        assert len(broker.messages) == 1


async def test_a_row_that_was_erased_while_it_waited_is_not_sent(tmp_path):
    async with Listener(hello=0x87) as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.alarm("refused")
        for number in range(3):
            await here.link.send(release(hours=number), PERMIT)
        here.outbox.done([2])
        broker.hello = 0
        await here.empty()
    hours = [json.loads(one.payload)["slots"]["hours"]["number"] for one in here.published]
    assert hours == [0, 2]


async def test_a_row_that_was_erased_while_its_destination_was_left_alone_is_not_sent(tmp_path):
    async with (
        Listener(acknowledge=0x87) as broker,
        stage(tmp_path, settings_for(broker.port)) as here,
    ):
        await here.open()
        await here.link.send(release(hours=0), PERMIT)
        await here.alarm("refused")
        for number in (1, 2):
            await here.link.send(release(hours=number), PERMIT)
        here.outbox.done([2])
        broker.acknowledge = 0
        before = len(broker.messages)
        await here.empty()
    last = here.published[before:]
    assert {json.loads(one.payload)["slots"]["hours"]["number"] for one in last} == {0, 2}


async def test_what_was_dealt_with_is_taken_out_after_the_next_connection_at_the_latest():
    box, gate = MemoryOutbox(), threading.Event()
    postbag = Postbag(box, 0.2)
    message = send_of(release(), ask=False)
    await postbag.keep(PERMIT, message, release(), soon=True)
    [outgoing] = await postbag.ready()
    postbag._keeper.submit(gate.wait)
    tidying = asyncio.create_task(postbag.keep_tidy())
    postbag.finish(outgoing)
    await asyncio.sleep(0.02)
    tidying.cancel()
    await asyncio.gather(tidying, return_exceptions=True)
    gate.set()
    postbag.drop_connection()
    tidying = asyncio.create_task(postbag.keep_tidy())
    await until(lambda: not box.rows)
    tidying.cancel()
    await asyncio.gather(tidying, return_exceptions=True)
    postbag.close()


async def test_what_the_policy_no_longer_describes_is_taken_out_with_an_alarm(tmp_path):
    async with Listener(hello=0x87) as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.link.send(release("tomorrow"), PERMIT)
        (tmp_path / "policy.yaml").write_text(POLICY.replace(", tomorrow", ""))
        broker.hello = 0
        assert (await here.alarm("misfit")).destination == "weather"
        await here.empty()
    assert broker.messages == []


async def test_without_a_door_the_core_says_so_and_keeps_everything(tmp_path):
    box, alarms = MemoryOutbox(), []
    link = Link(tmp_path / "door.sock", box, alarm=alarms.append, longest_wait=0.2)
    running = asyncio.create_task(link.run())
    await link.send(release(), PERMIT)
    await until(lambda: alarms)
    assert alarms[0].kind == "door-away"
    assert str(tmp_path / "door.sock") in alarms[0].detail
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with Listener() as broker:
        async with stage(tmp_path, settings_for(broker.port), outbox=box) as here:
            await here.empty()
        assert len(broker.messages) == 1


async def test_a_row_that_is_no_message_is_passed_over(tmp_path, caplog):
    box = MemoryOutbox()
    box.put(PERMIT, {"no": "message"})
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port), outbox=box) as here:
        await here.link.send(release(), PERMIT)
        await until(lambda: len(broker.messages) == 1)
        await until(lambda: list(box.rows) == [1])
    assert "row 1 of the outbox is no message for the door" in caplog.text


async def test_a_question_without_a_broker_is_answered_with_none_at_once(tmp_path):
    async with stage(tmp_path, settings_for(free_port())) as here:
        await here.alarm("unreachable")
        async with asyncio.timeout(1):
            assert await here.link.ask(release(), 60) is None
        assert here.outbox.rows == {}


async def test_a_question_that_nobody_answers_is_given_up(tmp_path):
    async with Listener() as broker, stage(tmp_path, settings_for(broker.port)) as here:
        await here.open()
        assert await here.link.ask(release(), 0.2) is None
        assert len(broker.messages) == 1


async def test_two_doors_do_not_share_a_doorstep(tmp_path):
    doorstep = Doorstep(tmp_path / "door.sock")
    with pytest.raises(DoorError, match="another door runs here"):
        Doorstep(tmp_path / "door.sock")
    assert (tmp_path / "door.sock").stat().st_mode & 0o777 == 0o600
    doorstep.close()
    Doorstep(tmp_path / "door.sock").close()


async def test_a_dead_doors_socket_is_in_nobodys_way(tmp_path):
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    dead.bind(str(tmp_path / "door.sock"))
    dead.close()
    Doorstep(tmp_path / "door.sock").close()


async def test_the_core_talks_to_no_strangers_door(tmp_path):
    doorstep = Doorstep(tmp_path / "door.sock")
    with pytest.raises(DoorError, match="somebody else"):
        connect(tmp_path / "door.sock", user=12345)
    doorstep.close()


def test_a_path_too_long_for_a_socket_is_named(tmp_path):
    with pytest.raises(DoorError, match=r"at most 107 bytes \(door\.socket\)"):
        Doorstep(tmp_path / ("x" * 108))
