"""The devices of a house: the state of each, and which of them an intent means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from assistant.skill import Intent
from pipeline.things import Entity, Things

_FIRST_STATES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "alarm_control_panel": ("disarmed", {}),
    "climate": ("heat", {"current_temperature": 21, "temperature": 21, "fan_mode": "auto"}),
    "cover": ("closed", {"current_position": 0}),
    "fan": ("off", {"percentage": 0}),
    "lawn_mower": ("docked", {}),
    "light": ("off", {"brightness": 100}),
    "lock": ("locked", {}),
    "media_player": ("idle", {"volume_level": 50, "is_volume_muted": False}),
    "person": ("home", {}),
    "vacuum": ("docked", {}),
    "valve": ("closed", {"current_position": 0}),
}
_UNKNOWN = frozenset({"binary_sensor", "sensor", "weather", "todo", "scene", "script", "zone"})
"""Domains without a state until somebody gives one."""


@dataclass(slots=True)
class Device:
    """An entity and its state, named as Home Assistant's reply templates ask for them."""

    entity: Entity
    state: str
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def entity_id(self) -> str:
        """light.kitchen_light, ..."""
        return self.entity.id

    @property
    def name(self) -> str:
        """Its spoken name."""
        return self.entity.name

    @property
    def domain(self) -> str:
        """light, cover, ..."""
        return self.entity.domain

    @property
    def state_with_unit(self) -> str:
        """The state as it is spoken."""
        unit = self.attributes.get("unit_of_measurement")
        words = self.state.replace("_", " ")
        return f"{words} {unit}" if unit else words

    def supports(self, feature: str) -> bool:
        """Whether the things file rules a feature out: `light_supports_color: false`."""
        return self.entity.attributes.get(f"{self.domain}_supports_{feature}") is not False


class Devices:
    """Every device there is, and which of them an intent means. Frozen but for their states."""

    def __init__(self, things: Things) -> None:
        self.things = things
        self._all = tuple(_device(entity) for entity in things.entities)
        self._by_id = {device.entity_id: device for device in self._all}
        self._floors = {area.name: area.floor for area in things.areas}
        self._by_name: dict[str, list[Device]] = {}
        self._by_domain: dict[str, list[Device]] = {}
        for device in self._all:
            self._by_name.setdefault(device.name, []).append(device)
            self._by_domain.setdefault(device.domain, []).append(device)

    def device(self, entity_id: str) -> Device | None:
        """The device of this id."""
        return self._by_id.get(entity_id)

    def attribute(self, entity_id: str, name: str) -> Any:  # noqa: ANN401  # as jinja gets it
        """An attribute of a device, or None."""
        device = self.device(entity_id)
        return device.attributes.get(name) if device is not None else None

    def meant(self, intent: Intent, domains: Iterable[str] = ()) -> list[Device]:
        """The devices that the slots `name`, `area`, `floor`, `domain`, `device_class` mean.

        `domains` are those that the intent can act on. A device that is meant by its name and
        stands nowhere in the file fits every area.
        """
        name, domain = intent.text("name"), intent.text("domain")
        allowed = {domain} if domain is not None else set(domains)
        return [
            device
            for device in self._possible(name, allowed)
            if (not allowed or device.domain in allowed)
            and (intent.text("device_class") in (None, device.entity.device_class))
            and self._is_there(device, intent, by_name=name is not None)
        ]

    def _possible(self, name: str | None, domains: Collection[str]) -> Iterable[Device]:
        if name is not None:
            return self._by_name.get(name, ())
        if not domains:
            return self._all
        return [device for domain in sorted(domains) for device in self._by_domain.get(domain, ())]

    def _is_there(self, device: Device, intent: Intent, by_name: bool) -> bool:
        area, floor = intent.text("area"), intent.text("floor")
        if area is None and floor is None:
            return True
        if device.entity.area is None:
            return by_name
        return area in (None, device.entity.area) and (
            floor is None or self._floors.get(device.entity.area) == floor
        )


class House(Protocol):
    """Who acts on devices, and knows how they are."""

    @property
    def devices(self) -> Devices:
        """What there is now."""
        ...

    async def look(self, devices: Sequence[Device]) -> str | None:
        """Bring the states of these devices up to date; or say why that can't be."""
        ...

    async def act(self, intent: Intent, devices: Sequence[Device]) -> str | None:
        """Do what is wanted with these devices; or say why it was not done."""
        ...


def _device(entity: Entity) -> Device:
    state, attributes = _FIRST_STATES.get(entity.domain, ("off", {}))
    if entity.domain in _UNKNOWN:
        state = "unknown"
    if entity.state is not None:
        state = str(entity.state).lower() if isinstance(entity.state, bool) else str(entity.state)
    return Device(entity, state, {**attributes, **entity.attributes})
