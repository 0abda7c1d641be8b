"""A microphone that may go away, stall, lie about its rate, or be too fast for us."""

from __future__ import annotations

import logging
import os
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import MicrophoneError
from assistant.types import FRAME_SECONDS, AudioFrame, Gap
from pipeline.sources import microphone
from pipeline.sources.box import Box
from pipeline.sources.health import Health
from pipeline.sources.microphone import WAITING, Microphone, input_devices


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


class Device:
    """A stand-in for an open device: so many chunks of 80 ms at once, then "gone" or "quiet".

    A device that is gone says so; one that is quiet does not, and the clock goes on each
    time that it is looked at.
    """

    rate, channels, name = 16_000, 1, "stand-in"

    def __init__(self, clock, chunks=0, then="gone", value=1, pace=FRAME_SECONDS):
        self.clock, self.chunks, self.then = clock, chunks, then
        self.value, self.pace = value, pace
        self.closed = threading.Event()

    def start(self, hear):
        self.hear = hear
        for _ in range(self.chunks):
            self.clock.now += self.pace
            self.put()

    def put(self):
        samples = round(self.rate * FRAME_SECONDS) * self.channels
        self.hear(np.full(samples, self.value, "<i2").tobytes(), False)

    def is_alive(self):
        if self.then == "quiet":
            self.clock.now += 0.3
        return self.then == "quiet"

    def close(self):
        self.closed.set()


class Opener:
    """Opens one device after the other; an error in the list is raised."""

    def __init__(self, *devices, before=lambda: None):
        self.devices = list(devices)
        self.asked = []
        self.before = before

    def __call__(self, wanted, hear, *, native_rate):
        self.asked.append((wanted, native_rate))
        self.before()
        device = self.devices.pop(0)
        if isinstance(device, Exception):
            raise device
        device.start(hear)
        return device


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(microphone, "LOOK", 0.02)
    monkeypatch.setattr(microphone, "BACKOFF", (0.01, 0.04))


GONE = MicrophoneError("no microphone was found")


def values(items):
    return [np.frombuffer(item.pcm, "<i2")[0] for item in items if isinstance(item, AudioFrame)]


def opened(*devices, clock, states=None, before=lambda: None, device=None):
    opener = Opener(*devices, before=before)
    observe = states.append if states is not None else lambda state: None
    return Microphone(device, observe, opener=opener, clock=clock), opener


def take(frames, count):
    """Items until `count` frames are among them."""
    items = []
    while len(values(items)) < count:
        items.append(next(frames))
    return items


def gaps(items):
    return [item.seconds for item in items if isinstance(item, Gap)]


def test_a_device_that_is_lost_leaves_a_gap_as_long_as_it_was_away():
    clock = Clock()
    away = iter([0.0, 5.0, 30.0])

    def wait():
        clock.now += next(away)

    first, second = Device(clock, 10, value=1), Device(clock, 5, "quiet", value=2)
    states = []
    source, _ = opened(first, GONE, second, clock=clock, states=states, before=wait)
    began = clock.now
    frames = source.frames()
    assert values(take(frames, 10)) == [1] * 10
    assert source.state == "listening"
    items = take(frames, 5)
    source.close()
    assert list(frames) == []
    assert values(items) == [2] * 5
    assert sum(gaps(items)) == pytest.approx(35.0, abs=FRAME_SECONDS)
    assert items[-1].end == pytest.approx(clock.now - began, abs=FRAME_SECONDS)
    assert states == ["listening", "no microphone", "listening", "no microphone"]
    assert source.gaps == 1
    assert first.closed.is_set()
    assert second.closed.is_set()


def test_indexes_and_gaps_tell_the_same_time():
    clock = Clock()
    devices = [Device(clock, 3), GONE, Device(clock, 2), Device(clock, 4)]
    jumps = iter([0.0, 1.0, 2.02, 0.5])

    def wait():
        clock.now += next(jumps)

    source, _ = opened(*devices, clock=clock, before=wait)
    at = 0.0
    for item in take(source.frames(), 9):
        if isinstance(item, Gap):
            at += item.seconds
        else:
            assert item.start == pytest.approx(at)
            at = item.end


def test_a_device_that_stalls_is_given_up_within_a_second():
    clock = Clock()
    states = []
    source, _ = opened(Device(clock, 3, "quiet"), clock=clock, states=states)
    frames = source.frames()
    take(frames, 3)
    heard_last = clock.now
    assert isinstance(next(frames), Gap)
    assert clock.now - heard_last <= 1.2  # the stand-in's clock goes in steps of 0.3 s
    assert states == ["listening", "no microphone"]


def test_nothing_recorded_before_the_loss_comes_after_it():
    clock = Clock()
    first = Device(clock, 3, value=1)
    second = Device(clock, 3, value=2)
    source, opener = opened(first, second, clock=clock)
    frames = source.frames()
    take(frames, 3)
    opener.before = first.put  # the lost device wakes up late
    assert values(take(frames, 3)) == [2] * 3


def test_a_device_that_was_never_there_is_an_error():
    source, _ = opened(GONE, clock=Clock())
    with pytest.raises(MicrophoneError, match="no microphone was found"):
        list(source.frames())


def test_a_device_that_never_gave_a_sound_is_an_error_not_a_deaf_daemon():
    clock = Clock()
    states = []
    source, _ = opened(Device(clock, 0, "quiet"), clock=clock, states=states)
    with pytest.raises(MicrophoneError, match="stand-in gives no sound"):
        list(source.frames())
    assert states == []


def test_a_device_at_a_wrong_rate_is_opened_at_its_own():
    clock = Clock()
    wrong = Device(clock, 1, "quiet")
    source, opener = opened(wrong, Device(clock, 3), clock=clock)
    frames = source.frames()
    items = take(frames, 1)
    began = clock.now
    while not gaps(items):
        clock.now += FRAME_SECONDS / 3  # 48 kHz sold as 16 kHz
        wrong.put()
        items.append(next(frames))
    assert clock.now - began < 1.5  # 0.3 s of it are the stand-in's, when it is looked at
    take(frames, 3)
    assert [native for _, native in opener.asked] == [False, True]


def test_an_ear_that_is_too_slow_loses_the_oldest_and_is_told():
    clock = Clock()
    device = Device(clock, 1, "quiet")
    source, _ = opened(device, clock=clock)
    frames = source.frames()
    take(frames, 1)
    for value in range(WAITING + 5):
        clock.now += FRAME_SECONDS
        device.value = value
        device.put()
    items = take(frames, WAITING)
    assert items[0] == Gap(pytest.approx(5 * FRAME_SECONDS))
    assert values(items) == list(range(5, WAITING + 5))
    assert items[1].index == 6
    assert source.dropped == 5


def test_a_device_with_its_own_rate_and_channels_is_converted():
    class Stereo(Device):
        rate, channels = 44_100, 2

    source, _ = opened(Stereo(Clock(), 12, value=1_000), clock=Clock())
    frames = take(source.frames(), 11)
    sound = np.frombuffer(b"".join(frame.pcm for frame in frames), "<i2")
    assert np.abs(sound[2_000:].astype(int) - 1_000).max() <= 2


def test_a_device_that_gives_only_zeros_is_said_to_be_silent_once(caplog):
    clock = Clock()
    device = Device(clock, 1, "quiet", value=0)
    source, _ = opened(device, clock=clock)
    frames = source.frames()
    take(frames, 1)
    with caplog.at_level(logging.WARNING):
        for _ in range(200):
            clock.now += FRAME_SECONDS
            device.put()
            take(frames, 1)
    assert source.is_silent
    assert [record.message for record in caplog.records] == [
        "the microphone stand-in gives only zeros; is it muted or another one?"
    ]
    device.value = 5
    for _ in range(2):
        device.put()
        take(frames, 1)
    assert not source.is_silent


def test_a_device_named_by_its_index_is_looked_for_by_its_name_afterwards():
    clock = Clock()
    source, opener = opened(Device(clock, 2), Device(clock, 2), clock=clock, device=3)
    take(source.frames(), 4)
    assert [wanted for wanted, _ in opener.asked] == [3, "stand-in"]


def test_an_audio_system_that_hangs_does_not_keep_us_from_ending():
    clock = Clock()
    hangs, device = threading.Event(), Device(clock, 5, "quiet")
    source, _ = opened(device, clock=clock, before=lambda: hangs.wait(60))
    threading.Timer(0.1, source.close).start()
    assert list(source.frames()) == []
    assert source.state == "no microphone"
    hangs.set()
    assert device.closed.wait(10)


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0.0, 10.0)), max_size=8))
def test_a_busy_computer_is_no_wrong_rate(pauses):
    """Sound waits while we are busy, then it comes all at once, as fast as we can take it."""
    health = Health(0.0)
    now = made = heard = 0.0
    for chunks, pause in [(3, 0.0), *pauses, (60, 0.0)]:
        now += pause
        for _ in range(chunks):
            made += FRAME_SECONDS
            now = max(now + 0.003, made)
            health.heard(now, FRAME_SECONDS, zeros=False)
            heard += FRAME_SECONDS
            assert not health.is_astray()
    assert health.seconds == pytest.approx(heard)


@given(st.lists(st.floats(0.0, 0.3), min_size=1, max_size=200))
def test_a_device_that_only_stutters_is_left_alone(delays):
    health = Health(0.0)
    now = 1.0
    for index, delay in enumerate(delays):
        now = max(now, 1.0 + index * FRAME_SECONDS + delay)
        health.heard(now, FRAME_SECONDS, zeros=False)
        assert not health.is_astray()
        assert not health.is_stalled(now + 0.5)


@pytest.mark.parametrize(
    ("factor", "within"), [(0.5, 13.0), (0.7, 10.0), (1.5, 2.1), (2.0, 1.6), (3.0, 1.1)]
)
def test_a_rate_that_is_wrong_is_noticed(factor, within):
    health = Health(0.0)
    now = 0.0
    while not health.is_astray():
        now += FRAME_SECONDS / factor
        health.heard(now, FRAME_SECONDS, zeros=False)
        assert now < within


def test_a_clock_that_is_a_little_off_is_no_wrong_rate():
    for drift in (0.995, 1.005):
        health = Health(0.0)
        for index in range(20_000):
            health.heard(index * FRAME_SECONDS * drift, FRAME_SECONDS, zeros=False)
            assert not health.is_astray()


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5))
def test_a_box_holds_the_newest_and_counts_what_fell_out(steps, size):
    box = Box(size, Clock())
    put = taken = dropped = 0
    for is_put in steps:
        if is_put:
            box.put(bytes([put]))
            put += 1
        elif (chunk := box.take(0)) is not None:
            dropped += chunk.dropped
            assert chunk.pcm == bytes([taken + dropped])
            taken += 1
    while (chunk := box.take(0)) is not None:
        dropped += chunk.dropped
        taken += 1
    assert taken + dropped == put


class FakePyAudio:
    """A stand-in for the library: its devices, and what they refuse."""

    paInt16, paInputOverflow, paContinue = 8, 2, 0  # noqa: N815

    def __init__(self, devices, refuses=lambda rate, channels: False):
        self.devices, self.refuses = devices, refuses
        self.open_count = 0
        self.streams = []

    def PyAudio(self):  # noqa: N802
        os.write(
            2, b"ALSA lib conf.c: no card\n\nsomebody else's line\njack server is not running\n"
        )
        self.open_count += 1
        return SimpleNamespace(
            get_default_input_device_info=self._default,
            get_device_count=lambda: len(self.devices),
            get_device_info_by_index=lambda index: self.devices[index],
            open=self._open,
            terminate=self._terminate,
        )

    def _default(self):
        for device in self.devices:
            if device["maxInputChannels"]:
                return device
        raise OSError("no default input device")

    def _open(self, **options):
        if self.refuses(options["rate"], options["channels"]):
            raise OSError(-9997, "Invalid sample rate")
        samples = np.full(options["frames_per_buffer"] * options["channels"], 7, "<i2")
        for _ in range(3):
            options["stream_callback"](samples.tobytes(), 0, {}, 0)
        self.streams.append(options)
        return SimpleNamespace(is_active=lambda: True, close=lambda: None)

    def _terminate(self):
        self.open_count -= 1


def device(index, name, channels=2, rate=48_000):
    return {
        "index": index,
        "name": name,
        "maxInputChannels": channels,
        "defaultSampleRate": float(rate),
    }


DEVICES = [device(0, "HDMI out", 0), device(1, "Webcam"), device(2, "USB Mic"), device(3, "USB")]


@pytest.fixture
def library(monkeypatch):
    fake = FakePyAudio(DEVICES)
    monkeypatch.setitem(sys.modules, "pyaudio", fake)
    return fake


def test_devices_are_listed_and_others_lines_stay_on_standard_error(library, capfd):
    found = input_devices()
    assert [(each.index, each.name, each.is_default) for each in found] == [
        (1, "Webcam", True),
        (2, "USB Mic", False),
        (3, "USB", False),
    ]
    assert [each.index for each in found if each.answers_to("mic")] == [2]
    assert [each.index for each in found if each.answers_to(None)] == [1]
    assert capfd.readouterr().err == "somebody else's line\n"
    assert library.open_count == 0


@pytest.mark.parametrize(
    ("wanted", "index"), [(None, 1), (2, 2), ("usb", 2), ("USB", 3), ("cam", 1)]
)
def test_a_device_is_chosen_by_index_exact_name_or_part_of_it(library, wanted, index):
    source = Microphone(wanted)
    frames = source.frames()
    assert next(frames).pcm == np.full(1_280, 7, "<i2").tobytes()
    source.close()
    assert list(frames) == []
    assert library.streams[0]["input_device_index"] == index
    assert library.open_count == 0


@pytest.mark.parametrize(
    ("refuses", "rate", "channels"),
    [
        (lambda rate, channels: rate == 16_000, 48_000, 1),
        (lambda rate, channels: channels == 1, 16_000, 2),
        (lambda rate, channels: (rate, channels) != (48_000, 2), 48_000, 2),
    ],
)
def test_a_device_is_opened_as_it_likes(library, refuses, rate, channels):
    library.refuses = refuses
    frames = Microphone().frames()
    assert isinstance(next(frames), AudioFrame)
    frames.close()
    assert (library.streams[0]["rate"], library.streams[0]["channels"]) == (rate, channels)
    assert library.open_count == 0


@pytest.mark.parametrize(
    ("devices", "wanted", "message"),
    [
        ([], None, "no microphone was found"),
        (DEVICES[:1], "usb", "no microphone was found"),
        (DEVICES, "headset", r"answers to 'headset'.*1: Webcam, 2: USB Mic"),
        (DEVICES, 0, "answers to 0"),
    ],
)
def test_a_device_that_is_not_there_is_a_clear_error(library, devices, wanted, message):
    library.devices = devices
    with pytest.raises(MicrophoneError, match=message):
        list(Microphone(wanted).frames())
    assert library.open_count == 0


def test_a_device_that_refuses_everything_is_a_clear_error(library):
    library.refuses = lambda rate, channels: True
    with pytest.raises(MicrophoneError, match="1: Webcam can't be opened"):
        list(Microphone().frames())
    assert library.open_count == 0


def test_without_pyaudio_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    for attempt in (input_devices, lambda: list(Microphone().frames())):
        with pytest.raises(MicrophoneError, match=r"pip install 'sotto-voice\[mic\]'.*apt"):
            attempt()
