"""Home Assistant's things as the things that sentences, policy and skills know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline import things
from plugins.home_assistant.gathering import Told


def things_of(told: Told) -> things.Things:
    """The house. Names and ids were checked when they came; references become names."""
    floors = {floor.id: floor.name for floor in told.floors}
    areas = {area.id: area.name for area in told.areas}
    return things.Things(
        floors=tuple(
            things.Floor(id=floor.id, name=floor.name, aliases=floor.aliases)
            for floor in told.floors
        ),
        areas=tuple(
            things.Area(
                id=area.id,
                name=area.name,
                aliases=area.aliases,
                floor=floors.get(area.floor) if area.floor is not None else None,
            )
            for area in told.areas
        ),
        entities=tuple(
            things.Entity(
                id=entity.id,
                name=entity.name,
                aliases=entity.aliases,
                domain=entity.id.partition(".")[0],
                area=areas.get(entity.area) if entity.area is not None else None,
                attributes=_attributes(entity.device_class, entity.colors, entity.dims),
            )
            for entity in told.entities
        ),
    )


def _attributes(
    device_class: str | None, colors: bool | None, dims: bool | None
) -> Mapping[str, Any]:
    """Those that a things file would have."""
    given = {
        "device_class": device_class,
        "light_supports_color": colors,
        "light_supports_brightness": dims,
    }
    return {name: value for name, value in given.items() if value is not None}
