"""Home Assistant's own MQTT integration takes every entity that presence shows, and its states.

Run it with the Python of an environment that has `homeassistant` (requirements.txt); see
`make home-assistant-test`. What is published is in mqtt_presence.json, as the door publishes it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

RECORDED = json.loads((Path(__file__).parent / "mqtt_presence.json").read_text())
STATE = "sotto/home/presence/state"
ENTITIES = {
    "switch.sotto_home_mute": "off",
    "sensor.sotto_home_state": "idle",
    "sensor.sotto_home_intent": "HassTurnOn",
    "event.sotto_home_event": "unknown",
    "button.sotto_home_erase": "unknown",
    "button.sotto_home_confirm": "unavailable",
    "select.sotto_home_policy": "usual",
    "binary_sensor.sotto_home_problem": "off",
    "sensor.sotto_home_memory": "120",
    "sensor.sotto_home_utterances": "3",
    "sensor.sotto_home_kept": "2",
    "sensor.sotto_home_sent": "1",
}


@pytest.fixture
def hass_config():
    """A configuration without anything of MQTT: all of it is discovered."""
    return {}


@pytest.fixture(autouse=True)
async def shown(hass, mock_hass_config, mqtt_mock_entry, caplog):
    """Have it all published; Home Assistant must not have complained in the end."""
    mqtt = await mqtt_mock_entry()
    for topic, payload in RECORDED.items():
        text = payload if isinstance(payload, str) else json.dumps(payload)
        async_fire_mqtt_message(hass, topic, text)
        await hass.async_block_till_done()
    yield mqtt
    complaints = [one for one in caplog.records if one.levelname in ("WARNING", "ERROR")]
    assert [one.getMessage() for one in complaints if "mqtt" in one.name] == []


def ours(hass):
    """All states but Home Assistant's own."""
    return [state for state in hass.states.async_all() if state.domain != "zone"]


async def test_every_entity_is_there_with_its_state(hass):
    states = {state.entity_id: state.state for state in ours(hass)}
    assert states == ENTITIES
    registry = er.async_get(hass)
    [device] = dr.async_get(hass).devices.values()
    assert (device.name, device.manufacturer) == ("Sotto", "Sotto")
    assert {entry.entity_id for entry in registry.entities.values()} == set(ENTITIES)
    assert all(entry.device_id == device.id for entry in registry.entities.values())


async def test_states_follow_and_everything_is_unavailable_when_the_device_is(hass):
    said = {**RECORDED[STATE], "mood": "no_microphone", "muted": "ON", "problem": "ON",
            "alarms": ["microphone"], "policy": "guests"}  # fmt: skip
    async_fire_mqtt_message(hass, STATE, json.dumps(said))
    await hass.async_block_till_done()
    assert hass.states.get("sensor.sotto_home_state").state == "no_microphone"
    assert hass.states.get("switch.sotto_home_mute").state == "on"
    assert hass.states.get("select.sotto_home_policy").state == "guests"
    problem = hass.states.get("binary_sensor.sotto_home_problem")
    assert (problem.state, problem.attributes["alarms"]) == ("on", ["microphone"])
    async_fire_mqtt_message(hass, "sotto/home/presence/online", "offline")
    await hass.async_block_till_done()
    assert {state.state for state in ours(hass)} == {"unavailable"}


async def test_events_are_taken(hass):
    for event in ({"event_type": "done", "intent": "HassTurnOn"},
                  {"event_type": "refused", "intent": "HassTurnOff"},
                  {"event_type": "alarm", "alarm": "microphone"},
                  {"event_type": "confirm"}):  # fmt: skip
        async_fire_mqtt_message(hass, "sotto/home/presence/event", json.dumps(event))
        await hass.async_block_till_done()
        taken = hass.states.get("event.sotto_home_event")
        assert taken.state != "unknown"
        assert {key: taken.attributes[key] for key in event} == event


@pytest.mark.parametrize(
    ("domain", "service", "entity", "data", "topic", "payload"),
    [
        ("switch", "turn_on", "switch.sotto_home_mute", {}, "mute", "ON"),
        ("switch", "turn_off", "switch.sotto_home_mute", {}, "mute", "OFF"),
        ("button", "press", "button.sotto_home_erase", {}, "erase", "PRESS"),
        ("button", "press", "button.sotto_home_confirm", {}, "confirm", "PRESS"),
        ("select", "select_option", "select.sotto_home_policy", {"option": "guests"}, "policy",
         "guests"),
    ],
)  # fmt: skip
async def test_what_somebody_does_there_is_what_the_door_understands(
    hass, shown, domain, service, entity, data, topic, payload
):
    async_fire_mqtt_message(hass, "sotto/home/presence/confirm", "online")
    await hass.async_block_till_done()
    await hass.services.async_call(domain, service, {"entity_id": entity, **data}, blocking=True)
    shown.async_publish.assert_called_once_with(
        f"sotto/home/presence/set/{topic}", payload, 1, False
    )


async def test_an_entity_that_is_allowed_no_longer_goes_away(hass):
    async_fire_mqtt_message(hass, "homeassistant/button/sotto_home/erase/config", "")
    await hass.async_block_till_done()
    assert hass.states.get("button.sotto_home_erase") is None
