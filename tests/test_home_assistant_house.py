"""The core's side: what Home Assistant has becomes what is heard, understood and judged."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from home_assistant_fake import TOKEN, FakeHome, eventually, fake_home

from assistant import build
from assistant.agreed import Agreed
from assistant.agreement import Agreement
from assistant.errors import SettingsError
from assistant.events import Decided, Event, Failed, Replied, Understood
from assistant.following import household
from assistant.household import Household, Known, Talk
from assistant.runtime import Assistant
from assistant.settings import HomeAssistantSettings, HomeSettings, Settings
from assistant.skill import Intent
from assistant.types import Choice, RedactedIntent, RedactedTranscript
from pipeline.intents import IntentParser
from pipeline.sentences import built_in
from pipeline.sources.file import FileSource
from pipeline.things import Things, load_things
from pipeline.worker import Worker
from plugins.builtin import make_host
from plugins.door.packets import Doorstep
from plugins.home_assistant.alarms import Alarm
from plugins.home_assistant.calls import Service, service_for
from plugins.home_assistant.client import HomeAssistant, Patience
from plugins.home_assistant.gathering import REMEMBERED, Told, remember, remembered
from plugins.home_assistant.house import AWAY, HomeAssistantHouse
from plugins.home_assistant.make import address
from plugins.home_assistant.service import HouseDoor
from plugins.home_assistant.services import SERVICES
from plugins.home_assistant.things import things_of
from plugins.home_assistant.token import Token
from plugins.home_assistant.wire import Area, Call, Entity, Floor, Seen
from plugins.house import Device
from plugins.simulated import SimulatedHouse
from policies.decide import decide
from policies.load import Policies

QUICK = Patience(service=2.0, settle=0.02, most=0.5, first_wait=0.01, longest_wait=0.05)
TOLD = Told(
    floors=(Floor(id="up", name="Upstairs"),),
    areas=(
        Area(id="kitchen", name="Kitchen", aliases=("galley",)),
        Area(id="bedroom", name="Bedroom", floor="up"),
    ),
    entities=(
        Entity(id="light.kitchen", name="Kitchen Light", aliases=("main light",), area="kitchen"),
        Entity(id="light.shelf", name="Shelf Light", area="kitchen", colors=False, dims=True),
        Entity(id="light.bed", name="Bed Light", area="bedroom", colors=True, dims=True),
        Entity(id="lock.front", name="Front Door"),
        Entity(id="cover.garage", name="Big Gate", device_class="garage"),
        Entity(id="alarm_control_panel.home", name="House Alarm"),
        Entity(id="sensor.bed", name="Thermometer", area="bedroom", device_class="temperature"),
        Entity(id="media_player.tv", name="TV", area="bedroom"),
        Entity(id="vacuum.robot", name="Robot"),
        Entity(id="scene.evening", name="Evening"),
    ),
)
THINGS = things_of(TOLD)


class Scripted:
    """Keeps `plugins.home_assistant.house.Reaching`."""

    def __init__(self, **states: str) -> None:
        self.alarm: Alarm | None = None
        self.states = {entity.id: "off" for entity in TOLD.entities} | {
            name.replace("__", "."): state for name, state in states.items()
        }
        self.called: list[tuple[str, tuple[str, ...], dict[str, object]]] = []
        self.problems: dict[str, str] = {}
        self.more: dict[str, dict[str, object]] = {}

    async def call(self, service, entities, data):
        Call(id=1, service=service, entities=tuple(entities), data=dict(data))  # the door's check
        self.called.append((service, tuple(entities), dict(data)))
        return self.problems.get(service)

    async def look(self, entities):
        if self.alarm is not None:
            return "away"
        return {
            entity: Seen(id=entity, state=self.states[entity], **self.more.get(entity, {}))
            for entity in entities
            if entity in self.states
        }


async def said(text: str, link: Scripted, things: Things = THINGS) -> str:
    """What is answered to a text, whatever the policy."""
    parser = PARSER if things is THINGS else IntentParser(built_in(), things)
    intent = parser.parse(RedactedTranscript(1, text, (), 1.0))
    assert intent is not None, text
    host = make_host(things, built_in(), house=HomeAssistantHouse(things, link))
    return (await host.handle(intent)).text


PARSER = IntentParser(built_in(), THINGS)


@pytest.mark.parametrize(
    ("text", "service", "entities", "data"),
    [
        ("turn on the kitchen light", "light.turn_on", ["light.kitchen"], {}),
        ("turn on the main light", "light.turn_on", ["light.kitchen"], {}),
        (
            "turn off the lights in the galley",
            "light.turn_off",
            ["light.kitchen", "light.shelf"],
            {},
        ),
        ("set bed light to red", "light.turn_on", ["light.bed"], {"color_name": "red"}),
        (
            "set the shelf light to forty percent brightness",
            "light.turn_on",
            ["light.shelf"],
            {"brightness_pct": 40},
        ),
        ("unlock the front door", "lock.unlock", ["lock.front"], {}),
        ("lock the front door", "lock.lock", ["lock.front"], {}),
        ("open the big gate", "cover.open_cover", ["cover.garage"], {}),
        (
            "set big gate to thirty percent",
            "cover.set_cover_position",
            ["cover.garage"],
            {"position": 30},
        ),
        ("turn on evening", "scene.turn_on", ["scene.evening"], {}),
        ("start robot", "vacuum.start", ["vacuum.robot"], {}),
        ("return robot to base", "vacuum.return_to_base", ["vacuum.robot"], {}),
        ("pause the tv", "media_player.media_pause", ["media_player.tv"], {}),
        (
            "set tv volume to forty percent",
            "media_player.volume_set",
            ["media_player.tv"],
            {"volume_level": 0.4},
        ),
        ("mute the tv", "media_player.volume_mute", ["media_player.tv"], {"is_volume_muted": True}),
    ],
)
async def test_what_is_said_becomes_a_service_of_the_table(text, service, entities, data):
    link = Scripted()
    reply = await said(text, link)
    assert link.called == [(service, tuple(entities), data)], reply


@pytest.mark.parametrize(
    ("text", "states", "answer"),
    [
        ("is the kitchen light on", {"light__kitchen": "on"}, "Yes"),
        ("is the kitchen light on", {}, "No, off"),
        ("is the front door locked", {"lock__front": "locked"}, "Yes"),
        ("are any lights on in the bedroom", {"light__bed": "on"}, "Yes, Bed Light"),
        (
            "which lights are on",
            {"light__bed": "on", "light__shelf": "on"},
            "Bed Light and Shelf Light",
        ),
        (
            "what is the state of the kitchen light",
            {"light__kitchen": "unavailable"},
            "can't be reached",
        ),
    ],
)
async def test_questions_are_answered_with_what_home_assistant_says_now(text, states, answer):
    assert answer in await said(text, Scripted(**states))


async def test_a_thermometer_answers_where_there_is_no_thermostat():
    link = Scripted(sensor__bed="19.5")
    link.more["sensor.bed"] = {"unit_of_measurement": "°C"}
    assert await said("what's the temperature in the bedroom", link) == "19.5 degrees"
    assert "19.5 degrees" in await said("what is the thermometer", link)


async def test_that_home_assistant_is_away_is_said():
    link = Scripted()
    link.alarm = Alarm("away", "http://x: no connection")
    assert await said("turn on the kitchen light", link) == AWAY
    assert await said("is the kitchen light on", link) == AWAY
    link.alarm = Alarm("token-refused", "x")
    assert await said("turn on the kitchen light", link) == "Home Assistant refuses my token."
    assert link.called == []


@pytest.mark.parametrize(
    ("problem", "reply"),
    [
        ("failed", "Home Assistant could not do that."),
        ("no-answer", "Home Assistant has not answered, so I don't know whether that was done."),
        ("unknown-service", "Home Assistant can't do that."),
    ],
)
async def test_what_home_assistant_did_not_do_is_not_said_to_be_done(problem, reply):
    link = Scripted()
    link.problems["light.turn_on"] = problem
    assert await said("turn on the kitchen light", link) == reply


async def test_what_can_not_be_reached_is_said_and_the_rest_is_done():
    assert "can't be reached" in await said(
        "turn on the kitchen light", link := Scripted(light__kitchen="unavailable")
    )
    assert link.called == []
    link = Scripted(light__shelf="unavailable")
    assert (
        await said("turn off the lights in the kitchen", link) == "That was done for 1 of 2 only."
    )
    assert link.called == [("light.turn_off", ("light.kitchen",), {})]


async def test_a_lamp_without_colours_says_so():
    link = Scripted()
    assert "can't change its color" in await said("set shelf light to red", link)
    assert link.called == []


def test_every_service_that_is_called_is_in_the_table():
    from plugins.acts import ACTS

    slots = {"brightness": 5.0, "position": 5.0, "percentage": 5.0}
    slots |= {"volume_level": 30.0, "volume_step": 5.0}
    for intent, (domains, _) in ACTS.items():
        for domain in domains:
            device = Device(THINGS.entities[0].model_copy(update={"domain": domain}), "on")
            device.attributes["volume_level"] = 0.5
            warmth = 3000.0 if domain == "light" else 20.0
            slots |= {"temperature": warmth}
            made = service_for(device, Intent.of(intent, **slots, fan_mode="auto"))
            if isinstance(made, Service):
                assert made.name in SERVICES, (intent, domain)
                Call(id=1, service=made.name, entities=(f"{domain}.x",), data=dict(made.data))


@pytest.mark.parametrize(
    "text", ["unlock the front door", "open the big gate", "disarm the house alarm"]
)
def test_a_risky_device_of_home_assistants_waits_for_a_yes(text):
    intent = PARSER.parse(RedactedTranscript(1, text, (), 1.0))
    if text == "disarm the house alarm" and intent is None:
        name = {"name": Choice("House Alarm")}
        intent = RedactedIntent(1, "HassTurnOff", name)
    assert intent is not None
    decision = decide(intent, Known(THINGS).possible(intent))
    assert type(decision).__name__ == "Confirm"
    assert decision == decide(intent, THINGS.entities)  # no less is seen than of all things


class TestRemembering:
    def test_the_house_is_remembered_and_nobody_else_reads_it(self, tmp_path):
        remember(tmp_path, TOLD)
        assert remembered(tmp_path) == TOLD
        assert stat.S_IMODE((tmp_path / REMEMBERED).stat().st_mode) == 0o600

    @pytest.mark.parametrize("text", ["", "{", '{"entities": [{"id": "x"}]}', "[]", "\x00"])
    def test_what_is_damaged_is_left_out(self, tmp_path, text):
        (tmp_path / REMEMBERED).write_text(text)
        (tmp_path / REMEMBERED).chmod(0o600)
        assert remembered(tmp_path) is None

    def test_a_start_while_home_assistant_is_away_knows_the_house(self, tmp_path):
        remember(tmp_path, TOLD)
        settings = Settings(home_assistant=HomeAssistantSettings(url="http://127.0.0.1:9"))
        home, following = household(settings, tmp_path, live=True)
        assert following
        assert home.things == THINGS

    def test_a_recording_that_is_replayed_switches_nothing_real(self, tmp_path):
        remember(tmp_path, TOLD)
        settings = Settings(home_assistant=HomeAssistantSettings(url="http://127.0.0.1:9"))
        home, following = household(settings, tmp_path, live=False)
        assert isinstance(home.house, SimulatedHouse)
        assert following == []
        assert home.things == THINGS

    def test_a_house_is_in_a_file_or_in_home_assistant(self, tmp_path):
        settings = Settings(
            home=HomeSettings(things=tmp_path / "things.yaml"),
            home_assistant=HomeAssistantSettings(url="http://127.0.0.1:9"),
        )
        with pytest.raises(SettingsError, match=r"home\.things and home_assistant\.url"):
            household(settings, tmp_path, live=True)


async def test_the_house_becomes_another_between_two_utterances():
    things = load_things(None)
    home = Household(things, SimulatedHouse(things))
    heard: list[Things] = []
    order: list[str] = []
    home.tell(lambda _things: lambda: order.append("in force"))
    home.hears = lambda talk: lambda: heard.append(talk.things)
    with Worker("house") as worker:
        async with home.steady:
            becoming = asyncio.create_task(home.become(THINGS, worker))
            await asyncio.sleep(0.05)
            assert order == []
            assert home.things == things
            order.append("the utterance ends")
        await becoming
    assert order == ["the utterance ends", "in force"]
    assert home.things == THINGS
    assert heard == [THINGS]


def test_a_parser_knows_the_other_house_when_it_is_in_force():
    parser = IntentParser(built_in(), load_things(None))
    before = RedactedTranscript(1, "turn on the coffee machine", (), 1.0)
    after = RedactedTranscript(1, "open the big gate", (), 1.0)
    assert parser.parse(before) is not None
    use = parser.prepare(THINGS)
    assert parser.parse(before) is not None
    use()
    assert parser.parse(before) is None
    assert parser.parse(after) is not None


def test_an_area_of_this_device_may_come_later():
    with pytest.raises(SettingsError):
        IntentParser(built_in(), Things(), "Kitchen")
    parser = IntentParser(built_in(), Things(), "kitchen", comes_later=True)
    parser.prepare(THINGS)()
    intent = parser.parse(RedactedTranscript(1, "turn on the lights", (), 1.0))
    assert intent is not None
    assert intent.slots["area"] == Choice("Kitchen")


@contextlib.asynccontextmanager
async def door(home: FakeHome, path: Path, token: Path) -> AsyncIterator[None]:
    where = address(HomeAssistantSettings(url=home.url))
    doorstep = Doorstep(path)
    serving = HouseDoor(HomeAssistant(where, Token(token, {}), patience=QUICK)).run(doorstep)
    task = asyncio.create_task(serving)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        doorstep.close()


def assistant(
    settings: Settings, state: Path, events: list[Event], heard_of: list[Things]
) -> Assistant:
    """As `sotto run` makes one, but for its microphone and its voice."""
    under = Agreement(Agreed(Policies(())), state)
    mind = build.mind(settings, None, under, events.append, live=True)
    listener = build.ear(settings, mind, state, wake=True)
    hears = mind.household.hears

    def learning(talk: Talk) -> Callable[[], None]:
        use = hears(talk)

        def learned() -> None:
            use()
            heard_of.append(talk.things)

        return learned

    mind.household.hears = learning
    return Assistant(listener, mind.parts, events.append)


async def test_a_recording_of_a_command_turns_on_the_light_in_home_assistant(tmp_path, recordings):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    events: list[Event] = []

    async def hear(name: str) -> list[Event]:
        events.clear()
        await ours.replay(FileSource(recordings / f"{name}.flac"), name)
        assert not [event for event in events if isinstance(event, Failed)]
        return list(events)

    async with fake_home() as home:
        settings = Settings(home_assistant=HomeAssistantSettings(url=home.url))
        heard_of: list[Things] = []
        ours = assistant(settings, tmp_path, events, heard_of)
        async with door(home, tmp_path / "home.sock", token), ours:
            await eventually(lambda: heard_of, 60)
            assert (tmp_path / REMEMBERED).exists()
            heard = await hear("alexa_light_on")
            assert home.called == [("light.turn_on", ["light.kitchen_light"], {})]
            assert home.states["light.kitchen_light"]["s"] == "on"
            assert [e.name for e in heard if isinstance(e, Understood)] == ["HassTurnOn"]
            assert [e.text for e in heard if isinstance(e, Replied)] == ["Turned on the light"]

            heard = await hear("alexa_unlock")  # a lock waits for a yes, and there is none
            assert [e.effect for e in heard if isinstance(e, Decided)] == ["confirm"]
            assert home.states["lock.front_door"]["s"] == "locked"

            await home.hang_up()
            home.token = "another-token-since-a-moment"
            await eventually(lambda: len(home.shown_tokens) > 1 and home.connections == set())
            heard = await hear("alexa_light_on")
            (reply,) = [e.text for e in heard if isinstance(e, Replied)]
            assert reply in (AWAY, "Home Assistant refuses my token.")
            assert len(home.called) == 1
