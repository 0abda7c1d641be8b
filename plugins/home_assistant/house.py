"""The house, where Home Assistant runs it: nothing counts as done before it says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from assistant.skill import Intent
from pipeline.things import Things
from plugins.home_assistant.alarms import Alarm
from plugins.home_assistant.calls import Service, service_for
from plugins.home_assistant.services import Plain
from plugins.home_assistant.wire import Problem, Seen
from plugins.house import Device, Devices

AWAY = "Home Assistant can't be reached, so I can't do that now."
_REASONS: Mapping[str, str] = {
    "token-missing": "I have no access to Home Assistant: it needs a token.",
    "token-refused": "Home Assistant refuses my token.",
    "too-old": "That Home Assistant is too old for me.",
}
_PROBLEMS: Mapping[Problem, str] = {
    "away": AWAY,
    "busy": AWAY,
    "failed": "Home Assistant could not do that.",
    "no-answer": "Home Assistant has not answered, so I don't know whether that was done.",
    "refused": "Home Assistant does not let me do that.",
    "unknown-entity": "Home Assistant no longer has that.",
    "unknown-service": "Home Assistant can't do that.",
}


_UNITS = {"\N{DEGREE SIGN}C": "degrees", "\N{DEGREE SIGN}F": "degrees", "%": "percent"}
"""As they are said."""


class Reaching(Protocol):
    """The way to Home Assistant: `plugins.home_assistant.link.HouseLink`."""

    alarm: Alarm | None

    async def call(
        self, service: str, entities: Sequence[str], data: Mapping[str, Plain]
    ) -> Problem | None:
        """Have a service done; None: it was."""
        ...

    async def look(self, entities: Sequence[str]) -> dict[str, Seen] | Problem:
        """The states of entities."""
        ...


class HomeAssistantHouse:
    """Keeps `plugins.house.House`."""

    def __init__(self, things: Things, link: Reaching) -> None:
        self.devices = Devices(things)
        self._link = link

    def prepare(self, things: Things) -> Callable[[], None]:
        """Make ready for other things; what comes back puts them in force."""
        devices = Devices(things)

        def use() -> None:
            self.devices = devices

        return use

    async def look(self, devices: Sequence[Device]) -> str | None:
        """Ask how they are; or say why nobody knows."""
        seen = await self._link.look([device.entity_id for device in devices])
        if isinstance(seen, str):
            return self._why(seen)
        for device in devices:
            _update(device, seen.get(device.entity_id))
        return None

    async def act(self, intent: Intent, devices: Sequence[Device]) -> str | None:
        """Call the services; or say what was not done."""
        if (reason := await self.look(devices)) is not None:
            return reason
        there = [device for device in devices if device.state != "unavailable"]
        if not there:
            return f"{devices[0].name} can't be reached."
        if intent.name == "HassVacuumCleanArea":
            return f"I can't send {there[0].name} to one room; I can start it."
        wanted: dict[str, tuple[Service, list[Device]]] = {}
        reasons = []
        for device in there:
            service = service_for(device, intent)
            if isinstance(service, str):
                reasons.append(service)
            else:
                key = repr((service.name, sorted(service.data.items())))
                wanted.setdefault(key, (service, []))[1].append(device)
        done = 0
        for service, some in wanted.values():
            ids = [device.entity_id for device in some]
            problem = await self._link.call(service.name, ids, service.data)
            if problem is not None:
                reasons.append(self._why(problem))
            else:
                done += len(some)
        if reasons and not done:
            return reasons[0]
        return f"That was done for {done} of {len(devices)} only." if done < len(devices) else None

    def _why(self, problem: Problem) -> str:
        alarm = self._link.alarm
        if problem == "away" and alarm is not None:
            return _REASONS.get(alarm.kind, AWAY)
        return _PROBLEMS[problem]


def _update(device: Device, seen: Seen | None) -> None:
    """Put a device in the state that was seen; one that is not there any longer is unavailable."""
    if seen is None:
        device.state = "unavailable"
        return
    device.state = _spoken(seen.state)
    unit = seen.unit_of_measurement
    device.attributes["unit_of_measurement"] = _UNITS.get(unit, unit) if unit else None
    device.attributes |= {
        "current_temperature": _whole(seen.current_temperature),
        "temperature": _whole(seen.temperature),
        "current_position": _whole(seen.current_position),
        "volume_level": seen.volume_level,
    }


def _spoken(state: str) -> str:
    """A state without what can't be said or is no line of text."""
    return "".join(letter for letter in state if letter.isprintable()) or "unknown"


def _whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and value.is_integer() else value
