"""Which service of Home Assistant's an intent means for a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistant.skill import Intent
from plugins.home_assistant.services import Plain
from plugins.house import Device


@dataclass(frozen=True, slots=True)
class Service:
    """A service and its data."""

    name: str
    """light.turn_on, ..."""
    data: Mapping[str, Plain] = field(default_factory=dict)


_TURN_ON = {
    "alarm_control_panel": "alarm_arm_away",
    "button": "press",
    "cover": "open_cover",
    "input_button": "press",
    "lock": "lock",
    "valve": "open_valve",
}
_TURN_OFF = {
    "alarm_control_panel": "alarm_disarm",
    "cover": "close_cover",
    "lock": "unlock",
    "valve": "close_valve",
}
_MOMENTARY = frozenset({"button", "input_button", "scene", "script"})
_PLAIN = {
    "HassLawnMowerDock": "dock",
    "HassLawnMowerStartMowing": "start_mowing",
    "HassMediaNext": "media_next_track",
    "HassMediaPause": "media_pause",
    "HassMediaPrevious": "media_previous_track",
    "HassMediaUnpause": "media_play",
    "HassVacuumReturnToBase": "return_to_base",
    "HassVacuumStart": "start",
}
"""Intents whose service needs no data."""
_VALUES = {
    "HassClimateSetFanMode": ("set_fan_mode", "fan_mode", "fan_mode"),
    "HassClimateSetTemperature": ("set_temperature", "temperature", "temperature"),
    "HassFanSetSpeed": ("set_percentage", "percentage", "percentage"),
}
"""Intents with one value: the service, its field, and the slot."""
_STEP = 10.0


def service_for(device: Device, intent: Intent) -> Service | str:
    """The service, or why there is none, in a sentence. `device` has its state of now."""
    domain, name = device.domain, intent.name
    if name in _PLAIN:
        return Service(f"{domain}.{_PLAIN[name]}")
    if name in _VALUES:
        service, field_, slot = _VALUES[name]
        return _with(f"{domain}.{service}", field_, intent.get(slot), device)
    if name in _OTHERS:
        return _OTHERS[name](device, intent)
    return f"{device.name} can't do that."


def _turn_on(device: Device, _intent: Intent) -> Service | str:
    return Service(f"{device.domain}.{_TURN_ON.get(device.domain, 'turn_on')}")


def _turn_off(device: Device, _intent: Intent) -> Service | str:
    if device.domain in _MOMENTARY:
        return f"{device.name} can't be turned off."
    return Service(f"{device.domain}.{_TURN_OFF.get(device.domain, 'turn_off')}")


def _position(device: Device, intent: Intent) -> Service | str:
    service = f"{device.domain}.set_{device.domain}_position"
    return _with(service, "position", intent.get("position"), device)


def _mute(device: Device, intent: Intent) -> Service | str:
    muted = intent.name == "HassMediaPlayerMute"
    return Service(f"{device.domain}.volume_mute", {"is_volume_muted": muted})


def _with(service: str, field_: str, value: Plain | None, device: Device) -> Service | str:
    if value is None:
        return f"To what shall I set {device.name}?"
    return Service(service, {field_: value})


def _light(device: Device, intent: Intent) -> Service | str:
    for slot, feature in (("brightness", "brightness"), ("color", "color")):
        if slot in intent and not device.supports(feature):
            return f"{device.name} can't change its {feature}."
    data: dict[str, Plain] = {}
    if (brightness := intent.number("brightness")) is not None:
        data["brightness_pct"] = brightness
    if (color := intent.text("color")) is not None:
        data["color_name"] = color.replace(" ", "").lower()
    if (kelvin := intent.number("temperature")) is not None:
        data["color_temp_kelvin"] = round(kelvin)
    if not data:
        return f"To what shall I set {device.name}?"
    return Service("light.turn_on", data)


def _volume(device: Device, intent: Intent) -> Service | str:
    if intent.name == "HassSetVolume":
        level = intent.number("volume_level")
        if level is None:
            return f"How loud shall {device.name} be?"
        return Service("media_player.volume_set", {"volume_level": min(100, level) / 100})
    step = intent.get("volume_step", _STEP)
    if isinstance(step, str):
        return Service(f"media_player.volume_{'down' if step == 'down' else 'up'}")
    now = device.attributes.get("volume_level")
    if not isinstance(now, int | float):
        return f"I don't know how loud {device.name} is."
    return Service(
        "media_player.volume_set", {"volume_level": min(1.0, max(0.0, now + step / 100))}
    )


_OTHERS: Mapping[str, Callable[[Device, Intent], Service | str]] = {
    "HassLightSet": _light,
    "HassMediaPlayerMute": _mute,
    "HassMediaPlayerUnmute": _mute,
    "HassSetPosition": _position,
    "HassSetVolume": _volume,
    "HassSetVolumeRelative": _volume,
    "HassTurnOff": _turn_off,
    "HassTurnOn": _turn_on,
}
