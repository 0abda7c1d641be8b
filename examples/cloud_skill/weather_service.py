"""The half of the weather skill that runs elsewhere: hears intents over MQTT 5, and replies.

It needs aiomqtt and nothing of Sotto's. What it gets is described in docs/door.md.

    python weather_service.py --address 127.0.0.1 --certificates certs
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TOPIC = "sotto/+/weather/intent"
REMEMBERED = 10_000
"""Messages known by their ids, so that none counts twice."""
A_DAY = 86_400
CITIES = {
    "amsterdam": ("rain", 11),
    "berlin": ("cloudy", 9),
    "lisbon": ("sunny", 21),
    "london": ("drizzle", 12),
    "madrid": ("sunny", 18),
    "oslo": ("snow", -3),
    "paris": ("cloudy", 13),
    "rome": ("sunny", 19),
}
"""Canned: the sky and the degrees of today."""
DAYS = {"today": 0, "tomorrow": 1, "saturday": 2, "sunday": 3}


@dataclass
class Weather:
    """Answers messages. A message that comes twice gets the same answer, and counts once."""

    served: int = 0
    _answers: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def answer(self, payload: bytes) -> str | None:
        """Plain text to be spoken, or None where the message is none of ours."""
        try:
            message = json.loads(payload)
            number, intent, slots = message["id"], message["intent"], message["slots"]
            if message["version"] != 1 or intent != "GetForecast":
                return None
            if number not in self._answers:
                self._remember(number, self._forecast(slots))
        except (ValueError, KeyError, TypeError):
            return None
        return self._answers[number]

    def _forecast(self, slots: dict[str, Any]) -> str:
        city = slots["city"]["choice"] if "city" in slots else "amsterdam"
        day = slots["day"]["choice"] if "day" in slots else "today"
        sky, degrees = CITIES[city]
        return f"{day.capitalize()} in {city.capitalize()}: {sky}, {degrees + DAYS[day]} degrees."

    def _remember(self, number: str, answer: str) -> None:
        self.served += 1
        self._answers[number] = answer
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)


async def serve(
    weather: Weather, address: str, port: int, tls: ssl.SSLContext | None, ready: asyncio.Event
) -> None:
    """Answer until the connection is lost.

    The session outlives it: what is published while we are away waits at the broker for a day.
    """
    session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    session.SessionExpiryInterval = A_DAY
    client = aiomqtt.Client(
        address,
        port,
        identifier="weather",
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=session,
        tls_context=tls,
    )
    async with client:
        await client.subscribe(TOPIC, qos=1)
        ready.set()
        async for message in client.messages:
            answer = weather.answer(bytes(message.payload))
            wanted = getattr(message.properties, "ResponseTopic", None)
            if answer is None or wanted is None:
                continue
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = getattr(message.properties, "CorrelationData", b"")
            await client.publish(wanted, answer, qos=1, properties=properties)


async def run(address: str, port: int, certificates: Path | None) -> None:
    """Serve for ever, and connect again where the broker goes away."""
    weather, tls = Weather(), None
    if certificates is not None:
        tls = ssl.create_default_context(cafile=certificates / "ca.pem")
        tls.load_cert_chain(certificates / "weather.pem", certificates / "weather.key")
    while True:
        try:
            await serve(weather, address, port, tls, asyncio.Event())
        except aiomqtt.MqttError as error:
            print(f"weather: {error}; trying again in 3 seconds", flush=True)  # noqa: T201
        await asyncio.sleep(3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A weather service with canned data.")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8883)
    parser.add_argument("--certificates", type=Path, help="a folder of certificates.sh")
    asked = parser.parse_args()
    asyncio.run(run(asked.address, asked.port, asked.certificates))
