"""The demonstration's last chapter: a message leaves, and exactly what is in it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import aiomqtt

from assistant.agreed import Agreed
from assistant.errors import DoorError
from assistant.releasing import Releasing
from assistant.settings import DoorSettings, PolicySettings, Settings
from assistant.way_out import with_a_door
from plugins.door.cloud import CloudSkill
from plugins.door.mosquitto import Mosquitto, mosquitto
from plugins.door.sample import said
from policies.load import Policies
from storage.store import open_store

POLICY = """\
version: 1
consent:
  forecasts:
    data_subject: household
    personal_data: intent
    purpose: forecast
    recipient: weather
    given: {event_time: 2026-01-01, indication_method: default, indicated_by: household}
  until-sent:
    data_subject: household
    personal_data: outbox
    purpose: service
    recipient: home
    given: {event_time: 2026-01-01, indication_method: default, indicated_by: household}
retention:
  outbox:
    service: {retention_period: P1D}
sharing:
  weather:
    purpose: forecast
    retention_period: P1D
    budget: {bits_per_message: 3, bits_per_day: 100, messages_per_day: 20}
    intents:
      GetForecast:
        slots:
          city: {choices: [oslo, rome]}
"""
SKILL = CloudSkill(
    "weather",
    "weather",
    "I can't reach the weather service.",
    {"GetForecast": ["what is the forecast for {city}"]},
    {"city": ["oslo", "rome"]},
)
SAID = "what is the forecast for rome"
PATIENCE = 20.0
"""Seconds for all of it."""
WITHOUT = """
What leaves where a policy says so is shown with a broker on this machine, and mosquitto is not
installed (Debian: apt install mosquitto)."""
CHAPTER = """
Where a policy shares an intent, it leaves through the door (docs/door.md). Here is
"{said}", as a broker that was started on this machine passed it on:

  {topic}  ({size} bytes)
  {payload}

  No more than that: it was put together anew from the lists that the policy names."""


def show(*, as_json: bool) -> None:
    """Send one message through everything that is real, and print what arrived."""
    if mosquitto() is None:
        if not as_json:
            print(WITHOUT)
        return
    with tempfile.TemporaryDirectory(prefix="sotto-demo-") as name:
        message = asyncio.run(_sent(Path(name)))
    topic, payload = str(message.topic), bytes(message.payload)
    if as_json:
        print(json.dumps({"event": "arrived", "topic": topic, "payload": json.loads(payload)}))
    else:
        shown = payload.decode()
        print(CHAPTER.format(said=SAID, topic=topic, size=len(payload), payload=shown))


async def _sent(folder: Path) -> aiomqtt.Message:
    """What a subscriber got. Raises DoorError where nothing arrives."""
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    policies = PolicySettings(files=(folder / "policy.yaml",))
    state = folder / "store"
    with Mosquitto(folder) as broker, open_store(state, {}) as store:
        door = DoorSettings(address="127.0.0.1", port=broker.port, tls=False, site="demo")
        agreed = Agreed(Policies(policies.files), state, store=store)
        way = with_a_door(Settings(door=door, policies=policies), state)
        service = aiomqtt.Client(
            "127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, identifier="weather"
        )
        try:
            async with asyncio.timeout(PATIENCE), service:
                await service.subscribe("sotto/+/weather/intent", qos=1)
                async with Releasing(agreed, store, way, lambda _event: None) as releasing:
                    releasing.grant(said(SKILL, SAID))
                    return await anext(service.messages)
        except TimeoutError:
            raise DoorError(f"nothing arrived at {door.address}:{door.port}") from None
