"""The door's side: a client of Home Assistant, and what it lets the core ask for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from home_assistant_fake import TOKEN, FakeHome, eventually, fake_home
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import serve

from assistant.errors import DoorError, SettingsError
from assistant.settings import HomeAssistantSettings
from plugins.door.packets import Doorstep, connect
from plugins.home_assistant.alarms import Alarm, LostError
from plugins.home_assistant.client import HomeAssistant, Patience
from plugins.home_assistant.gathering import Gathering, Told
from plugins.home_assistant.link import HouseLink
from plugins.home_assistant.make import address
from plugins.home_assistant.names import LONGEST_NAME, is_plain, speakable
from plugins.home_assistant.registries import Registries, Snapshot, snapshot
from plugins.home_assistant.service import HouseDoor, messages_of
from plugins.home_assistant.states import States
from plugins.home_assistant.token import Token
from plugins.home_assistant.trial import trial
from plugins.home_assistant.wire import Call, Look, packed, read_answer, read_request

QUICK = Patience(service=2.0, settle=0.02, most=0.5, first_wait=0.01, longest_wait=0.05)


def token_file(tmp_path: Path, text: str = TOKEN) -> Path:
    path = tmp_path / "token"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def client(home: FakeHome | str, path: Path, patience: Patience = QUICK) -> HomeAssistant:
    url = home if isinstance(home, str) else home.url
    where = address(HomeAssistantSettings(url=url))
    return HomeAssistant(where, Token(path, {}), patience=patience)


@contextlib.asynccontextmanager
async def running(client: HomeAssistant) -> AsyncIterator[HomeAssistant]:
    task = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def linked(client: HomeAssistant, path: Path) -> AsyncIterator[tuple[HouseLink, list[Told]]]:
    """Door and core over their socket."""
    doorstep = Doorstep(path)
    told: list[Told] = []
    link = HouseLink(path, things=told.append, longest_wait=0.05)
    tasks = [
        asyncio.create_task(HouseDoor(client).run(doorstep)),
        asyncio.create_task(link.run()),
    ]
    try:
        yield link, told
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        doorstep.close()


def certified(tmp_path: Path) -> tuple[Path, Path]:
    """A key and a certificate that nobody knows."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        f"-keyout {key} -out {certificate} -subj /CN=x -addext subjectAltName=IP:127.0.0.1",
        shell=True,
        check=True,
        capture_output=True,
    )
    return key, certificate


def names(things: Snapshot | Told | None) -> dict[str, str]:
    assert things is not None
    return {entity.id: entity.name for entity in things.entities}


async def test_what_is_exposed_in_home_assistant_is_in_the_house(tmp_path):
    async with fake_home() as home, running(client(home, token_file(tmp_path))) as ours:
        await eventually(lambda: ours.alarm is None)
        found = names(ours.things)
    assert found["light.kitchen_light"] == "Kitchen Light"  # a picture in the name is left out
    assert found["sensor.bedroom_thermometer"] == "Bedroom Thermometer"
    assert "input_boolean.kitchen" not in found  # not exposed unless somebody says so
    assert "media_player.bedroom" not in found  # somebody said so
    by_id = {entity.id: entity for entity in ours.things.entities}
    assert by_id["light.kitchen_light"].area == "kitchen"
    assert by_id["light.kitchen_light"].aliases == ("main light",)
    assert (by_id["light.bed_light"].colors, by_id["light.kitchen_light"].colors) == (True, False)
    assert by_id["cover.garage_door"].device_class == "garage"
    assert {area.name: area.aliases for area in ours.things.areas}["Kitchen"] == ("galley",)


async def test_a_floor_is_told_where_home_assistant_puts_areas_on_it(tmp_path):
    home = FakeHome()
    home.said["config/area_registry/list"]["result"][0]["floor_id"] = "ground_floor"
    home.said["config/area_registry/list"]["result"][1]["floor_id"] = "torn_down"
    async with fake_home(home), running(client(home, token_file(tmp_path))) as ours:
        await eventually(lambda: ours.alarm is None)
        assert [area.floor for area in ours.things.areas][:2] == ["ground_floor", None]
        assert [floor.name for floor in ours.things.floors] == ["Ground Floor"]


async def test_an_older_home_assistant_has_no_floors_and_a_plain_user_no_list_of_what_is_exposed(
    tmp_path,
):
    home = FakeHome()
    for kind in ("config/floor_registry/list", "homeassistant/expose_entity/list"):
        del home.said[kind]
    async with fake_home(home), running(client(home, token_file(tmp_path))) as ours:
        await eventually(lambda: ours.alarm is None)
        assert ours.things.floors == ()
        assert "light.kitchen_light" in names(ours.things)


async def test_a_service_counts_as_done_when_home_assistant_says_so(tmp_path):
    async with fake_home() as home, running(client(home, token_file(tmp_path))) as ours:
        await eventually(lambda: ours.alarm is None)
        assert await ours.call("light.turn_on", ["light.bed_light"], {"brightness_pct": 40}) is None
        assert home.called == [("light.turn_on", ["light.bed_light"], {"brightness_pct": 40})]
        await eventually(lambda: ours.states(["light.bed_light"])["light.bed_light"]["s"] == "on")

        home.said["call_service"] = home.said["no service"]
        assert await ours.call("light.turn_on", ["light.bed_light"], {}) == "unknown-service"
        home.said["call_service"] = home.said["bad data"]
        assert await ours.call("light.turn_on", ["light.bed_light"], {}) == "failed"
        assert await ours.call("light.turn_on", ["light.nobody_has"], {}) == "unknown-entity"
        assert await ours.call("light.turn_on", ["input_boolean.kitchen"], {}) == "unknown-entity"


async def test_nobody_claims_to_know_what_home_assistant_did_not_answer(tmp_path):
    async def say_nothing(_socket):
        return None

    home = FakeHome(misbehave={"call_service": say_nothing})
    patience = Patience(service=0.05, first_wait=0.01, longest_wait=0.05)
    async with fake_home(home), running(client(home, token_file(tmp_path), patience)) as ours:
        await eventually(lambda: ours.alarm is None)
        assert await ours.call("light.turn_on", ["light.bed_light"], {}) == "no-answer"
        home.misbehave["call_service"] = lambda socket: socket.close()
        assert await ours.call("light.turn_on", ["light.bed_light"], {}) == "no-answer"


async def test_a_new_name_is_known_a_moment_later(tmp_path):
    async with fake_home() as home, running(client(home, token_file(tmp_path))) as ours:
        await eventually(lambda: ours.alarm is None)
        await home.rename("light.bed_light", "Reading Lamp")
        await eventually(lambda: names(ours.things)["light.bed_light"] == "Reading Lamp")


async def test_what_came_and_went_is_known_a_moment_later(tmp_path):
    async with fake_home() as home, running(client(home, token_file(tmp_path))) as ours:
        await eventually(lambda: ours.alarm is None)
        new = {"s": "off", "a": {"friendly_name": "Porch Light"}}
        home.states["light.porch"] = new
        await home.tell("entities", {"a": {"light.porch": new}})
        await eventually(lambda: "light.porch" in names(ours.things))
        await home.tell("entities", {"r": ["light.porch"]})
        await eventually(lambda: "light.porch" not in names(ours.things))


def test_only_another_name_and_what_comes_and_goes_makes_the_things_stale():
    stale: list[int] = []
    states = States(lambda: stale.append(1))
    lamp = {"s": "off", "a": {"friendly_name": "Lamp", "brightness": 3}}
    states.take({"a": {"light.a": lamp, "light.b": lamp}})
    states.take({"c": {"light.a": {"+": {"s": "on", "a": {"brightness": 9}}}}})
    states.take({"c": {"light.a": {"-": {"a": ["brightness"]}}, "light.c": {"+": {"s": "on"}}}})
    assert stale == []
    assert states.known["light.a"]["s"] == "on"
    states.take({"c": {"light.a": {"+": {"a": {"friendly_name": "Reading Lamp"}}}}})
    assert len(stale) == 1
    states.take({"c": {"light.a": {"-": {"a": ["friendly_name"]}}}})
    assert len(stale) == 2
    states.take({"r": ["light.b"]})
    states.take({"a": {"light.d": lamp}})
    assert len(stale) == 4
    assert set(states.known) == {"light.a", "light.d"}


async def test_it_connects_again_after_a_restart_and_knows_what_changed_meanwhile(tmp_path):
    home = FakeHome()
    async with fake_home(home):
        ours = client(home, token_file(tmp_path))
        task = asyncio.create_task(ours.run())
        await eventually(lambda: ours.alarm is None)
    await eventually(lambda: ours.alarm is not None)
    assert ours.alarm.kind in ("dropped", "away")
    assert await ours.call("light.turn_on", ["light.bed_light"], {}) == "away"
    assert ours.states(["light.bed_light"]) is None
    home.states["light.bed_light"]["a"]["friendly_name"] = "Night Light"
    async with fake_home(home):
        await eventually(lambda: ours.alarm is None)
        assert names(ours.things)["light.bed_light"] == "Night Light"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class TestAlarms:
    async def kind(self, home: FakeHome, path: Path) -> Alarm:
        async with fake_home(home), running(client(home, path)) as ours:
            await eventually(lambda: ours.alarm and "not connected yet" not in ours.alarm.detail)
            return ours.alarm

    async def test_a_token_that_is_refused_is_not_shown_again_and_a_new_one_is_at_once(
        self, tmp_path, monkeypatch, caplog
    ):
        monkeypatch.setattr("plugins.home_assistant.client.LOOK_EVERY", 0.01)
        path = token_file(tmp_path, "this-one-was-deleted-long-ago")
        home = FakeHome()
        with caplog.at_level(logging.DEBUG):
            async with fake_home(home), running(client(home, path)) as ours:
                await eventually(lambda: ours.alarm.kind == "token-refused")
                await asyncio.sleep(0.1)
                assert len(home.shown_tokens) == 1
                token_file(tmp_path)
                await eventually(lambda: ours.alarm is None)
        assert "this-one-was-deleted" not in caplog.text
        assert TOKEN not in caplog.text

    async def test_an_old_home_assistant_is_refused_with_both_versions(self, tmp_path):
        home = FakeHome()
        home.said["auth_ok"]["ha_version"] = "2021.12.9"
        alarm = await self.kind(home, token_file(tmp_path))
        assert alarm.kind == "too-old"
        assert "2021.12.9" in alarm.detail
        assert "2024.3" in alarm.detail

    async def test_one_that_is_still_starting_is_away(self, tmp_path):
        home = FakeHome()
        home.said["get_config"]["result"]["state"] = "STARTING"
        alarm = await self.kind(home, token_file(tmp_path))
        assert alarm == Alarm("away", f"{home.url}: it is still starting")

    @pytest.mark.parametrize(
        "nonsense",
        ["{", "[" * 5000, "7", '[{"id": []}]', '{"id":6,"type":"event","event":{"a":7}}'],
        ids=["half", "deep", "number", "unhashable", "states of no kind"],
    )
    async def test_what_says_nonsense_is_hung_up_on(self, tmp_path, nonsense):
        home = FakeHome(misbehave={"config/area_registry/list": lambda s: s.send(nonsense)})
        home.misbehave["subscribe_entities"] = lambda s: s.send(nonsense)
        alarm = await self.kind(home, token_file(tmp_path))
        assert alarm.kind in ("nonsense", "stalled")

    @pytest.mark.parametrize("kind", ["entity", "device", "area"])
    @pytest.mark.parametrize("value", [7, "x", {"a": 1}, [None, 3, {"entity_id": ["x"]}]])
    async def test_registries_of_another_shape_end_nothing(self, tmp_path, kind, value):
        home = FakeHome()
        home.said[f"config/{kind}_registry/list"]["result"] = value
        async with fake_home(home), running(client(home, token_file(tmp_path))) as ours:
            await eventually(lambda: not ours.alarm or "yet" not in ours.alarm.detail)
            assert ours.alarm is None or ours.alarm.kind == "nonsense"

    async def test_somebody_else_at_that_address_gets_no_token(self, tmp_path):
        shown: list[str] = []

        async def other(socket):
            await socket.send("hello")
            shown.extend([text async for text in socket])

        async with (
            serve(other, "127.0.0.1", 0) as server,
            running(
                client(
                    f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", token_file(tmp_path)
                )
            ) as ours,
        ):
            await eventually(lambda: ours.alarm.kind == "nonsense")
        assert shown == []

    async def test_nobody_is_led_elsewhere_with_the_token(self, tmp_path):
        home = FakeHome()

        def elsewhere(connection, _request):
            response = connection.respond(302, "")
            response.headers["Location"] = f"{home.url.replace('http', 'ws')}/api/websocket"
            return response

        async with (
            fake_home(home),
            serve(lambda _s: None, "127.0.0.1", 0, process_request=elsewhere) as server,
            running(
                client(
                    f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", token_file(tmp_path)
                )
            ) as ours,
        ):
            await eventually(lambda: "302" in ours.alarm.detail)
            assert ours.alarm.kind == "away"
        assert home.shown_tokens == []

    async def test_a_certificate_of_a_stranger_is_said(self, tmp_path):
        key, certificate = certified(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        home = FakeHome()
        async with serve(home.answer, "127.0.0.1", 0, ssl=context) as server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with running(client(url, token_file(tmp_path))) as ours:
                await eventually(lambda: ours.alarm.kind == "certificate")
            assert home.shown_tokens == []
            settings = HomeAssistantSettings(url=url, ca=certificate)
            trusting = HomeAssistant(address(settings), Token(token_file(tmp_path), {}))
            async with running(trusting):
                await eventually(lambda: trusting.alarm is None)


class TestToken:
    def alarm(self, path: Path | None, environment: dict[str, str] | None = None) -> str:
        with pytest.raises(LostError) as caught:
            Token(path, environment or {}).read()
        assert caught.value.alarm.kind == "token-missing"
        return caught.value.alarm.detail

    def test_the_credential_goes_before_the_file(self, tmp_path):
        (tmp_path / "sotto-ha-token").write_text("the-token-of-the-credential\n")
        (tmp_path / "sotto-ha-token").chmod(0o440)  # systemd's, with an access control list
        token = Token(token_file(tmp_path), {"CREDENTIALS_DIRECTORY": str(tmp_path)}).read()
        assert token.reveal() == "the-token-of-the-credential"
        assert "the-token" not in f"{token} {token!r}"

    def test_a_file_that_others_may_read_is_not_used(self, tmp_path):
        path = token_file(tmp_path)
        path.chmod(0o640)
        assert f"chmod 600 {path}" in self.alarm(path)

    @pytest.mark.parametrize(
        "text", ["", "short", "two words of a token\n", "x" * 3000, "\x00" * 40]
    )
    def test_what_is_no_token_is_not_sent(self, tmp_path, text):
        detail = self.alarm(token_file(tmp_path, text))
        assert "one line" in detail
        assert text == "" or text[:5] not in detail.removeprefix(str(tmp_path))

    def test_what_is_missing_says_where_to_make_it(self, tmp_path):
        assert "Long-lived" in self.alarm(None)
        assert "No such file" in self.alarm(tmp_path / "nothing")
        assert "expected a file" in self.alarm(tmp_path)
        os.mkfifo(tmp_path / "pipe", 0o600)
        assert "expected a file" in self.alarm(tmp_path / "pipe")


@pytest.mark.parametrize(
    "url",
    ["homeassistant.local:8123", "ftp://x", "http://", "http://a:b@x", "http://x?y", "http://x:y"],
)
def test_an_address_that_is_none_is_said_with_its_key(url):
    with pytest.raises(SettingsError, match=r"home_assistant\.url: expected"):
        address(HomeAssistantSettings(url=url))


def test_addresses_become_those_of_the_api():
    made = address(HomeAssistantSettings(url="http://[::1]:8123/"))
    assert (made.url, made.context) == ("ws://[::1]:8123/api/websocket", None)
    made = address(HomeAssistantSettings(url="https://home.example.org/base"))
    assert made.url == "wss://home.example.org/base/api/websocket"
    assert made.context.verify_mode == ssl.CERT_REQUIRED


@given(st.text(max_size=200))
def test_every_name_becomes_one_that_can_be_said_or_none(text):
    name = speakable(text)
    if name is not None:
        assert is_plain(name)
        assert len(name) <= LONGEST_NAME
        assert name.isprintable()
        assert not set("()[]{}<>|;:_") & set(name)


def test_a_large_house_fits_its_packets_and_comes_out_as_it_was():
    states = {
        f"light.l{n}": {"s": "on", "a": {"friendly_name": f"Größe {n} " + "x" * (n % 90)}}
        for n in range(3000)
    }
    aliases = {f"light.l{n}": [f"alias {k} " + "é" * 80 for k in range(20)] for n in range(50)}
    entries = [{"entity_id": name} for name in aliases]
    things = snapshot(Registries(entries, [], [], aliases=aliases), states)
    gathering = Gathering()
    told = None
    for message in messages_of(things):
        packet = packed(message)
        told = gathering.take(read_answer(packet)) or told
    assert told is not None
    assert told.entities == things.entities
    assert len(told.entities) == 3000


class TestTheSocket:
    async def test_core_asks_and_the_door_answers(self, tmp_path):
        async with fake_home() as home:
            ours = client(home, token_file(tmp_path))
            async with linked(ours, tmp_path / "home.sock") as (link, told):
                await eventually(lambda: told and link.alarm is None)
                assert names(told[-1]) == names(ours.things)
                assert await link.call("light.turn_on", ["light.kitchen_light"], {}) is None
                assert home.states["light.kitchen_light"]["s"] == "on"
                seen = await link.look(["sensor.outside_temperature", "light.kitchen_light", "a.b"])
                assert seen["sensor.outside_temperature"].state == "15.6"
                assert set(seen) == {"sensor.outside_temperature", "light.kitchen_light"}

    async def test_home_assistant_away_is_said_and_its_return_too(self, tmp_path):
        home = FakeHome()
        path = token_file(tmp_path)
        async with fake_home(home):
            pass
        ours = client(home, path)
        async with linked(ours, tmp_path / "home.sock") as (link, told):
            await eventually(lambda: link.alarm is not None and link.alarm.kind == "away")
            assert await link.call("light.turn_on", ["light.kitchen_light"], {}) == "away"
            assert await link.look(["light.kitchen_light"]) == "away"
            async with fake_home(home):
                await eventually(lambda: link.alarm is None and told)

    async def test_more_entities_than_fit_a_packet_are_asked_for_in_turns(self, tmp_path):
        home = FakeHome()
        many = {f"light.{'l' * 60}_{n}": {"s": "off", "a": {}} for n in range(400)}
        home.states.update(many)
        async with fake_home(home):
            ours = client(home, token_file(tmp_path))
            async with linked(ours, tmp_path / "home.sock") as (link, told):
                await eventually(lambda: told and link.alarm is None)
                assert await link.call("light.turn_on", list(many), {}) is None
                asked = [name for _, some, _ in home.called for name in some]
                assert sorted(asked) == sorted(many)
                seen = await link.look(list(many))
                assert set(seen) == set(many)

    @pytest.mark.parametrize(
        "packet",
        [
            b"{}",
            b"not json",
            b'{"do":"call","id":1,"service":"shell_command.run","entities":["light.a"]}',
            b'{"do":"call","id":1,"service":"light.turn_on","entities":["lock.front_door"]}',
            b'{"do":"call","id":1,"service":"light.turn_on","entities":["light.a"],'
            b'"data":{"effect":"x"}}',
            b'{"do":"call","id":1,"service":"light.turn_on","entities":["light.a"],'
            b'"data":{"position":50}}',
            b'{"do":"call","id":1,"service":"light.turn_on","entities":["light.a"],'
            b'"data":{"brightness_pct":101}}',
            b'{"do":"call","id":1,"service":"light.turn_on","entities":["light.a"],'
            b'"data":{"color_name":"RED; drop"}}',
            b'{"do":"call","id":1,"service":"light.turn_on","entities":[]}',
            b'{"do":"look","id":0,"entities":["light.a"]}',
            b'{"do":"look","id":1,"entities":["light.a/../b"]}',
            b'{"do":"look","id":1,"entities":["light.a"],"more":1}',
        ],
    )
    async def test_a_core_that_asks_for_anything_else_is_hung_up_on(self, tmp_path, packet):
        async with fake_home() as home:
            ours = client(home, token_file(tmp_path))
            async with linked(ours, tmp_path / "home.sock") as (link, _told):
                await eventually(lambda: link.alarm is None and ours.alarm is None)
                hostile = connect(tmp_path / "home.sock", os.geteuid())
                await hostile.send(packet)
                async with asyncio.timeout(10):
                    while await hostile.receive() is not None:
                        pass
                await hostile.close()
                assert await link.call("light.turn_on", ["light.kitchen_light"], {}) is None
            assert len(home.called) == 1

    @pytest.mark.parametrize(
        "packets",
        [
            [b'{"say":"part","entities":[{"id":"light.a","name":"A"}]}'],
            [b'{"say":"begin","floors":0,"areas":0,"entities":999999}'],
            [
                b'{"say":"begin","floors":0,"areas":0,"entities":1}',
                b'{"say":"part","entities":[{"id":"light.a","name":"A"},{"id":"light.b","name":"B"}]}',
            ],
            [b'{"say":"begin","floors":0,"areas":0,"entities":1}', b'{"say":"end"}'],
            [
                b'{"say":"begin","floors":0,"areas":0,"entities":1}',
                b'{"say":"part","entities":[{"id":"light.a","name":"A\\u202eB"}]}',
            ],
            [
                b'{"say":"begin","floors":0,"areas":0,"entities":1}',
                b'{"say":"part","entities":[{"id":"light.a","name":"{name} [or not]"}]}',
            ],
            [b'{"say":"part","entities":[{"id":"light.a","name":"A","command":"x"}]}'],
            [b'{"say":"state","open":1}'],
            [b"[]"],
        ],
    )
    async def test_a_door_that_lies_changes_nothing(self, tmp_path, packets):
        doorstep = Doorstep(tmp_path / "home.sock")
        told: list[Told] = []
        link = HouseLink(doorstep.path, things=told.append)
        task = asyncio.create_task(link.run())
        loop = asyncio.get_running_loop()
        door, _ = await loop.sock_accept(doorstep.socket)
        for packet in packets:
            await loop.sock_sendall(door, packet)
        async with asyncio.timeout(10):
            assert await loop.sock_recv(door, 10) == b""
        await eventually(lambda: link.alarm is not None)
        assert link.alarm.kind == "nonsense"
        assert told == []
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        door.close()
        doorstep.close()

    def test_no_request_can_be_made_that_the_door_would_not_take(self):
        for request in (
            Call(id=1, service="light.turn_on", entities=("light.a",), data={"brightness_pct": 4}),
            Look(id=2, entities=("light.a",)),
        ):
            assert read_request(packed(request)) == request
        with pytest.raises(DoorError):
            read_request(packed(Look(id=2, entities=("light.a",))).replace(b"look", b"call"))


def test_the_trial_says_what_is_there(tmp_path):
    async def main() -> str:
        async with fake_home() as home:
            settings = HomeAssistantSettings(url=home.url, token_file=token_file(tmp_path))
            return await asyncio.to_thread(trial, settings, {})

    line = asyncio.run(main())
    assert "version 2024.3.3" in line
    assert "things in" in line


def test_the_recording_holds_no_secret():
    text = json.dumps(FakeHome().said)
    assert "eyJ" not in text  # how a token begins
