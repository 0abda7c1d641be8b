"""Records what a real Home Assistant says, for the fake one of the tests.

    python scripts/record_home_assistant.py PYTHON

PYTHON is that of an environment with Home Assistant (`make home-assistant-test` makes one). The
house is made with Home Assistant's own commands; of its entities a few are kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from home_assistant_real import RealHome, furnish, real_home  # noqa: E402

RECORDED = TESTS / "home_assistant" / "recorded.json"
KEPT = (
    "binary_sensor.movement_backyard climate.heatpump cover.garage_door cover.kitchen_window "
    "fan.ceiling_fan light.bed_light light.kitchen_light light.kitchen_lights lock.front_door "
    "media_player.bedroom sensor.bedroom_thermometer sensor.outside_temperature switch.ac "
    "vacuum.0_ground_floor zone.home input_boolean.kitchen"
).split()


class Recorder:
    """A client that keeps every message."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[Any] = []

    async def do(self, kind: str, **fields: Any) -> Any:  # noqa: ANN401  # as it comes
        """The whole answer to a command."""
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "type": kind, **fields}))
        while True:
            message = json.loads(await self._socket.recv())
            if message["type"] == "event":
                self.events.append(message["event"])
            elif message["id"] == self._number:
                return {name: value for name, value in message.items() if name != "id"}

    async def event(self) -> Any:  # noqa: ANN401  # the same
        """The next event."""
        while not self.events:
            message = json.loads(await self._socket.recv())
            if message["type"] == "event":
                self.events.append(message["event"])
        return self.events.pop(0)


async def record(home: RealHome) -> dict[str, Any]:
    """One conversation with a furnished house."""
    await furnish(home)
    said: dict[str, Any] = {}
    async with connect(home.socket, proxy=None, max_size=None) as socket:
        said["auth_required"] = json.loads(await socket.recv())
        await socket.send(json.dumps({"type": "auth", "access_token": "wrong"}))
        said["auth_invalid"] = json.loads(await socket.recv())
    async with connect(home.socket, proxy=None, max_size=None) as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "auth", "access_token": home.token}))
        said["auth_ok"] = json.loads(await socket.recv())
        client = Recorder(socket)
        config = await client.do("get_config")
        config["result"] = {
            "state": config["result"]["state"],
            "version": said["auth_ok"]["ha_version"],
        }
        said["get_config"] = config
        said["subscribe_events"] = await client.do(
            "subscribe_events", event_type="area_registry_updated"
        )
        said["subscribe_entities"] = await client.do("subscribe_entities", entity_ids=KEPT)
        said["entities"] = await client.event()
        for kind in ("entity", "device", "area", "floor"):
            said[f"config/{kind}_registry/list"] = await client.do(f"config/{kind}_registry/list")
        said["config/entity_registry/get_entries"] = await client.do(
            "config/entity_registry/get_entries", entity_ids=KEPT
        )
        said["homeassistant/expose_entity/list"] = await client.do(
            "homeassistant/expose_entity/list"
        )
        said["homeassistant/expose_new_entities/get"] = await client.do(
            "homeassistant/expose_new_entities/get", assistant="conversation"
        )
        target = {"entity_id": ["light.bed_light"]}
        said["call_service"] = await client.do(
            "call_service", domain="light", service="turn_on", service_data={}, target=target
        )
        said["changed"] = await client.event()
        said["no service"] = await client.do(
            "call_service", domain="light", service="fly", service_data={}, target=target
        )
        said["bad data"] = await client.do(
            "call_service", domain="light", service="turn_on", service_data={"x": 1}, target=target
        )
        said["unknown_command"] = await client.do("config/no_registry/list")
        await home.owner.do("config/area_registry/create", name="Attic")
        said["registry event"] = await client.event()
    return trimmed(said)


def trimmed(said: dict[str, Any]) -> dict[str, Any]:
    """Only the entities that are kept, and their devices."""
    entries = said["config/entity_registry/list"]
    entries["result"] = [one for one in entries["result"] if one["entity_id"] in KEPT]
    used = {one["device_id"] for one in entries["result"]}
    devices = said["config/device_registry/list"]
    devices["result"] = [one for one in devices["result"] if one["id"] in used]
    exposed = said["homeassistant/expose_entity/list"]["result"]["exposed_entities"]
    kept = {name: value for name, value in exposed.items() if name in KEPT}
    said["homeassistant/expose_entity/list"]["result"]["exposed_entities"] = kept
    return said


async def main() -> None:
    """Record, and write the file."""
    with tempfile.TemporaryDirectory() as directory:
        async with real_home(sys.argv[1], Path(directory)) as home:
            said = await record(home)
    RECORDED.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    print(f"{RECORDED}: {RECORDED.stat().st_size} bytes")


if __name__ == "__main__":
    asyncio.run(main())
