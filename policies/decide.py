"""Whether an intent may be acted on. The only maker of Grant, Confirm, Refusal, Release, Permit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from assistant.types import Choice, Confirm, Grant, Placeholder, RedactedIntent, Refusal

TURN_ON, TURN_OFF, SET_POSITION = "HassTurnOn", "HassTurnOff", "HassSetPosition"
_RISKY_ACTS = {
    TURN_ON: frozenset({"cover", "valve", "siren"}),
    TURN_OFF: frozenset({"lock", "alarm_control_panel"}),
    SET_POSITION: frozenset({"cover", "valve"}),
}
"""What each intent opens, unlocks, disarms or lets flow, by domain. Home Assistant turns a
cover or valve "on" to open it, and a lock "off" to unlock it."""
_ENTRANCES = frozenset({"door", "garage", "gate"})
_ENTRANCE_WORDS = ("door", "garage", "gate")


class Thing(Protocol):
    """What the decision needs to know of a device."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def domain(self) -> str: ...  # noqa: D102
    @property
    def device_class(self) -> str | None: ...  # noqa: D102
    @property
    def area(self) -> str | None: ...  # noqa: D102


def decide(intent: RedactedIntent, things: Iterable[Thing]) -> Grant | Confirm | Refusal:
    """Grant what is harmless; ask back before a house is opened, unlocked or disarmed.

    A device that is meant by area or kind is judged by the riskiest that fits. A device whose
    name was redacted can't be judged, so it is refused.
    """
    risky = _RISKY_ACTS.get(intent.name)
    if risky is None:
        return Grant(rule=f"local: {intent.name}")
    if any(isinstance(intent.slots.get(slot), Placeholder) for slot in ("name", "area", "floor")):
        return Refusal(rule="redacted: which device?")
    for thing in _meant(intent, tuple(things)):
        if thing.domain in risky and (thing.domain != "cover" or _is_entrance(thing)):
            kind = thing.domain if thing.domain != "cover" else (thing.device_class or "door")
            return Confirm(rule=f"risky: {kind}")
    domain, device_class = _word(intent, "domain"), _word(intent, "device_class")
    if domain in risky and (domain != "cover" or device_class in _ENTRANCES):
        return Confirm(rule=f"risky: {device_class or domain}")
    return Grant(rule=f"local: {intent.name}")


def _meant(intent: RedactedIntent, things: Sequence[Thing]) -> list[Thing]:
    """The devices that the intent may mean; a slot that is not set excludes none."""
    wanted = {slot: _word(intent, slot) for slot in ("name", "domain", "device_class", "area")}
    named = [thing for thing in things if wanted["name"] in (None, thing.name)]
    if wanted["name"] is not None:
        return named
    return [
        thing
        for thing in named
        if wanted["domain"] in (None, thing.domain)
        and wanted["device_class"] in (None, thing.device_class)
        and wanted["area"] in (None, thing.area)
    ]


def _word(intent: RedactedIntent, slot: str) -> str | None:
    value = intent.slots.get(slot)
    return value.value if isinstance(value, Choice) else None


def _is_entrance(thing: Thing) -> bool:
    """Whether the cover closes a way in. One of unknown class is judged by its name."""
    if thing.device_class is not None:
        return thing.device_class in _ENTRANCES
    name = thing.name.casefold()
    return any(word in name for word in _ENTRANCE_WORDS)
