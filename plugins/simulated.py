"""A simulated house: it acts on its own state only, so nothing real happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.skill import Intent
from pipeline.things import Things
from plugins.acts import ACTS
from plugins.house import Device, Devices


class SimulatedHouse:
    """Keeps `plugins.house.House`."""

    def __init__(self, things: Things) -> None:
        self.devices = Devices(things)

    def prepare(self, things: Things) -> Callable[[], None]:
        """Make ready for other things, whose states begin anew; what comes back uses them."""
        devices = Devices(things)

        def use() -> None:
            self.devices = devices

        return use

    async def look(self, devices: Sequence[Device]) -> str | None:
        """Nothing to do: the states are here."""
        return None

    async def act(self, intent: Intent, devices: Sequence[Device]) -> str | None:
        """Do it; the first reason where no device can."""
        _, act = ACTS[intent.name]
        reasons = [reason for device in devices if (reason := act(device, intent))]
        return reasons[0] if reasons and len(reasons) == len(devices) else None
