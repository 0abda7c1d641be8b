"""From Home Assistant's registries and states to the things of the house.

https://developers.home-assistant.io/docs/area_registry_index and its neighbours. What Home
Assistant exposes to its own Assist is what can be spoken of here, by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from plugins.home_assistant.names import is_entity_id, speakable
from plugins.home_assistant.wire import (
    MOST_ALIASES,
    MOST_AREAS,
    MOST_ENTITIES,
    Area,
    Entity,
    Floor,
    packed_size,
)

Json: TypeAlias = Any
_Model = TypeVar("_Model", Floor, Area, Entity)
_WORD = re.compile(r"^[a-z0-9_]{1,60}$")
LARGEST_THING = 2_500
"""Bytes of one thing; aliases beyond it are left out."""

_EXPOSED = frozenset(
    """climate cover fan humidifier light lock scene script switch todo vacuum water_heater
    media_player lawn_mower valve""".split()
)
"""Domains that are exposed where nobody chose: Home Assistant's own list, and what newer versions
have put on it."""
_EXPOSED_CLASSES = {
    "binary_sensor": frozenset(
        "door garage_door lock motion opening presence window".split()  # as Home Assistant has it
    ),
    "sensor": frozenset(
        """aqi carbon_monoxide carbon_dioxide humidity pm10 pm25 temperature
        volatile_organic_compounds""".split()
    ),
}
_COLORS = frozenset({"hs", "rgb", "rgbw", "rgbww", "xy"})
_DIMS = _COLORS | {"brightness", "color_temp", "white"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The things of the house at one moment, cleaned."""

    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Registries:
    """What Home Assistant answered, unchecked."""

    entities: Json
    devices: Json
    areas: Json
    floors: Json = None
    exposed: Json = None
    """By entity id, of those without a registry entry: {assistant: bool}."""
    exposes_new: bool = True
    aliases: Mapping[str, Json] = field(default_factory=dict)
    """By entity id."""


def exposed_entities(registries: Registries, states: Mapping[str, Json]) -> list[str]:
    """The entities that can be spoken of: those of which somebody said so, and the usual ones."""
    entries = _by(registries.entities, "entity_id")
    return [
        entity_id
        for entity_id, state in states.items()
        if is_entity_id(entity_id)
        and _is_exposed(entity_id, entries.get(entity_id, {}), _attributes(state), registries)
    ][:MOST_ENTITIES]


def snapshot(registries: Registries, states: Mapping[str, Json]) -> Snapshot:
    """The things of the house. `states` are compressed ones: {entity id: {"s": ..., "a": ...}}."""
    floors = _models(Floor, _dicts(registries.floors), "floor_id", {})
    areas = _models(Area, _dicts(registries.areas), "area_id", {"floor": "floor_id"})
    rooms = {area.id for area in areas}
    levels = {floor.id for floor in floors}
    areas = [
        area if area.floor in levels else area.model_copy(update={"floor": None}) for area in areas
    ]
    entries = _by(registries.entities, "entity_id")
    devices = _by(registries.devices, "id")
    entities = []
    for entity_id in exposed_entities(registries, states):
        entry = entries.get(entity_id, {})
        device = devices.get(str(entry.get("device_id")), {})
        area = entry.get("area_id") or device.get("area_id")
        attributes = _attributes(states[entity_id])
        name = attributes.get("friendly_name") or entity_id.partition(".")[2].replace("_", " ")
        entity = _model(
            Entity,
            {
                "id": entity_id,
                "name": speakable(name),
                "area": area if area in rooms else None,
                "device_class": _word(attributes.get("device_class")),
                **_light(entity_id, attributes),
            },
            registries.aliases.get(entity_id),
        )
        if entity is not None:
            entities.append(entity)
    entities.sort(key=lambda entity: entity.id)
    return Snapshot(tuple(floors), tuple(areas), tuple(entities))


def _is_exposed(
    entity_id: str, entry: Mapping[str, Json], attributes: Mapping[str, Json], all_: Registries
) -> bool:
    options = entry.get("options")
    chosen = _chosen((options or {}).get("conversation") if isinstance(options, dict) else None)
    if chosen is None and not entry and isinstance(all_.exposed, dict):
        legacy = all_.exposed.get(entity_id)
        value = legacy.get("conversation") if isinstance(legacy, dict) else None
        chosen = value if isinstance(value, bool) else None
    if chosen is not None:
        return chosen
    if not all_.exposes_new or entry.get("entity_category") or entry.get("hidden_by"):
        return False
    domain = entity_id.partition(".")[0]
    kind = attributes.get("device_class")
    return domain in _EXPOSED or (
        isinstance(kind, str) and kind in _EXPOSED_CLASSES.get(domain, frozenset())
    )


def _word(value: Json) -> str | None:
    return value if isinstance(value, str) and _WORD.match(value) else None


def _chosen(options: Json) -> bool | None:
    value = options.get("should_expose") if isinstance(options, dict) else None
    return value if isinstance(value, bool) else None


def _light(entity_id: str, attributes: Mapping[str, Json]) -> dict[str, bool]:
    modes = attributes.get("supported_color_modes")
    if not entity_id.startswith("light.") or not isinstance(modes, list):
        return {}
    known = {mode for mode in modes if isinstance(mode, str)}
    return {"colors": bool(known & _COLORS), "dims": bool(known & _DIMS)}


def _models(
    kind: type[_Model], values: Iterable[Mapping[str, Json]], key: str, others: Mapping[str, str]
) -> list[_Model]:
    """Floors or areas; one without a name that can be said is left out."""
    found: list[_Model] = []
    for value in values:
        named = {name: value.get(theirs) for name, theirs in others.items()}
        plain = {"id": value.get(key), "name": speakable(value.get("name")), **named}
        model = _model(kind, plain, value.get("aliases"))
        if model is not None and len(found) < MOST_AREAS:
            found.append(model)
    return found


def _model(kind: type[_Model], values: Mapping[str, Json], aliases: Json) -> _Model | None:
    """One thing with as many of its aliases as fit; None where it is none."""
    named = aliases if isinstance(aliases, list) else []
    spoken = [text for alias in named if (text := speakable(alias)) is not None]
    kept = [text for text in dict.fromkeys(sorted(spoken)) if text != values.get("name")]
    present = {name: value for name, value in values.items() if value is not None}
    for count in range(min(len(kept), MOST_ALIASES), -1, -1):
        try:
            model = kind.model_validate({**present, "aliases": tuple(kept[:count])})
        except ValidationError:
            return None
        if packed_size(model) <= LARGEST_THING:
            return model
    return None


def _attributes(state: Json) -> Mapping[str, Json]:
    attributes = state.get("a") if isinstance(state, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def _dicts(values: Json) -> list[Mapping[str, Json]]:
    return [value for value in values or () if isinstance(value, dict)]


def _by(values: Json, key: str) -> dict[str, Mapping[str, Json]]:
    return {str(value.get(key)): value for value in _dicts(values)}
