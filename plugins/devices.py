"""The `things` skill: commands for devices, and questions about them, in the house."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.skill import Handler, Intent, Reply, Skill
from plugins.acts import ACTS
from plugins.house import Device, House
from plugins.replies import Replies

PATIENCE = 15.0
"""Seconds for a reply: a real house takes its time."""
_SPOKEN = {
    "garage": "garage door",
    "climate": "thermostat",
    "media_player": "media player",
    "person": "people",
}


def things_skill(house: House, replies: Replies) -> Skill:
    """The skill."""
    skill = Skill("things", timeout=PATIENCE)
    for intent, (domains, _) in ACTS.items():
        skill.on(intent)(_command(house, replies, domains))
    skill.on("HassClimateGetTemperature")(_question(house, replies, ("climate",)))
    skill.on("HassGetWeather")(_question(house, replies, ("weather",)))
    skill.on("HassGetState")(_question(house, replies, ()))
    return skill


def _command(house: House, replies: Replies, domains: Sequence[str]) -> Handler:
    async def command(intent: Intent) -> Reply:
        devices = house.devices.meant(_without_goal(intent), domains)
        if not devices:
            return _nothing(intent, domains)
        if (reason := await house.act(intent, devices)) is not None:
            return Reply(reason)
        return Reply(_render(house, replies, intent, devices))

    return command


def _question(house: House, replies: Replies, domains: Sequence[str]) -> Handler:
    async def question(intent: Intent) -> Reply:
        devices = house.devices.meant(intent, domains) or _others(house, intent)
        if not devices:
            return _nothing(intent, domains)
        if (reason := await house.look(devices)) is not None:
            return Reply(reason)
        if "state" not in intent and devices[0].state == "unknown":
            return Reply(f"I don't know {devices[0].name}.")
        if all(device.state == "unavailable" for device in devices):
            return Reply(f"{devices[0].name} can't be reached.")
        return Reply(_render(house, replies, intent, devices))

    return question


def _others(house: House, intent: Intent) -> list[Device]:
    """What else answers: a thermometer, where there is no thermostat."""
    if intent.name != "HassClimateGetTemperature":
        return []
    sensors = house.devices.meant(intent, ("sensor",))
    return [device for device in sensors if device.entity.device_class == "temperature"]


def _without_goal(intent: Intent) -> Intent:
    """ "Clean the kitchen" says where a vacuum should go, not where it stands."""
    if intent.name != "HassVacuumCleanArea":
        return intent
    slots = {name: slot for name, slot in intent.slots.items() if name != "area"}
    return Intent(intent.name, slots, intent.response)


def _render(house: House, replies: Replies, intent: Intent, devices: Sequence[Device]) -> str:
    """The reply template with `state` (one device) and `query` (which are as was asked)."""
    wanted = intent.text("state")
    matched = [device for device in devices if wanted in (None, device.state)]
    slots = {}
    if (kind := intent.text("device_class")) is not None:
        slots["device_class"] = _kind(kind, len(devices))
    return replies.render(
        intent,
        slots,
        state=(matched or devices)[0],
        query={
            "matched": matched,
            "unmatched": [device for device in devices if device not in matched],
        },
        state_attr=house.devices.attribute,
    )


def _nothing(intent: Intent, domains: Sequence[str]) -> Reply:
    """Say what is not there."""
    area, floor, name = intent.text("area"), intent.text("floor"), intent.text("name")
    place = f" in the {area}" if area else f" on the {floor}" if floor else ""
    if name is not None:
        return Reply(f"I don't know {name}{place}.")
    only = domains[0] if len(domains) == 1 else None
    kind = intent.text("device_class") or intent.text("domain") or only
    return Reply(f"There are no {_kind(kind, 2) if kind else 'such things'}{place}.")


def _kind(kind: str, count: int) -> str:
    word = _SPOKEN.get(kind, kind.replace("_", " "))
    if count == 1 or word == "people":
        return word
    return f"{word}es" if word.endswith("ch") else f"{word}s"
