"""The door and a real mosquitto on loopback: plain, with certificates, with an ACL."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import aiomqtt
import pytest
from door_stage import (
    PERMIT,
    certificates,
    needs_mosquitto,
    release,
    running_mosquitto,
    settings_for,
    stage,
    until,
)

from assistant.errors import SettingsError
from assistant.settings import DoorSettings
from plugins.door.tls import tls_context

pytestmark = [
    needs_mosquitto,
    # paho leaves a socket to the garbage collector where a handshake fails
    pytest.mark.filterwarnings(
        r"ignore:Exception ignored in. <ssl\.SSLSocket:pytest.PytestUnraisableExceptionWarning"
    ),
]
EXAMPLE = Path(__file__).parent.parent / "examples" / "cloud_skill"
TLS = """\
cafile {certs}/ca.pem
certfile {certs}/broker.pem
keyfile {certs}/broker.key
require_certificate true
use_identity_as_username true
acl_file {acl}
"""


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Certificates of an authority that nobody here knows."""
    return certificates(tmp_path_factory.mktemp("others"))


@pytest.fixture(scope="module")
def expired(certs, tmp_path_factory):
    """Certificates of the same authority whose time is over."""
    folder = tmp_path_factory.mktemp("expired")
    for name in ("ca.pem", "ca.key"):
        shutil.copy(certs / name, folder)
    return certificates(folder, "home", "127.0.0.1", "-1")


def with_tls(certs: Path, acl: Path = EXAMPLE / "acl") -> str:
    return TLS.format(certs=certs, acl=acl)


def secured(port: int, certs: Path, **more) -> DoorSettings:
    files = {"ca": certs / "ca.pem", "certificate": certs / "door.pem", "key": certs / "door.key"}
    return settings_for(port, tls=True, **{**files, **more})


async def test_everything_that_belongs_to_a_message_arrives(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        subscriber = aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5)
        async with subscriber, stage(tmp_path, settings_for(broker.port, expiry=600)) as here:
            await subscriber.subscribe("#", qos=1)
            await here.open()
            await here.link.send(release("tomorrow"), PERMIT)
            asking = asyncio.create_task(here.link.ask(release("today"), 1))
            messages = aiter(subscriber.messages)
            told, asked = [await anext(messages) for _ in range(2)]
            if hasattr(told.properties, "ResponseTopic"):
                told, asked = asked, told
            asking.cancel()
    body = json.loads(told.payload)
    assert body["slots"]["day"] == {"choice": "tomorrow"}
    for message in (told, asked):
        assert str(message.topic) == "sotto/home/weather/intent"
        assert (message.qos, message.retain) == (1, False)
        assert message.properties.ContentType == "application/json"
        assert message.properties.PayloadFormatIndicator == 1
        number = json.loads(message.payload)["id"]
        assert message.properties.CorrelationData == number.encode()
        assert len(message.payload) <= 512
    assert 590 <= told.properties.MessageExpiryInterval <= 600
    assert asked.properties.MessageExpiryInterval <= 5
    assert asked.properties.ResponseTopic == "sotto/home/weather/reply"


async def test_a_broker_that_goes_and_comes_gets_everything(tmp_path):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with stage(tmp_path, settings_for(broker.port)) as here:
            await here.open()
            broker.stop()
            await until(lambda: not here.link.is_open)
            for number in range(50):
                await here.link.send(release(hours=number), PERMIT)
            broker.start()
            await here.alarm("nobody-listens")
            subscriber = aiomqtt.Client(
                "127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5
            )
            async with subscriber:
                await subscriber.subscribe("sotto/home/+/intent", qos=1)
                got = set()
                async with asyncio.timeout(20):
                    async for message in subscriber.messages:
                        got.add(json.loads(message.payload)["slots"]["hours"]["number"])
                        if len(got) == 50:
                            break
                await here.empty()


async def test_certificates_on_both_sides_and_an_acl(tmp_path, certs):
    with running_mosquitto(tmp_path / "broker", with_tls(certs)) as broker:
        context = tls_context(
            secured(
                broker.port,
                certs,
                certificate=certs / "weather.pem",
                key=certs / "weather.key",
            )
        )
        service = aiomqtt.Client(
            "127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, tls_context=context
        )
        async with service, stage(tmp_path, secured(broker.port, certs)) as here:
            await service.subscribe("sotto/+/weather/intent", qos=1)
            await here.open()
            await here.link.send(release(), PERMIT)
            message = await anext(aiter(service.messages))
            await here.empty()
    assert json.loads(message.payload)["intent"] == "GetWeather"


async def test_what_the_acl_refuses_is_not_taken_for_delivered(tmp_path, certs):
    acl = tmp_path / "acl"
    acl.write_text("user sotto-home\ntopic write sotto/elsewhere/#\n")
    with running_mosquitto(tmp_path / "broker", with_tls(certs, acl)) as broker:
        async with stage(tmp_path, secured(broker.port, certs)) as here:
            await here.open()
            await here.link.send(release(), PERMIT)
            alarm = await here.alarm("refused")
            assert "135" in alarm.detail
            assert "sotto/home/weather/intent" in alarm.detail
            assert len(here.outbox.rows) == 1


@pytest.mark.parametrize(
    ("broker_has", "door_has", "door_trusts", "kind", "whose"),
    [
        ("expired", "certs", "certs", "certificate-expired", "the broker's certificate"),
        ("certs", "expired", "certs", "certificate-expired", "our certificate"),
        ("others", "certs", "certs", "certificate-foreign", "the broker's certificate"),
        ("certs", "others", "certs", "certificate-foreign", "our certificate"),
        ("certs", None, "certs", "certificate-missing", "a certificate of ours"),
    ],
)
async def test_a_certificate_that_is_turned_down_is_named_and_so_is_the_reason(
    tmp_path, request, broker_has, door_has, door_trusts, kind, whose
):
    theirs = request.getfixturevalue(broker_has)
    files = {"ca": request.getfixturevalue(door_trusts) / "ca.pem"}
    if door_has is not None:
        ours = request.getfixturevalue(door_has)
        files |= {"certificate": ours / "door.pem", "key": ours / "door.key"}
    with running_mosquitto(tmp_path / "broker", with_tls(theirs)) as broker:
        settings = settings_for(broker.port, tls=True, **files)
        async with stage(tmp_path, settings) as here:
            await here.link.send(release(), PERMIT)
            alarm = await here.alarm(kind)
            assert whose in alarm.detail
            assert here.kinds == {kind}
            assert len(here.outbox.rows) == 1


async def test_a_certificate_for_another_name_is_named_so(tmp_path, certs):
    with running_mosquitto(tmp_path / "broker", with_tls(certs)) as broker:
        settings = secured(broker.port, certs).model_copy(update={"address": "localhost"})
        async with stage(tmp_path, settings) as here:
            alarm = await here.alarm("certificate-name")
            assert "for another name" in alarm.detail


async def test_a_broker_that_does_not_speak_tls_is_named_so(tmp_path, certs):
    with running_mosquitto(tmp_path / "broker") as broker:
        async with stage(tmp_path, secured(broker.port, certs)) as here:
            await until(lambda: here.kinds)
    assert here.kinds == {"dropped"}
    assert "may not speak TLS" in here.alarms[0].detail


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"tls": False, "address": "192.0.2.1"}, "door.tls: false is for a broker on this machine"),
        ({"key": None}, "door.certificate and door.key: expected both or neither"),
        ({"ca": Path("/nowhere/ca.pem")}, "door.ca: /nowhere/ca.pem: No such file"),
        ({"ca": Path("/etc/hostname")}, "door.ca: /etc/hostname: expected certificates in PEM"),
        ({"certificate": Path("/etc/hostname")}, "expected a certificate in PEM and its key"),
    ],
)
def test_settings_that_do_not_fit_are_named(certs, change, line):
    with pytest.raises(SettingsError, match=line):
        tls_context(secured(8883, certs).model_copy(update=change))
