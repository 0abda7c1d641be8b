"""What each intent does to one simulated device. A reason comes back where it can't."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from assistant.skill import Intent
from plugins.house import Device

Act: TypeAlias = Callable[[Device, Intent], str | None]

_OPENING = frozenset({"cover", "valve"})
_MOMENTARY = frozenset({"scene", "script", "button", "input_button"})
_TURNED = (
    *("light", "switch", "fan", "media_player", "input_boolean", "climate", "cover", "valve"),
    *("lock", "scene", "script", "button", "input_button", "siren", "humidifier", "automation"),
    *("water_heater", "remote", "alarm_control_panel", "camera"),
)


def _turn_on(device: Device, intent: Intent) -> str | None:
    if device.domain in _OPENING:
        _move(device, 100)
    elif device.domain not in _MOMENTARY:
        device.state = {"lock": "locked", "alarm_control_panel": "armed_away"}.get(
            device.domain, "on"
        )
    return None


def _turn_off(device: Device, intent: Intent) -> str | None:
    if device.domain in _OPENING:
        _move(device, 0)
    elif device.domain in _MOMENTARY:
        return f"{device.name} can't be turned off."
    else:
        states = {"lock": "unlocked", "alarm_control_panel": "disarmed"}
        device.state = states.get(device.domain, "off")
    return None


def _move(device: Device, position: float) -> None:
    device.attributes["current_position"] = position
    device.state = "open" if position > 0 else "closed"


def _set_position(device: Device, intent: Intent) -> str | None:
    position = intent.number("position")
    if position is None:
        return "To which position?"
    _move(device, position)
    return None


def _set_light(device: Device, intent: Intent) -> str | None:
    for slot, feature in (("brightness", "brightness"), ("color", "color")):
        if slot in intent and not device.supports(feature):
            return f"{device.name} can't change its {feature}."
    for slot in ("brightness", "color", "temperature"):
        if slot in intent:
            device.attributes[slot] = intent[slot]
    device.state = "off" if intent.number("brightness") == 0 else "on"
    return None


def _set_fan_speed(device: Device, intent: Intent) -> str | None:
    percentage = intent.number("percentage") or 0
    device.attributes["percentage"] = percentage
    device.state = "on" if percentage > 0 else "off"
    return None


def _set_volume(device: Device, intent: Intent) -> str | None:
    _change_volume(device, intent.number("volume_level") or 0)
    return None


def _change_volume_by(device: Device, intent: Intent) -> str | None:
    step = intent.get("volume_step", 0)
    change = {"up": 10.0, "down": -10.0}.get(step, 0.0) if isinstance(step, str) else float(step)
    _change_volume(device, device.attributes["volume_level"] + change)
    return None


def _change_volume(device: Device, level: float) -> None:
    device.attributes["volume_level"] = min(100, max(0, level))


def _store(slot: str, attribute: str) -> Act:
    """An act that keeps a slot's value as an attribute."""

    def act(device: Device, intent: Intent) -> str | None:
        if slot in intent:
            device.attributes[attribute] = intent[slot]
        return None

    return act


def _become(state: str) -> Act:
    """An act after which the device is in this state."""

    def act(device: Device, intent: Intent) -> str | None:
        device.state = state
        return None

    return act


def _mute(muted: bool) -> Act:
    def act(device: Device, intent: Intent) -> str | None:
        device.attributes["is_volume_muted"] = muted
        return None

    return act


PLAYER, VACUUM, MOWER = ("media_player",), ("vacuum",), ("lawn_mower",)

ACTS: Mapping[str, tuple[tuple[str, ...], Act]] = {
    "HassTurnOn": (_TURNED, _turn_on),
    "HassTurnOff": (_TURNED, _turn_off),
    "HassLightSet": (("light",), _set_light),
    "HassSetPosition": (("cover", "valve"), _set_position),
    "HassFanSetSpeed": (("fan",), _set_fan_speed),
    "HassClimateSetTemperature": (("climate",), _store("temperature", "temperature")),
    "HassClimateSetFanMode": (("climate",), _store("fan_mode", "fan_mode")),
    "HassSetVolume": (PLAYER, _set_volume),
    "HassSetVolumeRelative": (PLAYER, _change_volume_by),
    "HassMediaPause": (PLAYER, _become("paused")),
    "HassMediaUnpause": (PLAYER, _become("playing")),
    "HassMediaNext": (PLAYER, _become("playing")),
    "HassMediaPrevious": (PLAYER, _become("playing")),
    "HassMediaPlayerMute": (PLAYER, _mute(True)),
    "HassMediaPlayerUnmute": (PLAYER, _mute(False)),
    "HassVacuumStart": (VACUUM, _become("cleaning")),
    "HassVacuumReturnToBase": (VACUUM, _become("docked")),
    "HassVacuumCleanArea": (VACUUM, _become("cleaning")),
    "HassLawnMowerStartMowing": (MOWER, _become("mowing")),
    "HassLawnMowerDock": (MOWER, _become("docked")),
}
"""By intent: the domains it can act on, and what it does."""
