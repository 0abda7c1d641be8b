"""One connection to the broker: aiomqtt, with the reason codes that it leaves out.

aiomqtt 2.5.1 takes every PUBACK for a success and waits in vain where the broker hangs up before
it said hello; so acknowledgements and disconnections are read here, from paho's own callbacks.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import DisconnectFlags
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from assistant.errors import DoorError
from plugins.door.alarms import Alarm
from plugins.door.payload import CONTENT_TYPE
from plugins.door.tls import trouble

STALLED = 5.0
"""Seconds in which a broker has to answer."""
KEEPALIVE = 20
"""Seconds between signs of life."""
AT_ONCE = 16
"""Messages that wait for their acknowledgement at one time."""
LARGEST_INCOMING = 8192
"""Bytes of a packet that the broker may send us; it drops larger ones (MQTT 5, 3.1.2.11.4)."""
NOBODY = 0x10
"""Reason code: accepted, but no subscriber matches."""
REFUSED = 0x80
"""Reason codes from here on are refusals."""
_UNSAID, _KEEPALIVE_OVER, _TAKEN_OVER = 0x80, 0x8D, 0x8E
"""Why a broker hung up. Mosquitto 2.0 does not say that another took our place."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and who we are to it."""

    address: str
    port: int
    identifier: str
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Reply:
    """Something that came in on a reply topic."""

    topic: str
    correlation: bytes
    payload: bytes


class BrokerLostError(DoorError):
    """There is no connection, or no longer."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(str(alarm))
        self.alarm = alarm


class Session(aiomqtt.Client):
    """A connection that says what the broker said. Open it once, and close it."""

    def __init__(self, broker: Broker, will: aiomqtt.Will | None = None) -> None:
        """`will`: what the broker says for us when we are gone without a goodbye."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = LARGEST_INCOMING
        properties.SessionExpiryInterval = 0
        super().__init__(
            broker.address,
            broker.port,
            identifier=broker.identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            timeout=STALLED,
            keepalive=KEEPALIVE,
            clean_start=True,
            properties=properties,
            will=will,
            tls_context=broker.tls,
            max_queued_incoming_messages=64,
            max_inflight_messages=AT_ONCE,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        self.pending_calls_threshold = 4 * AT_ONCE
        self._broker = broker
        self._acknowledged: dict[int, asyncio.Future[int]] = {}
        self._ended: Alarm | None = None

    async def open(self) -> None:
        """Connect. Raises BrokerLostError with the reason."""
        try:
            await self.__aenter__()
        except aiomqtt.MqttError as error:
            self._hang_up()
            raise BrokerLostError(await self._why(error)) from None
        except BaseException:
            self._hang_up()
            raise

    async def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        correlation: str,
        response_topic: str | None,
        expiry: int,
    ) -> int:
        """Publish, and give the reason code of the broker's answer. Raises BrokerLostError.

        `expiry`: seconds for which the broker may hold it for somebody who is away.
        """
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = expiry
        properties.ContentType = CONTENT_TYPE
        properties.PayloadFormatIndicator = 1
        if response_topic is not None:
            properties.ResponseTopic = response_topic
        properties.CorrelationData = correlation.encode()
        return await self._acknowledgement(topic, payload, properties)

    async def _acknowledgement(
        self, topic: str, payload: bytes, properties: Properties, *, retain: bool = False
    ) -> int:
        """Publish, and wait for the broker's answer."""
        sent = self._client.publish(topic, payload, 1, retain, properties)
        if sent.rc != 0:
            raise BrokerLostError(self._lost())
        acknowledged: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._acknowledged[sent.mid] = acknowledged
        try:
            waiting: set[asyncio.Future[Any]] = {acknowledged, self._disconnected}
            await asyncio.wait(waiting, timeout=STALLED, return_when=asyncio.FIRST_COMPLETED)
            if acknowledged.done():
                return acknowledged.result()
            if self._disconnected.done():
                raise BrokerLostError(self._lost())
            raise BrokerLostError(Alarm("stalled", f"no acknowledgement within {STALLED:g} s"))
        finally:
            self._acknowledged.pop(sent.mid, None)

    async def hear(self, topic: str) -> None:
        """Subscribe to one topic. Raises BrokerLostError, also where the broker refuses."""
        try:
            codes = await self.subscribe(topic, qos=1)
        except aiomqtt.MqttError:
            lost = self._lost() if self._disconnected.done() else None
            raise BrokerLostError(lost or Alarm("stalled", "no answer to a subscription")) from None
        if any((code if isinstance(code, int) else code.value) >= REFUSED for code in codes):
            raise BrokerLostError(Alarm("refused", f"we may not read {topic}"))

    async def replies(self) -> AsyncIterator[Reply]:
        """What comes in, until the connection is lost: then BrokerLostError is raised."""
        try:
            async for message in self.messages:
                correlation = getattr(message.properties, "CorrelationData", None)
                if isinstance(message.payload, bytes) and not message.retain and correlation:
                    yield Reply(str(message.topic), bytes(correlation), message.payload)
        except aiomqtt.MqttError:
            raise BrokerLostError(self._lost()) from None

    def give_up(self, alarm: Alarm) -> None:
        """End it at once, for this reason: `replies` raises it."""
        self._ended = self._ended or alarm
        self._hang_up()

    async def close(self) -> None:
        """Say goodbye if anybody listens, and let go of the socket."""
        if self._connected.done() and not self._disconnected.done():
            self._client.disconnect()
            await asyncio.wait({self._disconnected}, timeout=0.5)
        self._hang_up()

    def _hang_up(self) -> None:
        self._client._sock_close()  # aiomqtt leaves it open where it fails
        if not self._disconnected.done():
            self._disconnected.set_result(None)
        self._disconnected.exception()
        if self._connected.done():
            with contextlib.suppress(asyncio.CancelledError):
                self._connected.exception()

    async def _why(self, error: aiomqtt.MqttError) -> Alarm:
        """The reason why a connection was not made."""
        code = getattr(error, "rc", None)
        if isinstance(code, ReasonCode) and isinstance(error, MqttConnectError):
            return Alarm("refused", f"the broker says {code.value}, {code}")
        broker = self._broker
        seen = await trouble(broker.address, broker.port, broker.tls)
        if seen is not None:
            return seen
        place = f"{broker.address}:{broker.port}"
        if code is None and isinstance(error.__context__, TimeoutError):
            return Alarm("stalled", f"{place} did not say hello within {STALLED:g} s")
        return Alarm("dropped", f"{place} hung up before it said hello")

    def _lost(self) -> Alarm:
        """The reason why a connection ended."""
        if self._ended is not None:
            return self._ended
        error = self._disconnected.exception() if self._disconnected.done() else None
        code = getattr(error, "rc", None)
        if not isinstance(code, ReasonCode) or code.value == _UNSAID:
            return Alarm("dropped", "the broker hung up")
        if code.value == _TAKEN_OVER:
            return Alarm("taken-over", "another door uses the same site id (door.site)")
        if code.value == _KEEPALIVE_OVER:
            return Alarm("stalled", f"no sign of life for {KEEPALIVE} s")
        return Alarm("dropped", f"the broker hung up: {code.value}, {code}")

    def _on_publish(
        self,
        client: Paho,
        userdata: Any,  # noqa: ANN401  # as in aiomqtt
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,
    ) -> None:
        waiting = self._acknowledged.get(mid)
        if waiting is not None and not waiting.done():
            waiting.set_result(reason_code.value)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_disconnect(
        self,
        client: Paho,
        userdata: Any,  # noqa: ANN401  # as in aiomqtt
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttCodeError(reason_code, "hung up"))
            return
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
