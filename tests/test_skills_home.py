"""The built-in skills, from words to reply, and the simulated house."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from assistant.skill import Intent, Reply
from assistant.types import Choice, Number, RedactedIntent, RedactedTranscript, Words
from pipeline.intents import IntentParser
from pipeline.sentences import built_in, load_sentences, merge
from pipeline.things import load_things
from plugins.builtin import make_host
from plugins.clock import clock_skill
from plugins.devices import things_skill
from plugins.lists import MOST_ITEMS, Lists
from plugins.replies import Replies
from plugins.simulated import SimulatedHouse

EXAMPLES = Path(__file__).parent.parent / "examples" / "home"
FILES = (*built_in(), *load_sentences([EXAMPLES / "sentences.yaml"]))
REPLIES = Replies(merge(FILES)["responses"]["intents"])


@pytest.fixture(scope="module")
def parser() -> IntentParser:
    return IntentParser(FILES, load_things(None))


@pytest.fixture
def say(parser):
    """Say something to a fresh house; give what it answers."""
    house = make_host(load_things(None), FILES)

    async def say(text: str) -> str:
        intent = parser.parse(RedactedTranscript(1, text, (), 1.0))
        assert intent is not None, text
        return (await house.handle(intent)).text

    return say


async def conversation(say, *turns: tuple[str, str]) -> None:
    for text, expected in turns:
        assert await say(text) == expected, text


async def test_lights_turn_on_and_off_and_say_so(say):
    await conversation(
        say,
        ("is the kitchen light on", "No, off"),
        ("turn on the kitchen light", "Turned on the light"),
        ("is the kitchen light on", "Yes"),
        ("which lights are on", "Kitchen Light"),
        ("turn on the lights upstairs", "Turned on the lights"),
        ("how many lights are on", "4"),
        ("are all the lights on in the office", "Yes"),
        ("turn off the lights", "Turned off the lights"),
        ("are any lights on", "No"),
    )


async def test_lights_change_and_decline_what_they_cannot(say):
    await conversation(
        say,
        ("set the kitchen light to red", "Color set"),
        ("set the reading lamp to red", "Reading Lamp can't change its color."),
        ("set the living room lights to blue", "Color set"),
        ("set the desk lamp to 30 percent", "Brightness set"),
        ("is the desk lamp on", "Yes"),
    )


async def test_doors_covers_and_valves(say):
    await conversation(
        say,
        ("is the front door locked", "Yes"),
        ("unlock the front door", "Unlocking"),
        ("is the front door locked", "No, unlocked"),
        ("open the blinds in the living room", "Opening the blind"),
        ("are all the blinds open", "Yes"),
        ("set bedroom curtains to 0 percent", "Position set"),
        ("is the garage door open", "No, closed"),
        ("close the garden valve", "Closing"),
    )


async def test_climate_fan_media_vacuum_and_mower(say):
    await conversation(
        say,
        ("what is the temperature", "21 degrees"),
        ("set the temperature to 19 degrees", "Temperature set to 19 degrees"),
        ("set fan speed to 50 percent", "Speed set"),
        ("are any fans on", "Yes, Ceiling Fan"),
        ("turn up the volume", "Volume set"),
        ("set the tv volume to 30", "Volume set"),
        ("pause the tv", "Paused"),
        ("unmute the radio", "Unmuted"),
        ("vacuum the kitchen", "Cleaning Kitchen"),
        ("mow the lawn", "Started"),
        ("activate movie night", "Activated"),
        ("run good night", "Started"),
    )


async def test_what_is_not_there_is_said(say):
    await conversation(
        say,
        ("turn off the fan in the kitchen", "There are no fans in the Kitchen."),
        ("open the gates", "There are no gates."),
        ("set the temperature in the kitchen to 20", "There are no thermostats in the Kitchen."),
        ("turn on the tv in the kitchen", "I don't know TV in the Kitchen."),
        ("who is home", "There are no people."),
        ("broadcast dinner is ready", "I can't broadcast: this is the only speaker I know."),
        ("play some jazz", "I can't look for music yet."),
        ("turn off the lights in ten minutes", "I can't do things later yet. I can set a timer."),
    )


async def test_questions_about_sensors_and_the_weather(say):
    await conversation(
        say,
        ("what is the outdoor temperature", "Outdoor temperature is 14 degrees"),
        ("what's the weather", "14 degrees and partly cloudy"),
    )


async def test_small_talk(say):
    await conversation(
        say,
        ("never mind", ""),
        ("hello", "Hello."),
        ("where does my data go", "Nowhere. What you say stays on this device."),
        ("call ada", "I would call ada, but I have no phone."),
    )


async def test_a_list_remembers(say):
    await conversation(
        say,
        ("what's on my shopping list", "There is nothing on Shopping List."),
        ("add milk to my shopping list", "Added milk"),
        ("add paint to my to do list", "Added paint"),
        ("add bread and butter to the shopping list", "Added bread and butter"),
        ("what's on my shopping list", "On Shopping List: milk, bread and butter."),
        ("check off milk from my shopping list", "Checked off milk"),
        ("check off milk from my shopping list", "I don't find milk on Shopping List."),
        ("remove paint from my to do list", "Removed paint"),
        ("read my shopping list", "On Shopping List: bread and butter."),
    )


async def test_a_list_is_not_endless():
    lists = Lists(REPLIES)
    add = lists.skill.handlers["HassShoppingListAddItem"]
    for _ in range(MOST_ITEMS + 1):
        reply = await add(Intent("HassShoppingListAddItem", {"item": Words("milk")}, "item_added"))
    assert reply == Reply("That list is full.")
    assert len(lists.items()) == MOST_ITEMS


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [(0, 5, "12:05 AM"), (9, 30, "9:30 AM"), (12, 0, "12:00 PM"), (23, 59, "11:59 PM")],
)
async def test_the_clock_tells_the_time(hour, minute, said):
    skill = clock_skill(REPLIES, lambda: datetime(2026, 11, 3, hour, minute))
    reply = await skill.handlers["HassGetCurrentTime"](Intent("HassGetCurrentTime"))
    assert reply == Reply(said)
    reply = await skill.handlers["HassGetCurrentDate"](Intent("HassGetCurrentDate"))
    assert reply == Reply("November 3rd, 2026")


async def test_an_area_that_a_thing_does_not_state_is_no_reason_to_miss_it(tmp_path):
    path = tmp_path / "things.yaml"
    path.write_text(
        "areas: [{name: Office}]\n"
        "entities: [{name: TV, domain: media_player}, {name: Lamp, domain: light}]\n"
    )
    house = SimulatedHouse(load_things(path))
    things = things_skill(house, REPLIES)
    turn_off = things.handlers["HassTurnOff"]
    office = Choice("Office")
    reply = await turn_off(Intent("HassTurnOff", {"name": Choice("TV"), "area": office}))
    assert reply == Reply("Turned off the media player")
    reply = await turn_off(Intent("HassTurnOff", {"domain": Choice("light"), "area": office}))
    assert reply == Reply("There are no lights in the Office.")


async def test_the_host_lets_timers_speak():
    house = make_host(load_things(None), built_in())
    said: asyncio.Queue[Reply] = asyncio.Queue()
    running = asyncio.create_task(house.run(said.put_nowait))
    async with asyncio.timeout(10):
        await house.handle(RedactedIntent(1, "HassStartTimer", {"seconds": Number(0.01)}))
        assert await said.get() == Reply("Time is up.")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert house.misunderstood().text
