"""The service against a real broker, as a service's author tests it: no Sotto is needed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from weather_service import Weather, serve

HERE = Path(__file__).parent
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
with_a_broker = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def message(number: str = "a" * 32, **slots: str) -> bytes:
    """What the door publishes."""
    values = {name: {"choice": value} for name, value in slots.items()}
    return json.dumps(
        {"version": 1, "id": number, "intent": "GetForecast", "slots": values}
    ).encode()


def test_a_city_and_a_day_get_a_forecast():
    assert Weather().answer(message(city="oslo", day="tomorrow")) == (
        "Tomorrow in Oslo: snow, -2 degrees."
    )


def test_what_was_not_said_is_here_and_today():
    assert Weather().answer(message()) == "Today in Amsterdam: rain, 11 degrees."


def test_a_message_that_comes_twice_counts_once_and_gets_the_same_answer():
    weather = Weather()
    assert weather.answer(message(city="rome")) == weather.answer(message(city="rome"))
    assert weather.served == 1
    weather.answer(message("b" * 32, city="rome"))
    assert weather.served == 2


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b"null", b"{}", message(city="atlantis")])
def test_what_is_no_message_of_ours_is_passed_over(payload):
    assert Weather().answer(payload) is None


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """The example's broker, with certificates and ACL, on a free port."""
    folder = tmp_path_factory.mktemp("broker")
    subprocess.run(["sh", HERE / "certificates.sh", folder / "certs"], check=True)
    shutil.copy(HERE / "acl", folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    written = (HERE / "mosquitto.conf").read_text().replace("listener 8883", f"listener {port}")
    (folder / "mosquitto.conf").write_text(written + ("user root\n" if os.geteuid() == 0 else ""))
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([MOSQUITTO, "-c", "mosquitto.conf"], cwd=folder, stderr=log)
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield folder / "certs", port
    finally:
        running.terminate()
        running.wait(10)


def tls(certificates: Path, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return context


def door(certificates: Path, port: int) -> aiomqtt.Client:
    """A client that may do what a door may."""
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier="a-door",
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=tls(certificates, "door"),
    )


def question(topic: str) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = topic
    properties.CorrelationData = b"a" * 32
    return properties


@with_a_broker
async def test_a_question_over_tls_is_answered_on_its_response_topic(broker):
    certificates, port = broker
    ready = asyncio.Event()
    context = tls(certificates, "weather")
    service = asyncio.create_task(serve(Weather(), "127.0.0.1", port, context, ready))
    async with asyncio.timeout(20), door(certificates, port) as client:
        await ready.wait()
        await client.subscribe("sotto/home/weather/reply", qos=1)
        await client.publish(
            "sotto/home/weather/intent",
            message(city="lisbon"),
            qos=1,
            properties=question("sotto/home/weather/reply"),
        )
        reply = await anext(aiter(client.messages))
    service.cancel()
    await asyncio.gather(service, return_exceptions=True)
    assert reply.payload == b"Today in Lisbon: sunny, 21 degrees."
    assert reply.properties.CorrelationData == b"a" * 32


@with_a_broker
async def test_the_door_may_not_read_what_is_meant_for_a_service(broker):
    certificates, port = broker
    async with asyncio.timeout(20), door(certificates, port) as client:
        await client.subscribe("sotto/home/+/intent", qos=1)
        await client.subscribe("sotto/home/weather/reply", qos=1)
        await client.publish("sotto/home/weather/intent", message(), qos=1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(aiter(client.messages)), 0.3)


@with_a_broker
async def test_nobody_gets_in_without_a_certificate(broker):
    certificates, port = broker
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    stranger = aiomqtt.Client(
        "127.0.0.1",
        port,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=context,
        timeout=1,
    )
    with pytest.raises(aiomqtt.MqttError):
        await stranger.__aenter__()
    stranger._client._sock_close()
