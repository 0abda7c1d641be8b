"""What the door meets in the machine's network: a broker that wants certificates, Home Assistant.

    python -m scripts.units.peers FOLDER

FOLDER/certs holds what certificates.sh makes. Until it is ended, what comes is kept in FOLDER/met,
as JSON: `ready`, the topics and payloads of `messages`, the `tokens` that were shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiomqtt

from plugins.door.mosquitto import Mosquitto
from scripts.units.stage import BROKER_PORT, HERE, HOME_PORT
from tests.home_assistant_fake import FakeHome, fake_home

CONFIGURATION = """\
cafile {certs}/ca.pem
certfile {certs}/broker.pem
keyfile {certs}/broker.key
require_certificate true
use_identity_as_username true
acl_file {acl}
"""
TOPICS = "sotto/+/weather/intent"


async def meet(folder: Path) -> None:
    """Serve, and say what came, until SIGTERM."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    certs = folder / "certs"
    met: dict[str, Any] = {"ready": False, "messages": [], "tokens": []}

    def tell() -> None:
        (folder / "met.new").write_text(json.dumps(met))
        (folder / "met.new").replace(folder / "met")

    async def look(home: FakeHome) -> None:
        while True:
            met["tokens"] = home.shown_tokens
            tell()
            await asyncio.sleep(0.2)

    tls = aiomqtt.TLSParameters(
        ca_certs=str(certs / "ca.pem"),
        certfile=str(certs / "weather.pem"),
        keyfile=str(certs / "weather.key"),
    )
    service = aiomqtt.Client("127.0.0.1", BROKER_PORT, tls_params=tls)
    async with fake_home(FakeHome(port=HOME_PORT)) as home, service:
        await service.subscribe(TOPICS, qos=1)
        met["ready"] = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(look(home))
            async for message in service.messages:
                assert isinstance(message.payload, bytes)
                met["messages"].append([str(message.topic), message.payload.decode()])


def main() -> int:
    """Until it is ended."""
    folder = Path(sys.argv[1])
    acl = HERE / "examples/cloud_skill/acl"
    configuration = CONFIGURATION.format(certs=folder / "certs", acl=acl)
    with Mosquitto(folder, configuration, BROKER_PORT), contextlib.suppress(asyncio.CancelledError):
        asyncio.run(meet(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
