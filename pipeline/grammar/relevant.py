"""Leaves out the built-in sentences that a house has nothing for.

Every sentence that can be heard is one more that another can be mistaken for. A house without
a fan has no use for "turn on the fan".
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

_NEEDS = {
    "HassClimateGetTemperature": {"climate", "sensor", "weather"},
    "HassClimateSetFanMode": {"climate"},
    "HassClimateSetTemperature": {"climate"},
    "HassFanSetSpeed": {"fan"},
    "HassGetWeather": {"weather"},
    "HassLawnMowerDock": {"lawn_mower"},
    "HassLawnMowerStartMowing": {"lawn_mower"},
    "HassLightSet": {"light"},
    "HassMediaNext": {"media_player"},
    "HassMediaPause": {"media_player"},
    "HassMediaPlayerMute": {"media_player"},
    "HassMediaPlayerUnmute": {"media_player"},
    "HassMediaPrevious": {"media_player"},
    "HassMediaSearchAndPlay": {"media_player"},
    "HassMediaUnpause": {"media_player"},
    "HassSetPosition": {"cover", "valve"},
    "HassSetVolume": {"media_player"},
    "HassSetVolumeRelative": {"media_player"},
    "HassVacuumCleanArea": {"vacuum"},
    "HassVacuumReturnToBase": {"vacuum"},
    "HassVacuumStart": {"vacuum"},
}
"""One of these kinds of entity must be in the house for the intent to have an object."""


def relevant(values: Mapping[str, Any], domains: Set[str]) -> dict[str, Any]:
    """The same sentences without those whose kind of entity is not among `domains`.

    `values` has hassil's shape. A block that names its domain (`slots: {domain: fan}`) needs an
    entity of that domain; an intent that acts on one kind of entity needs one of that kind.
    """
    intents: dict[str, Any] = {}
    for name, intent in values["intents"].items():
        if not _NEEDS.get(name, domains) & domains:
            continue
        blocks = [block for block in intent["data"] if _has_object(block, domains)]
        if blocks:
            intents[name] = {**intent, "data": blocks}
    return {**values, "intents": intents}


def _has_object(block: Mapping[str, Any], domains: Set[str]) -> bool:
    domain = (block.get("slots") or {}).get("domain")
    return domain is None or domain in domains
