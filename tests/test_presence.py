"""This device in Home Assistant: what is shown, what may be done, and that no words are in it."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from assistant.errors import DoorError, SettingsError
from pipeline.sentences import built_in, merge
from plugins.door.packets import Doorstep, connect
from plugins.presence import service
from plugins.presence.discovery import Device
from plugins.presence.link import socket_path
from plugins.presence.make import make_presence
from plugins.presence.names import SHIPPED, IntentNames
from plugins.presence.topics import PresenceTopics
from plugins.presence.wire import (
    Choose,
    Do,
    Happened,
    Shown,
    There,
    packed,
    read_command,
    read_told,
)
from tests.door_stage import certificates, needs_mosquitto, running_mosquitto, until
from tests.home_assistant_schema import CONFIGS, accepts
from tests.presence_stage import CALM, EVERYTHING, core, house, serving, settings_for

ACL = """\
user sotto-home
topic write sotto/home/presence/+
topic read sotto/home/presence/set/+
topic write homeassistant/+/sotto_home/+/config
topic read homeassistant/status

user homeassistant
topic read sotto/+/presence/+
topic write sotto/+/presence/set/+
topic readwrite homeassistant/#
"""
TOPICS = PresenceTopics("home", "homeassistant")


def device(*allow: str, options=("usual", "guests"), own=()) -> Device:
    return Device(TOPICS, "Sotto", allow or EVERYTHING, options, IntentNames(own))


@needs_mosquitto
async def test_everything_is_discovered_retained_and_fits_home_assistants_schema(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        settings = settings_for(broker.port, policies={"guests": ("guests.yaml",)})
        left = []
        async with core(tmp_path, settings, report=left.append) as one:
            one.link.show(CALM.model_copy(update={"intent": "HassTurnOn", "memory": 120}))
            await until(lambda: left and left[-1].payload == b"online")
            async with house(broker.port) as home:
                await until(lambda: home.online == "online")
                assert set(home.configs) == set(CONFIGS)
                for key, config in home.configs.items():
                    assert accepts(key, config) is None
                assert all(m.retain and m.qos == 1 for m in home.messages)
                assert home.state["mood"] == "idle"
                assert home.state["intent"] == "HassTurnOn"
                assert home.state["memory"] == 120


@needs_mosquitto
async def test_state_comes_before_online_and_a_core_that_goes_is_offline(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with house(broker.port) as home, serving(tmp_path, settings_for(broker.port)):
            await until(lambda: home.online == "offline")  # a door without a core
            assert "sotto/home/presence/state" not in home.retained
            door = connect(socket_path(None, tmp_path), os.geteuid())
            await door.send(packed(CALM))
            await until(lambda: home.online == "online")
            order = [topic.rsplit("/", 1)[1] for topic in home.order]
            assert order.index("state") < len(order) - 1 - order[::-1].index("online")
            await door.close()
            await until(lambda: home.online == "offline")


@needs_mosquitto
async def test_a_door_that_ends_says_goodbye(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with house(broker.port) as home:
            async with serving(tmp_path, settings_for(broker.port)):
                door = connect(socket_path(None, tmp_path), os.geteuid())
                await door.send(packed(CALM))
                await until(lambda: home.online == "online")
            await until(lambda: home.online == "offline")
            await door.close()


@needs_mosquitto
async def test_a_door_that_dies_is_offline_by_its_last_will(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with house(broker.port) as home:
            async with core(tmp_path, settings_for(broker.port)) as one:
                one.link.show(CALM)
                await until(lambda: home.online == "online")
                one.door._session._client._sock_close()  # as a kill does: no goodbye
                await until(lambda: home.online == "offline")
            assert home.online == "offline"


@needs_mosquitto
async def test_it_is_shown_again_when_home_assistant_or_the_broker_starts(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with core(tmp_path, settings_for(broker.port)) as one:
            one.link.show(CALM)
            async with house(broker.port) as home:
                await until(lambda: home.online == "online")
                home.order.clear()
                await home.client.publish("homeassistant/status", "online", qos=1)
                await until(lambda: sum(topic.endswith("/config") for topic in home.order) >= 11)
                await until(lambda: home.order[-1].endswith("/online"))
                assert home.order.index("sotto/home/presence/state") > 10
            broker.stop()
            broker.start()
            async with house(broker.port) as home:
                await until(lambda: home.online == "online")
                assert len(home.configs) == len(CONFIGS)


@needs_mosquitto
async def test_events_are_told_once_and_not_kept_for_later(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with house(broker.port) as home, core(tmp_path, settings_for(broker.port)) as one:
            await one.there()
            one.link.show(CALM)
            one.link.happened(Happened(what="done", intent="HassTurnOn"))
            one.link.happened(Happened(what="alarm", alarm="microphone"))
            await until(lambda: len(home.events) == 2)
            assert home.events[0] == {"event_type": "done", "intent": "HassTurnOn"}
            assert home.events[1] == {"event_type": "alarm", "alarm": "microphone"}
            async with house(broker.port) as late:
                await until(lambda: late.online == "online")
                assert late.events == []


@needs_mosquitto
async def test_commands_reach_the_core_as_closed_messages(tmp_path):
    guests = {"guests": ("guests.yaml",)}
    with running_mosquitto(tmp_path / "broker") as broker:
        async with (
            house(broker.port) as home,
            core(tmp_path, settings_for(broker.port, policies=guests)) as one,
        ):
            await one.there()
            for what, payload in (
                ("mute", "ON"), ("mute", "OFF"), ("erase", "PRESS"), ("confirm", "PRESS"),
                ("confirm", "no"), ("policy", "guests"),
            ):  # fmt: skip
                await home.tell(what, payload)
            await until(lambda: len(one.told) == 6)
            assert one.told == [
                Do(do="mute"), Do(do="unmute"), Do(do="erase"), Do(do="confirm"),
                Do(do="decline"), Choose(option="guests"),
            ]  # fmt: skip


@needs_mosquitto
async def test_what_is_not_allowed_is_neither_shown_nor_passed_on(tmp_path):
    guests = {"guests": ("guests.yaml",)}
    with running_mosquitto(tmp_path / "broker") as broker:
        settings = settings_for(broker.port, allow=(), policies=guests)
        async with house(broker.port) as home, core(tmp_path, settings) as one:
            await one.there()
            one.link.show(CALM)
            for what, payload in (
                ("mute", "OFF"), ("erase", "PRESS"), ("confirm", "PRESS"), ("policy", "guests"),
                ("policy", "/etc/passwd"), ("mute", "on"), ("mute", "ON" * 40), ("mute", "\0"),
                ("erase", ""), ("mute", "ON"),
            ):  # fmt: skip
                await home.tell(what, payload)
            await until(lambda: one.told and home.online == "online")
            assert one.told == [Do(do="mute")]
            assert not {"button/erase", "button/confirm", "select/policy"} & set(home.configs)
            assert home.retained["homeassistant/select/sotto_home/policy/config"] == b""


@needs_mosquitto
async def test_a_retained_command_was_not_meant_for_now(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with house(broker.port) as home:
            await home.tell("erase", "PRESS", retain=True)
            await home.tell("policy", "../../etc/shadow", retain=True)
            async with core(tmp_path, settings_for(broker.port)) as one:
                await one.there()
                await home.tell("mute", "ON")
                await until(lambda: one.told)
                assert one.told == [Do(do="mute")]


@needs_mosquitto
async def test_counts_are_told_seldom_and_states_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "COUNTS_EVERY", 1.0)
    with running_mosquitto(tmp_path / "broker") as broker:
        async with house(broker.port) as home, core(tmp_path, settings_for(broker.port)) as one:
            one.link.show(CALM)
            await until(lambda: home.online == "online")
            for count in range(1, 20):
                one.link.show(CALM.model_copy(update={"utterances": count}))
                await asyncio.sleep(0.01)
            assert home.state["utterances"] == 0
            one.link.show(CALM.model_copy(update={"utterances": 20, "mood": "thinking"}))
            await until(lambda: home.state["mood"] == "thinking")
            one.link.show(CALM.model_copy(update={"utterances": 21, "mood": "thinking"}))
            await until(lambda: home.state["utterances"] == 21)
            states = sum(topic.endswith("/presence/state") for topic in home.order)
            assert states == 3


@needs_mosquitto
async def test_tls_with_certificates_and_an_acl_is_all_it_needs(tmp_path):
    certs = certificates(tmp_path / "certs")
    (tmp_path / "acl").write_text(ACL)
    for file in certs.iterdir():
        file.chmod(0o644)
    configuration = (
        f"cafile {certs}/ca.pem\ncertfile {certs}/broker.pem\nkeyfile {certs}/broker.key\n"
        f"require_certificate true\nuse_identity_as_username true\nacl_file {tmp_path}/acl"
    )
    door = {"tls": True, "ca": certs / "ca.pem", "certificate": certs / "door.pem",
            "key": certs / "door.key"}  # fmt: skip
    context = ssl.create_default_context(cafile=certs / "ca.pem")
    context.load_cert_chain(certs / "door.pem", certs / "door.key")
    with running_mosquitto(tmp_path / "broker", configuration) as broker:
        settings = settings_for(broker.port, door)
        left = []
        async with core(tmp_path, settings, report=left.append) as one:
            one.link.show(CALM)
            await one.there()
            await until(lambda: left and left[-1].topic.endswith("/online"))
            assert sum(published.topic.endswith("/config") for published in left) == len(CONFIGS)
            async with house(broker.port, context) as home:
                await home.client.publish("homeassistant/status", "online", qos=1)
                await asyncio.sleep(0.3)
                assert one.told == []


@needs_mosquitto
async def test_a_broker_that_refuses_a_topic_is_said(tmp_path, caplog):
    (tmp_path / "acl").write_text("user nobody\n")
    configuration = f"allow_anonymous true\nacl_file {tmp_path}/acl"
    with running_mosquitto(tmp_path / "broker", configuration) as broker:
        async with core(tmp_path, settings_for(broker.port)) as one:
            await until(lambda: one.commands.count(There(open=True)) > 2)
        assert caplog.text.count("presence: refused: the broker says 135 to homeassistant/") == 1


async def test_a_core_that_says_what_no_core_says_is_hung_up_on(tmp_path, caplog):
    async with serving(tmp_path, settings_for(1)):
        one = connect(socket_path(None, tmp_path), os.geteuid())
        other = connect(socket_path(None, tmp_path), os.geteuid())
        assert await one.receive() == packed(There(open=False))
        assert await other.receive() is None  # one core at a time
        await one.send(b'{"say":"shown","mood":"idle","muted":false,"policy":"usual","text":"x"}')
        assert await one.receive() is None
        await one.close()
        await other.close()
        assert "none of core's" in caplog.text


@pytest.mark.parametrize(
    "packet",
    [
        b'{"say":"shown","mood":"call me at five five five","muted":false,"policy":"usual"}',
        b'{"say":"shown","mood":"idle","muted":"my name is ada","policy":"usual"}',
        b'{"say":"shown","mood":"idle","muted":false,"policy":"call ada lovelace"}',
        b'{"say":"shown","mood":"idle","muted":false,"policy":"usual","intent":"call ada"}',
        b'{"say":"shown","mood":"idle","muted":false,"policy":"usual","memory":1234567}',
        b'{"say":"shown","mood":"idle","muted":false,"policy":"usual","utterances":5555550100}',
        b'{"say":"shown","mood":"idle","muted":false,"policy":"usual","alarms":["ada"]}',
        b'{"say":"happened","what":"done","intent":"HassTurnOn","slots":{"name":"ada"}}',
        b'{"say":"happened","what":"ada"}',
        b'{"say":"else"}', b"[]", b"null", b"", b"\xff", b"[" * 4000,
    ],
)  # fmt: skip
def test_no_message_has_room_for_words(packet):
    with pytest.raises(DoorError):
        read_told(packet)


@pytest.mark.parametrize(
    "packet",
    [
        b'{"do":"policy","option":"../secret"}', b'{"do":"policy","option":"/etc/passwd"}',
        b'{"do":"policy","option":"a\\u0000"}', b'{"do":"open the door"}',
        b'{"do":"mute","text":"x"}', b'{"do":"there","open":"yes"}',
    ],
)  # fmt: skip
def test_no_command_has_room_for_a_path(packet):
    with pytest.raises(DoorError):
        read_command(packet)


moods = st.sampled_from(("idle", "listening", "thinking", "speaking", "muted", "error"))
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,63}", fullmatch=True)
shown = st.builds(
    Shown,
    mood=moods,
    muted=st.booleans(),
    policy=st.sampled_from(("usual", "guests", "other")),
    intent=st.none() | names | st.sampled_from(sorted(SHIPPED)),
    alarms=st.lists(st.sampled_from(("door", "disk")), max_size=3).map(tuple),
    memory=st.integers(0, 100).map(lambda steps: 8 * steps),
    utterances=st.integers(0, 99_999),
)


@given(shown)
def test_whatever_a_core_tells_only_closed_names_and_numbers_are_published(told):
    assert read_told(packed(told)) == told
    state = json.loads(device(own=("MyIntent",)).shown(told))
    words = {
        *SHIPPED, "MyIntent", "other", "none", "ON", "OFF", "usual", "guests", "idle", "listening",
        "thinking", "speaking", "muted", "error", "door", "disk",
    }  # fmt: skip
    values = [state.pop("alarms"), [value for value in state.values() if isinstance(value, str)]]
    assert {word for some in values for word in some} <= words
    assert state["intent"] in {told.intent, "other", "none"}


@given(names)
def test_a_name_that_is_not_known_is_not_published(name):
    payload = device().happened(Happened(what="done", intent=name))
    assert json.loads(payload)["intent"] == (name if name in SHIPPED else "other")


def test_the_names_that_may_be_shown_are_those_that_ship():
    assert frozenset(merge(built_in())["intents"]) == SHIPPED


def test_what_does_not_fit_is_said_at_the_start(tmp_path):
    with pytest.raises(SettingsError, match=r"door\.address"):
        make_presence(settings_for(1, {"address": None}))
    with pytest.raises(SettingsError, match="usual means"):
        make_presence(settings_for(1, policies={"usual": ("x.yaml",)}))
    with pytest.raises(ValidationError):
        settings_for(1, policies={"../x": ("x.yaml",)})
    with pytest.raises(DoorError):
        PresenceTopics("a/b", "homeassistant")


def test_a_policy_that_the_core_goes_by_is_used_by_the_door_too(tmp_path):
    used = []
    settings = settings_for(1, policies={"guests": (Path("g.yaml"),)})
    door = make_presence(settings, used.append)
    door._take(CALM)
    door._take(CALM.model_copy(update={"policy": "guests"}))
    door._take(CALM.model_copy(update={"policy": "guests", "mood": "muted"}))
    door._take(CALM.model_copy(update={"policy": "unlisted"}))
    assert used == [(), (Path("g.yaml"),)]


async def test_only_one_door_shows_a_device(tmp_path):
    step = Doorstep(socket_path(None, tmp_path))
    with pytest.raises(DoorError, match="another door"):
        Doorstep(socket_path(None, tmp_path))
    step.close()


def published_to_home_assistant() -> dict[str, object]:
    """What is published, in order; the version of Sotto is left out."""
    told = Shown(
        mood="idle", muted=False, policy="usual", intent="HassTurnOn", memory=120, utterances=3,
        kept=2, sent=1,
    )  # fmt: skip
    made: dict[str, object] = {}
    for entity in device().entities():
        config = json.loads(entity.payload())
        config["device"]["sw_version"] = config["origin"]["sw_version"] = "0"
        made[TOPICS.discovery(entity.component, entity.key)] = config
    made[TOPICS.of("state")] = json.loads(device().shown(told))
    return {**made, TOPICS.of("confirm"): "offline", TOPICS.of("online"): "online"}


def test_what_home_assistant_was_asked_about_is_what_is_published():
    """Written with REWRITE=1; then `make home-assistant-test` has to pass."""
    file = Path(__file__).parent / "home_assistant" / "mqtt_presence.json"
    if os.environ.get("REWRITE"):
        file.write_text(json.dumps(published_to_home_assistant(), indent=1) + "\n")
    assert json.loads(file.read_text()) == published_to_home_assistant()
