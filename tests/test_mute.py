"""Muted is muted: no frame gets in, and what was heard just before is gone."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.asking import Asking
from assistant.hearing import Hearing
from assistant.mouth import Mouth
from assistant.observe.switch import Switch
from assistant.settings import ListenSettings
from assistant.types import FRAME_BYTES, AudioFrame, Gap
from pipeline.listen import Event, Heard, Listener, Lost, ring_for
from pipeline.ring import Ring
from pipeline.sources.microphone import Microphone
from tests.test_runtime import ScriptedEnd, ScriptedRecognizer, ScriptedWake

BEFORE, MUTED, AFTER = (bytes([value]) * FRAME_BYTES for value in (0x11, 0x22, 0x33))


class Room:
    """A real listener and its ring, a switch in a file, and a source that turns it on the way."""

    def __init__(self, switch: Path, *wake: int) -> None:
        self.switch = switch
        self.set("0")
        self.ring = ring_for(ListenSettings())
        self.recognizer = ScriptedRecognizer("lamp", "lamp")
        self.listener = Listener(
            wake=ScriptedWake(*wake),
            endpointer=ScriptedEnd(),
            recognizer=self.recognizer,
            ring=self.ring,
        )
        self.asking = Asking()
        self.hearing = Hearing(
            self.listener, self.asking, Mouth(None), Switch(switch).is_on, lambda: None
        )
        self.events: list[Event] = []
        self.seen: list[bytes] = []

    def set(self, value: str) -> None:
        self.switch.write_text(value)

    async def hear(self, steps: list[tuple[int, bytes, Callable[[], object] | None]]) -> None:
        """So many frames of a sound, then an act; after each frame the ring is looked at."""
        room = self

        class Source:
            def frames(self) -> Iterator[AudioFrame | Gap]:
                index = 0
                for count, pcm, act in steps:
                    for _ in range(count):
                        yield AudioFrame(index, pcm)
                        room.seen.append(room.ring.snapshot())
                        index += 1
                    if act is not None:
                        act()

            def close(self) -> None: ...

        await self.hearing.run(Source(), self.events.append)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "switch", 30)


async def test_while_the_switch_is_on_nothing_gets_into_the_ring_and_what_was_there_is_zero(room):
    await room.hear(
        [
            (5, BEFORE, lambda: room.set("1")),
            (20, MUTED, lambda: room.set("0")),
            (3, AFTER, None),
        ]
    )
    assert BEFORE in room.seen[4]
    assert all(not any(look) for look in room.seen[5:25])
    assert AFTER in room.seen[27]
    assert not any(MUTED in look for look in room.seen)


async def test_an_utterance_is_cut_off_and_its_sound_is_gone(room):
    await room.hear([(32, BEFORE, lambda: room.set("1")), (10, MUTED, None)])
    assert [type(event) for event in room.events[1:]] == [Lost]
    assert not any(room.seen[32])
    assert room.recognizer.abandoned == 1


async def test_a_question_or_a_button_does_not_open_the_ear_while_it_is_muted(room):
    def ask() -> None:
        assert room.hearing.press()
        room.asking._wanted.set()
        room.set("1")

    await room.hear([(1, BEFORE, ask), (20, MUTED, None)])
    assert not room.hearing.press()
    assert not any(isinstance(event, Heard) for event in room.events)
    assert not any(MUTED in look for look in room.seen)


async def test_what_was_asked_for_before_is_not_listened_to_afterwards(tmp_path):
    room = Room(tmp_path / "switch")

    def press() -> None:
        room.hearing.press()
        room.set("1")

    await room.hear([(2, BEFORE, press), (2, MUTED, lambda: room.set("0")), (20, AFTER, None)])
    assert room.recognizer.expected == []


async def test_a_button_listens_without_a_wake_word(room):
    await room.hear([(2, BEFORE, room.hearing.press), (8, AFTER, None)])
    (heard,) = (event for event in room.events if isinstance(event, Heard))
    assert heard.utterance.pcm.reveal() == AFTER * 5


def test_sound_of_a_muted_time_does_not_wait_in_the_microphone_for_a_slow_ear():
    muted = threading.Event()
    heard: list[Callable[[bytes, bool], None]] = []

    class Stream:
        name, rate, channels = "x", 16_000, 1

        def is_alive(self) -> bool:
            return True

        def close(self) -> None: ...

    def opener(wanted: object, hear: Callable[[bytes, bool], None], *, native_rate: bool) -> Stream:
        heard.append(hear)
        hear(BEFORE, False)
        muted.set()
        hear(MUTED, False)
        hear(MUTED, False)
        muted.clear()
        hear(AFTER, False)
        return Stream()

    microphone = Microphone(opener=opener, is_muted=muted.is_set)
    got: list[bytes] = []
    for item in microphone.frames():
        if isinstance(item, AudioFrame):
            got.append(item.pcm)
        if len(got) == 4:
            microphone.close()
    assert got == [BEFORE, bytes(FRAME_BYTES), bytes(FRAME_BYTES), AFTER]


# The switch itself


@pytest.mark.parametrize(
    ("content", "on", "expected"),
    [("0", "1", False), ("1\n", "1", True), ("1", "0", False), ("0\n", "0", True),
     ("", "1", True), ("x", "1", True), ("\x00", "0", True)],
)  # fmt: skip
def test_a_file_says_so_and_what_can_t_be_read_is_muted(tmp_path, content, on, expected):
    path = tmp_path / "value"
    path.write_text(content)
    switch = Switch(path, on)
    assert switch.is_on() is expected
    assert switch.is_broken is (content[:1] not in ("0", "1"))


def test_a_missing_file_is_muted_until_it_is_there(tmp_path, caplog):
    switch = Switch(tmp_path / "value")
    told: list[bool] = []
    switch.tell = told.append
    assert switch.is_on()
    assert switch.is_on()
    (tmp_path / "value").write_text("0")
    assert not switch.is_on()
    assert told == [True, False]
    assert caplog.text.count("can't be read, so nobody is heard") == 1


def event(kind: int, code: int, value: int) -> bytes:
    return struct.pack("@llHHi", 0, 0, kind, code, value)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[tuple[Switch, int]]:
    path = tmp_path / "event0"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    os.close(reader)
    switch = Switch(path)
    yield switch, writer
    switch.close()


def test_an_input_device_s_switch_and_key_are_followed(device):
    switch, writer = device
    steps = [
        (event(5, 0x0E, 1), True),
        (event(5, 0x0E, 0), False),
        (event(1, 248, 1) + event(0, 0, 0), True),
        (event(1, 248, 0), True),
        (event(1, 248, 2), True),
        (event(1, 113, 1), False),
        (event(1, 30, 1), False),
        (event(5, 0x02, 1), False),
    ]
    assert not switch.is_on()
    for data, expected in steps:
        os.write(writer, data)
        assert switch.is_on() is expected
    os.close(writer)
    assert switch.is_on()
    assert switch.is_broken


def test_a_ring_that_is_wiped_is_zero_to_the_last_byte():
    ring = Ring(3, 5)
    for _ in range(4):
        ring.write(BEFORE)
    ring.wipe()
    assert not any(ring.snapshot())
