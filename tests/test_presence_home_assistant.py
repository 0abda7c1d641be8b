"""Presence in a real Home Assistant, through a real broker: `make home-assistant-test`."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

import pytest
from home_assistant_real import MISSING, RealHome, python, real_home

from tests.door_stage import needs_mosquitto, running_mosquitto, until
from tests.test_presenting import whole

PYTHON = python()
pytestmark = pytest.mark.skipif(PYTHON is None, reason=MISSING)


class Pages:
    """Home Assistant's REST API, as its own pages use it."""

    def __init__(self, home: RealHome) -> None:
        self._home = home

    async def ask(self, path: str, value: object = None) -> Any:
        return await asyncio.to_thread(self._ask, path, value)

    def _ask(self, path: str, value: object) -> Any:
        request = urllib.request.Request(
            f"{self._home.url}/api/{path}",
            None if value is None else json.dumps(value).encode(),
            {"Authorization": f"Bearer {self._home.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    async def add_broker(self, port: int) -> None:
        """What a person does under Settings, Devices & services, Add integration, MQTT."""
        flow = await self.ask("config/config_entries/flow", {"handler": "mqtt"})
        step = {"broker": "127.0.0.1", "port": port}
        made = await self.ask(f"config/config_entries/flow/{flow['flow_id']}", step)
        assert made["type"] == "create_entry", made

    async def states(self) -> dict[str, str]:
        every = await self.ask("states")
        return {one["entity_id"]: one["state"] for one in every if "sotto_home" in one["entity_id"]}

    async def shows(self, **wanted: str) -> None:
        states: dict[str, str] = {}
        for _ in range(200):
            states = await self.states()
            if all(states.get(key.replace("__", ".")) == is_ for key, is_ in wanted.items()):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(states)


@needs_mosquitto
async def test_a_real_home_assistant_shows_the_device_and_its_commands_arrive(tmp_path):
    assert PYTHON is not None
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "configuration.yaml").write_text("")  # its MQTT part reads it
    with running_mosquitto(tmp_path / "broker") as broker:
        async with (
            whole(tmp_path, broker=broker.port) as one,
            real_home(PYTHON, tmp_path / "home") as home,
        ):
            pages = Pages(home)
            await pages.add_broker(broker.port)
            await pages.shows(sensor__sotto_home_state="idle", select__sotto_home_policy="usual")
            assert len(await pages.states()) == 12
            assert (await pages.states())["button.sotto_home_confirm"] == "unavailable"
            mute = {"entity_id": "switch.sotto_home_mute"}
            await pages.ask("services/switch/turn_on", mute)
            await pages.shows(switch__sotto_home_mute="on", sensor__sotto_home_state="muted")
            assert one.under.is_stopped("listening")
            await pages.ask("services/switch/turn_off", mute)
            await pages.shows(switch__sotto_home_mute="off")
            choice = {"entity_id": "select.sotto_home_policy", "option": "guests"}
            await pages.ask("services/select/select_option", choice)
            await pages.shows(select__sotto_home_policy="guests")
            assert one.under.agreed.policy.gating.otherwise == "never"
            waiting = asyncio.create_task(one.under.confirming.button.wait())
            await pages.shows(button__sotto_home_confirm="unknown")
            await pages.ask("services/button/press", {"entity_id": "button.sotto_home_confirm"})
            assert await waiting is True
            await pages.ask("services/button/press", {"entity_id": "button.sotto_home_erase"})
            await until(lambda: "presence erase" in one.audit)
