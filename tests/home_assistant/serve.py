"""Serves a real Home Assistant with its demonstration house on loopback, until stdin is closed.

Run it with the Python of an environment that has `homeassistant`: serve.py DIRECTORY PORT. It
prints a line when it is there. One user, `owner` with the password `a password`, is an admin.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from homeassistant import bootstrap, core, loader

TEMPLATES = [
    {
        "sensor": [
            {
                "name": "Bedroom Thermometer",
                "unique_id": "bedroom_temperature",
                "state": "19.5",
                "unit_of_measurement": "°C",
                "device_class": "temperature",
            },
        ]
    }
]
KITCHEN_LIGHT = {
    "friendly_name": "Kitchen \U0001f4a1 Light",
    "unique_id": "kitchen_light",
    "value_template": "{{ is_state('input_boolean.kitchen', 'on') }}",
    "turn_on": {
        "service": "input_boolean.turn_on",
        "target": {"entity_id": "input_boolean.kitchen"},
    },
    "turn_off": {
        "service": "input_boolean.turn_off",
        "target": {"entity_id": "input_boolean.kitchen"},
    },
}


def configuration(port: int) -> dict:
    return {
        "homeassistant": {
            "name": "Test",
            "latitude": 52.0,
            "longitude": 4.0,
            "elevation": 0,
            "unit_system": "metric",
            "time_zone": "UTC",
            "auth_providers": [{"type": "homeassistant"}],
        },
        "http": {"server_host": ["127.0.0.1"], "server_port": port},
        "websocket_api": {},
        "api": {},
        "auth": {},
        "config": {},
        "demo": {},
        "input_boolean": {"kitchen": {"name": "Kitchen relay"}},
        "light": [{"platform": "template", "lights": {"kitchen_light": KITCHEN_LIGHT}}],
        "template": TEMPLATES,
    }


async def serve(directory: Path, port: int) -> None:
    logging.basicConfig(level=logging.WARNING)
    hass = core.HomeAssistant(str(directory))
    hass.config.skip_pip = True
    loader.async_setup(hass)
    await bootstrap.async_from_config_dict(configuration(port), hass)
    provider = hass.auth.get_auth_provider("homeassistant", None)
    await provider.async_initialize()
    if not provider.data.users:
        provider.data.add_auth("owner", "a password")
        await provider.data.async_save()
    await hass.async_start()
    await hass.async_block_till_done()
    print("there", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
