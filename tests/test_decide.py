"""What may be done at once, and what needs a yes."""

from __future__ import annotations

import pytest

from assistant.types import (
    Choice,
    Confirm,
    Grant,
    Number,
    Placeholder,
    RedactedIntent,
    Refusal,
    Words,
)
from pipeline.things import Entity
from policies.decide import decide


def thing(
    name: str, domain: str, device_class: str | None = None, area: str | None = None
) -> Entity:
    attributes = {"device_class": device_class} if device_class else {}
    return Entity(name=name, domain=domain, area=area, attributes=attributes)


HOUSE = (
    thing("Lamp", "light", area="Hall"),
    thing("Front Door", "lock", area="Hall"),
    thing("Side Door", "cover"),
    thing("Main Gate", "cover"),
    thing("Entry", "cover", "garage", "Garage"),
    thing("Barn", "cover", "door"),
    thing("Door Blind", "cover", "blind"),
    thing("Roller", "cover", area="Hall"),
    thing("Alarm", "alarm_control_panel"),
    thing("Water", "valve"),
    thing("Box", "switch"),
    thing("Box", "lock"),
)


def verdict(name: str, /, **slots: object) -> object:
    kinds = {
        slot: Choice(value) if isinstance(value, str) else value for slot, value in slots.items()
    }
    return decide(RedactedIntent(1, name, kinds), HOUSE)


@pytest.mark.parametrize(
    ("intent", "slots", "rule"),
    [
        ("HassTurnOff", {"name": "Front Door"}, "risky: lock"),
        ("HassTurnOff", {"domain": "lock"}, "risky: lock"),
        ("HassTurnOff", {"area": "Hall"}, "risky: lock"),
        ("HassTurnOff", {"name": "Alarm"}, "risky: alarm_control_panel"),
        ("HassTurnOff", {"name": "Box"}, "risky: lock"),  # two things of one name
        ("HassTurnOn", {"name": "Side Door"}, "risky: door"),
        ("HassTurnOn", {"name": "Main Gate"}, "risky: door"),
        ("HassTurnOn", {"name": "Entry"}, "risky: garage"),
        ("HassTurnOn", {"name": "Barn"}, "risky: door"),
        ("HassTurnOn", {"name": "Water"}, "risky: valve"),
        ("HassTurnOn", {"domain": "cover", "device_class": "garage"}, "risky: garage"),
        ("HassTurnOn", {"domain": "cover", "device_class": "gate"}, "risky: gate"),
        (
            "HassTurnOn",
            {"domain": "cover", "device_class": "garage", "area": "Attic"},
            "risky: garage",
        ),
        ("HassSetPosition", {"name": "Entry", "position": Number(50)}, "risky: garage"),
        ("HassSetPosition", {"name": "Water", "position": Number(50)}, "risky: valve"),
    ],
)
def test_opening_unlocking_and_disarming_need_a_yes(intent, slots, rule):
    assert verdict(intent, **slots) == Confirm(rule)


@pytest.mark.parametrize(
    ("intent", "slots"),
    [
        ("HassTurnOn", {"name": "Lamp"}),
        ("HassTurnOn", {"name": "Front Door"}),  # locks it
        ("HassTurnOn", {"name": "Alarm"}),
        ("HassTurnOff", {"name": "Entry"}),
        ("HassTurnOff", {"name": "Water"}),
        ("HassTurnOff", {"domain": "light", "area": "Hall"}),
        ("HassTurnOff", {"area": "Attic"}),
        ("HassTurnOn", {"name": "Door Blind"}),
        ("HassTurnOn", {"name": "Roller"}),
        ("HassTurnOn", {"domain": "cover", "device_class": "blind"}),
        ("HassSetPosition", {"name": "Roller", "position": Number(50)}),
        ("HassGetState", {"name": "Front Door"}),
        ("HassListAddItem", {"item": Words("front door key")}),
        ("CallNumber", {"person": Placeholder("PERSON_1", "PERSON")}),
    ],
)
def test_the_rest_is_done_at_once(intent, slots):
    assert verdict(intent, **slots) == Grant(f"local: {intent}")


def test_a_device_whose_name_was_redacted_is_not_guessed_at():
    hidden = Placeholder("PERSON_1", "PERSON")
    assert verdict("HassTurnOff", name=hidden) == Refusal("redacted: which device?")
    assert verdict("HassTurnOn", area=hidden, domain="light") == Refusal("redacted: which device?")
