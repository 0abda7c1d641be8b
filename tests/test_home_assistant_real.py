"""Against a real Home Assistant: `make home-assistant-test` makes its environment and runs this."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from home_assistant_fake import eventually
from home_assistant_real import MISSING, RealHome, furnish, python, real_home

from assistant.settings import HomeAssistantSettings
from assistant.types import RedactedTranscript
from pipeline.intents import IntentParser
from pipeline.sentences import built_in
from plugins.builtin import make_host
from plugins.door.packets import Doorstep
from plugins.home_assistant.client import HomeAssistant
from plugins.home_assistant.gathering import Told
from plugins.home_assistant.house import HomeAssistantHouse
from plugins.home_assistant.link import HouseLink
from plugins.home_assistant.make import address
from plugins.home_assistant.service import HouseDoor
from plugins.home_assistant.things import things_of
from plugins.home_assistant.token import Token
from plugins.home_assistant.trial import trial

pytestmark = pytest.mark.skipif(python() is None, reason=MISSING)


@contextlib.asynccontextmanager
async def linked(home: RealHome, path: Path) -> AsyncIterator[tuple[HouseLink, list[Told]]]:
    (path / "token").write_text(home.token)
    (path / "token").chmod(0o600)
    where = address(HomeAssistantSettings(url=home.url))
    doorstep = Doorstep(path / "home.sock")
    told: list[Told] = []
    link = HouseLink(doorstep.path, things=told.append)
    door = HouseDoor(HomeAssistant(where, Token(path / "token", {})))
    tasks = [asyncio.create_task(door.run(doorstep)), asyncio.create_task(link.run())]
    try:
        await eventually(lambda: told and link.alarm is None, 60)
        yield link, told
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        doorstep.close()


async def test_a_real_home_assistant_is_understood_and_does_what_is_said(tmp_path):
    (tmp_path / "house").mkdir()
    async with real_home(python(), tmp_path / "house") as home:
        await furnish(home)
        async with linked(home, tmp_path) as (link, told):
            await commands(home, link, told)
            await changes(home, told)
        settings = HomeAssistantSettings(url=home.url, token_file=tmp_path / "token")
        line = await asyncio.to_thread(trial, settings, {})
        assert "things in 5 areas" in line
        await refused(home, tmp_path)


async def commands(home: RealHome, link: HouseLink, told: list[Told]) -> None:
    """Sentences, and what becomes of them in Home Assistant."""
    things = things_of(told[-1])
    parser = IntentParser(built_in(), things)
    host = make_host(things, built_in(), house=HomeAssistantHouse(things, link))

    async def say(text: str) -> str:
        intent = parser.parse(RedactedTranscript(1, text, (), 1.0))
        assert intent is not None, text
        return (await host.handle(intent)).text

    async def state(entity: str) -> str:
        states = await home.owner.do("get_states")
        return {one["entity_id"]: one["state"] for one in states}[entity]

    assert await say("turn on the kitchen light") == "Turned on the light"
    assert await state("light.kitchen_light") == "on"
    assert await say("is the kitchen light on") == "Yes"
    assert await say("turn off the main light") == "Turned off the light"  # an alias
    assert await state("light.kitchen_light") == "off"
    await say("turn on the lights in the galley")  # an area's alias
    assert await state("light.kitchen_lights") == "on"
    assert await say("what's the temperature in the bedroom") == "19.5 degrees"
    assert await say("is the front door locked") in ("Yes", "No, unlocked")
    await say("unlock the front door")
    await eventually_async(lambda: state("lock.front_door"), "unlocked")
    await say("set bed light to red")
    await say("set bed light to fifty percent brightness")
    states = {one["entity_id"]: one for one in await home.owner.do("get_states")}
    lit = states["light.bed_light"]["attributes"]
    assert 126 <= lit["brightness"] <= 128
    assert tuple(lit["rgb_color"]) == (255, 0, 0)
    await say("open the garage door")
    await eventually_async(lambda: state("cover.garage_door"), "open", "opening")
    assert await link.call("light.turn_on", ["light.nobody_has"], {}) == "unknown-entity"


async def changes(home: RealHome, told: list[Told]) -> None:
    """What somebody changes at Home Assistant's pages is known a moment later."""
    before = len(told)
    await home.owner.do(
        "config/entity_registry/update", entity_id="light.bed_light", name="Reading Lamp"
    )
    await eventually(lambda: len(told) > before, 30)
    await eventually(lambda: "Reading Lamp" in [one.name for one in told[-1].entities], 30)
    await home.owner.do("config/area_registry/create", name="Attic", aliases=["loft"])
    await eventually(lambda: "Attic" in [area.name for area in told[-1].areas], 30)
    await home.owner.do(
        "homeassistant/expose_entity",
        assistants=["conversation"],
        entity_ids=["light.bed_light"],
        should_expose=False,
    )
    await eventually(lambda: "light.bed_light" not in [e.id for e in told[-1].entities], 30)


async def refused(home: RealHome, tmp_path: Path) -> None:
    """A token that Home Assistant does not know."""
    other = tmp_path / "other"
    other.write_text(home.token[:-6] + "AAAAAA")
    other.chmod(0o600)
    where = address(HomeAssistantSettings(url=home.url))
    client = HomeAssistant(where, Token(other, {}))
    task = asyncio.create_task(client.run())
    await eventually(lambda: client.is_known, 30)
    assert client.alarm is not None
    assert client.alarm.kind == "token-refused"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def eventually_async(ask, *wanted: str) -> None:
    async with asyncio.timeout(20):
        while (found := await ask()) not in wanted:
            assert found
            await asyncio.sleep(0.1)
