"""What stands outside the house: a broker, a door to it, and a service that takes messages."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from plugins.door.mosquitto import MISSING, Mosquitto, mosquitto

if TYPE_CHECKING:
    from assistant.faults.program import Program

TOPIC = "sotto/home/clock/intent"
SESSION = 7 * 86_400
"""Seconds for which the broker keeps messages for the service while it is away."""


def missing() -> str | None:
    """What a street lacks here, or None."""
    return None if mosquitto() else MISSING


class Street:
    """A real mosquitto, `sotto door`, and a consumer that knows messages by their ids."""

    def __init__(self, folder: Path) -> None:
        place = folder / "broker"
        place.mkdir()
        self.broker = Mosquitto(place)
        self.broker.start()
        self.door: Program | None = None
        self.payloads: list[bytes] = []
        """Everything that arrived, to the byte."""
        self._ids: set[str] = set()
        self._lock = threading.Lock()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="service", protocol=mqtt.MQTTv5
        )
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos=1)
        self._client.on_message = lambda _client, _data, message: self._take(bytes(message.payload))
        self._client.reconnect_delay_set(1, 2)
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = SESSION
        self._client.connect("127.0.0.1", self.broker.port, clean_start=False, properties=session)
        self._client.loop_start()

    @property
    def arrived(self) -> int:
        """Messages that came so far, each counted once."""
        with self._lock:
            return len(self._ids)

    def wait(self, count: int, seconds: float) -> bool:
        """Whether so many messages have come in time."""
        end = time.monotonic() + seconds
        while self.arrived < count:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def close(self) -> None:
        """End all of it."""
        self._client.loop_stop()
        if self.door is not None:
            self.door.stop()
        self.broker.stop()

    def _take(self, payload: bytes) -> None:
        with self._lock:
            self.payloads.append(payload)
            self._ids.add(json.loads(payload)["id"])
