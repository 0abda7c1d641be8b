"""Wyoming's frames: ours and PyPI's read each other's, and nothing else gets in or costs memory."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wyoming.audio import AudioChunk
from wyoming.event import Event, async_read_event, async_write_event

from assistant.errors import SettingsError, WyomingError
from assistant.settings import WyomingSettings
from pipeline.sources.remote import INDEX
from plugins.wyoming import meeting, wire
from plugins.wyoming.address import Address, parse
from plugins.wyoming.make import plan
from plugins.wyoming.messages import Detect, Ping, Said, Sound, read
from plugins.wyoming.peers import HERE, REMEMBERED, Peers, Refusals, same
from plugins.wyoming.sound import Hearing
from plugins.wyoming.wire import DATA, LINE, PAYLOAD, Frame, Reader, packed
from scripts.fuzz_frames import UNIX, WYOMING, mutated


def reader(data: bytes, *, end: bool = True, seconds: float = wire.FRAME_SECONDS) -> Reader:
    stream = asyncio.StreamReader(limit=LINE)
    stream.feed_data(data)
    if end:
        stream.feed_eof()
    return Reader(stream, seconds=seconds)


async def frames(data: bytes) -> list[Frame]:
    source, found = reader(data), []
    while (frame := await source.frame(1.0)) is not None:
        found.append(frame)
    return found


def frame(header: object, *rest: bytes) -> bytes:
    return json.dumps(header).encode() + b"\n" + b"".join(rest)


async def test_data_may_stand_in_the_line_behind_it_or_in_both():
    behind = b'{"text":"behind"}'
    forms = [
        frame({"type": "x", "data": {"text": "in it"}}),
        frame({"type": "x", "data_length": len(behind)}, behind),
        frame({"type": "x", "data": {"text": "in it", "n": 1}, "data_length": len(behind)}, behind),
        frame({"type": "x"}),
        frame({"type": "x", "data": None, "data_length": None, "payload_length": 0}),
        frame({"type": "x", "version": "1.5.3", "payload_length": 3}, b"\0\n\xff"),
    ]
    found = await frames(b"".join(forms))
    assert [dict(one.data) for one in found] == [
        {"text": "in it"},
        {"text": "behind"},
        {"text": "behind", "n": 1},
        {},
        {},
        {},
    ]
    assert found[-1].payload == b"\0\n\xff"


@pytest.mark.parametrize(
    "data",
    [
        b"[]\n",
        b"null\n",
        b"\n",
        b"1\n",
        b"{}\n",
        b'{"type": 1}\n',
        b'{"type": ""}\n',
        b'{"type": "' + b"x" * 50 + b'"}\n',
        b'{"type": "x", "data": []}\n',
        b'{"type": "x", "data": NaN}\n',
        b'{"type": "x", "data_length": -1}\n',
        b'{"type": "x", "data_length": true}\n',
        b'{"type": "x", "data_length": 1.0}\n',
        b'{"type": "x", "data_length": "1"}\n',
        b'{"type": "x", "data_length": %d}\n' % (DATA + 1),
        b'{"type": "x", "payload_length": %d}\n' % (PAYLOAD + 1),
        b'{"type": "x", "payload_length": 1e400}\n',
        b'{"type": "x", "data_length": 2}\n[]',
        b'{"type": "x", "data_length": 3}\n{x}',
        b'{"type": "\xff\xfe"}\n',
        b'{"type": "x", "data": ' + b"[" * 4000 + b"\n",
        b'{"a":' * 1500 + b"\n",
        b"x" * (LINE + 2),
        b"9" * 5000 + b"\n",
    ],
)
async def test_what_is_no_frame_is_refused_and_not_quoted(data):
    with pytest.raises(WyomingError) as refused:
        await reader(data).frame(1.0)
    assert "xx" not in str(refused.value)
    assert len(str(refused.value)) < 80


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"type":"x"}',
        b'{"type":"x","data_length":5}\n{}',
        b'{"type":"x","payload_length":9}\n',
    ],
)
async def test_a_peer_that_hangs_up_in_the_middle_is_gone(data):
    assert await reader(data).frame(1.0) is None


async def test_a_frame_that_takes_too_long_is_refused():
    with pytest.raises(WyomingError, match="in time"):
        await reader(b'{"type":', end=False, seconds=0.01).frame(None)
    with pytest.raises(WyomingError, match="for too long"):
        await reader(b"", end=False).frame(0.01)


@given(st.binary(max_size=300))
@example(b"{}")
def test_any_bytes_are_frames_an_end_or_an_error(data):
    async def look() -> None:
        try:
            await frames(data)
        except WyomingError:
            return

    asyncio.run(look())


@pytest.mark.parametrize("corpus", WYOMING.values(), ids=list(WYOMING))
def test_mishaps_on_the_way_are_frames_an_end_or_an_error(corpus):
    chance = random.Random(7)

    async def look() -> None:
        for _ in range(1500):
            try:
                for each in await frames(mutated(chance, corpus)):
                    for kind in (Sound, Detect, Said, Ping):
                        try:
                            made: Any = read(each, kind)
                        except WyomingError:
                            continue
                        if isinstance(made, Sound):
                            list(Hearing().feed(made, each.payload))
            except WyomingError:
                continue

    asyncio.run(look())


@pytest.mark.parametrize("name", ["wyoming-satellite.sock", "door.sock"])
def test_mishaps_between_the_processes_are_messages_or_an_error(name):
    chance = random.Random(8)
    for _ in range(2000):
        packet = mutated(chance, (*UNIX[name], b'{"say":"ready","waits":true}', INDEX.pack(3)))
        for taken in (meeting.from_core, meeting.from_network):
            try:
                taken(packet)
            except WyomingError:
                continue


DATA_OF = st.dictionaries(st.text(max_size=8), st.none() | st.integers(-9, 9) | st.text(max_size=9))


@given(DATA_OF, st.binary(max_size=200))
def test_ours_and_pypis_read_each_others_frames(data, payload):
    async def both() -> None:
        stream = asyncio.StreamReader()
        stream.feed_data(packed(Frame("audio-chunk", data, payload)))
        stream.feed_eof()
        event = await async_read_event(stream)
        assert event is not None
        assert (event.type, event.data, event.payload or b"") == ("audio-chunk", data, payload)

        written = Written()
        await async_write_event(Event("audio-chunk", data, payload), written)  # type: ignore[arg-type]
        (ours,) = await frames(written.data)
        assert (ours.type, dict(ours.data), ours.payload) == ("audio-chunk", data, payload)

    asyncio.run(both())


class Written:
    """A stream that remembers."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def writelines(self, lines: Any) -> None:
        self.data += b"".join(lines)

    async def drain(self) -> None: ...


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"rate": 16_000, "width": 3, "channels": 1}, "width"),
        ({"rate": 1, "width": 2, "channels": 1}, "rate"),
        ({"rate": 10**9, "width": 2, "channels": 1}, "rate"),
        ({"rate": 16_000, "width": 2, "channels": 0}, "channels"),
        ({"rate": "16000", "width": 2, "channels": 1}, "rate"),
        ({"rate": True, "width": 2, "channels": 1}, "rate"),
        ({"rate": 16_000, "width": 2, "channels": 1, "timestamp": -1}, "timestamp"),
        ({"width": 2, "channels": 1}, "rate"),
    ],
)
def test_sound_of_no_kind_that_there_is_is_refused(data, field):
    with pytest.raises(WyomingError, match=f"sound: {field} is not"):
        read(Frame("audio-chunk", data), Sound)


def test_home_assistant_gives_times_with_fractions():
    event = AudioChunk(16_000, 2, 1, b"").event()
    event.data["timestamp"] = 12.5
    assert read(Frame(event.type, event.data), Sound).timestamp == 12.5


def test_sound_may_go_on_after_its_end():
    """A converter that was told of the end takes nothing more: once that was a fault of ours."""
    sound = Sound(rate=44_100, width=2, channels=1)
    hearing = Hearing()
    for _ in range(2):
        frames = [*hearing.feed(sound, bytes(88_200)), *hearing.last()]
        assert len(frames) == 13


def test_half_a_sample_is_refused():
    sound = Sound(rate=16_000, width=2, channels=2)
    with pytest.raises(WyomingError, match="middle of a sample"):
        list(Hearing().feed(sound, b"\0\0\0"))


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("tcp://127.0.0.1:10300", Address("tcp", "127.0.0.1", 10300)),
        ("tcp://[::1]:10300", Address("tcp", "::1", 10300)),
        ("unix:///run/sotto/asr.sock", Address("unix", path="/run/sotto/asr.sock")),
        ("stdio://", Address("stdio")),
    ],
)
def test_an_address_is_said_as_other_wyoming_programs_say_it(uri, address):
    assert parse(uri, "wyoming.asr") == address
    assert str(address) == uri


@pytest.mark.parametrize(
    "uri",
    ["127.0.0.1:10300", "tcp://127.0.0.1", "tcp://h:99999", "unix://x", "http://x:1", "tcp://"],
)
def test_another_address_is_a_mistake_that_names_its_key(uri):
    with pytest.raises(SettingsError, match=r"wyoming\.asr: expected tcp://"):
        parse(uri, "wyoming.asr")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "nothing is to be opened"),
        ({"asr": "stdio://", "wake": "tcp://127.0.0.1:1"}, "one service and nothing else"),
        ({"asr": "tcp://127.0.0.1:1", "wake": "tcp://127.0.0.1:1"}, "an address of its own"),
        ({"microphone": "stdio://"}, "wyoming.microphone: expected"),
    ],
)
def test_services_that_cannot_be_offered_are_a_mistake(settings, complaint):
    with pytest.raises(SettingsError, match=complaint):
        plan(WyomingSettings(**settings))


def test_a_service_for_the_network_that_nobody_there_may_use_is_said(caplog):
    plan(WyomingSettings(asr="tcp://0.0.0.0:10300"))
    assert "only this machine may connect" in caplog.text
    caplog.clear()
    plan(WyomingSettings(asr="tcp://0.0.0.0:10300", peers=("192.168.1.20",)))
    assert not caplog.text


def test_only_addresses_of_the_list_are_admitted():
    peers = Peers(["127.0.0.0/8", "192.168.1.0/24", "::1"])
    admitted = ["127.0.0.1", "192.168.1.77", "::ffff:192.168.1.77", "::1", HERE]
    assert all(peers.admits(address) for address in admitted)
    assert not any(peers.admits(address) for address in ("192.168.2.1", "8.8.8.8", "fe80::1%eth0"))
    assert same("::ffff:127.0.0.1", "127.0.0.1")
    assert not same("nonsense", "127.0.0.1")
    with pytest.raises(SettingsError, match=r"wyoming\.peers"):
        Peers(["my house"])


def test_a_peer_is_refused_in_one_line_however_often_it_comes(caplog):
    refusals = Refusals("asr")
    for _ in range(5):
        refusals.note("8.8.8.8", "it is not among wyoming.peers")
    assert caplog.text.count("8.8.8.8 was refused") == 1
    for number in range(REMEMBERED + 5):
        refusals.note(f"9.9.0.{number}", "no")
    assert len(refusals._said) == REMEMBERED
