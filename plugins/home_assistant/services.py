"""The services that may be called, and the data each may get: a closed table for both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

Plain: TypeAlias = bool | int | float | str
_NAME = "[a-z][a-z_]{0,29}"
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "brightness_pct": (0, 100),
    "color_temp_kelvin": (1000, 20_000),
    "humidity": (0, 100),
    "percentage": (0, 100),
    "position": (0, 100),
    "temperature": (-50, 150),
    "volume_level": (0, 1),
}
"""Fields that are numbers, and what they may be."""
WORDS: Final[Mapping[str, str]] = {"color_name": "^[a-z]{3,20}$", "fan_mode": f"^{_NAME}$"}
"""Fields that are words, and what they may look like."""
FLAGS: Final = frozenset({"is_volume_muted"})
_ONES: Final = (
    *("light", "switch", "fan", "media_player", "input_boolean", "climate", "siren"),
    *("humidifier", "automation", "water_heater", "remote", "camera"),
)
SERVICES: Final[Mapping[str, frozenset[str]]] = {
    **{f"{domain}.{act}": frozenset() for domain in _ONES for act in ("turn_on", "turn_off")},
    "light.turn_on": frozenset({"brightness_pct", "color_name", "color_temp_kelvin"}),
    "alarm_control_panel.alarm_arm_away": frozenset(),
    "alarm_control_panel.alarm_disarm": frozenset(),
    "button.press": frozenset(),
    "climate.set_fan_mode": frozenset({"fan_mode"}),
    "climate.set_temperature": frozenset({"temperature"}),
    "cover.close_cover": frozenset(),
    "cover.open_cover": frozenset(),
    "cover.set_cover_position": frozenset({"position"}),
    "fan.set_percentage": frozenset({"percentage"}),
    "input_button.press": frozenset(),
    "lawn_mower.dock": frozenset(),
    "lawn_mower.start_mowing": frozenset(),
    "lock.lock": frozenset(),
    "lock.unlock": frozenset(),
    "media_player.media_next_track": frozenset(),
    "media_player.media_pause": frozenset(),
    "media_player.media_play": frozenset(),
    "media_player.media_previous_track": frozenset(),
    "media_player.volume_down": frozenset(),
    "media_player.volume_mute": frozenset({"is_volume_muted"}),
    "media_player.volume_set": frozenset({"volume_level"}),
    "media_player.volume_up": frozenset(),
    "scene.turn_on": frozenset(),
    "script.turn_on": frozenset(),
    "vacuum.return_to_base": frozenset(),
    "vacuum.start": frozenset(),
    "valve.close_valve": frozenset(),
    "valve.open_valve": frozenset(),
    "valve.set_valve_position": frozenset({"position"}),
}
"""By service, the fields that it may get. An entity is of the domain of its service."""
