"""The connection that presence has to the broker: retained messages, commands, and a last will."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from plugins.door.alarms import Alarm
from plugins.door.session import REFUSED, Broker, BrokerLostError, Session
from plugins.presence.discovery import OFFLINE
from plugins.presence.topics import PresenceTopics

EVENT_EXPIRY = 10
"""Seconds for which the broker may hold an event for somebody who is away."""


@dataclass(frozen=True, slots=True)
class Came:
    """Something that somebody published for us."""

    topic: str
    payload: bytes
    retained: bool


class PresenceSession(Session):
    """A connection whose last will says that this device is gone."""

    def __init__(self, broker: Broker, topics: PresenceTopics) -> None:
        will = aiomqtt.Will(topics.of("online"), OFFLINE.encode(), qos=1, retain=True)
        super().__init__(broker, will)

    async def tell(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish. Raises BrokerLostError, also where the broker refuses."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.PayloadFormatIndicator = 1
        if not retain:
            properties.MessageExpiryInterval = EVENT_EXPIRY
        code = await self._acknowledgement(topic, payload, properties, retain=retain)
        if code >= REFUSED:
            raise BrokerLostError(Alarm("refused", f"the broker says {code} to {topic}"))

    async def came(self) -> AsyncIterator[Came]:
        """What comes in, until the connection is lost: then BrokerLostError is raised."""
        try:
            async for message in self.messages:
                if isinstance(message.payload, bytes):
                    yield Came(str(message.topic), message.payload, bool(message.retain))
        except aiomqtt.MqttError:
            raise BrokerLostError(self._lost()) from None
