"""A real microphone through PyAudio: the monitor of a PulseAudio sink that we play into."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np
import pytest

from assistant.types import AudioFrame, Gap
from pipeline.engines.espeak import EspeakVoice
from pipeline.sources.file import FileSource
from pipeline.sources.microphone import Microphone, input_devices

pytestmark = pytest.mark.mic
WAIT = 30.0
"""Seconds after which a test gives up; nothing waits so long where all is well."""


class Recorder:
    """Hears a microphone on a thread of its own."""

    def __init__(self, device=None):
        self.changed = threading.Condition()
        self.states = []
        self.items = []
        self.microphone = Microphone(device, self._observe)
        self.thread = threading.Thread(target=self._listen)

    def _observe(self, state):
        with self.changed:
            self.states.append(state)
            self.changed.notify_all()

    def _listen(self):
        for item in self.microphone.frames():
            with self.changed:
                self.items.append(item)
                self.changed.notify_all()

    def until(self, what: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(what, WAIT)

    def loudness(self, start=0):
        """The largest sample of each frame from the item of this number on."""
        frames = [item for item in self.items[start:] if isinstance(item, AudioFrame)]
        return [int(np.abs(np.frombuffer(frame.pcm, "<i2")).max()) for frame in frames]


@contextmanager
def recorder(device=None):
    recorder = Recorder(device)
    recorder.thread.start()
    try:
        recorder.until(lambda: recorder.states == ["listening"])
        yield recorder
    finally:
        recorder.microphone.close()
        recorder.thread.join(WAIT)
    assert not recorder.thread.is_alive()


def envelope(samples):
    """Loudness every 20 ms."""
    whole = samples[: len(samples) // 320 * 320].astype(float).reshape(-1, 320)
    return np.sqrt(np.square(whole).mean(axis=1))


def hears(recorder, pulse, path):
    """Whether the microphone hears what is played: a busy computer may stutter, not thrice."""
    return any(likeness(recorder, pulse, path) > 0.97 for _ in range(3))


def likeness(recorder, pulse, path):
    """How alike the envelopes are of what is played and what the microphone hears: 0..1."""
    start = len(recorder.items)
    pulse.play(path)
    # A second of silence says that the end of it was heard.
    recorder.until(lambda: max(recorder.loudness(start)) > 3_000)
    recorder.until(lambda: max(recorder.loudness(start)[-12:]) == 0)
    items = recorder.items[start:]
    heard = np.frombuffer(b"".join(item.pcm for item in items), "<i2")
    said = np.frombuffer(b"".join(frame.pcm for frame in FileSource(path).frames()), "<i2")
    correlation = np.correlate(envelope(heard), envelope(said), mode="full").max()
    scale = np.linalg.norm(envelope(heard)) * np.linalg.norm(envelope(said))
    return correlation / scale


def test_what_is_said_to_the_microphone_is_what_it_hears(pulse, recordings, capfd):
    assert "pulse" in [device.name for device in input_devices()]
    with recorder("pulse") as heard:
        assert hears(heard, pulse, recordings / "alexa_light_on.flac")
        assert [item.index for item in heard.items] == list(range(len(heard.items)))
    assert "ALSA lib" not in capfd.readouterr().err


def test_a_microphone_that_is_unplugged_says_so_and_comes_back(pulse, recordings):
    with recorder() as heard:
        heard.until(lambda: len(heard.items) > 3)
        pulse.remove_sink()
        heard.until(lambda: heard.states[-1] == "no microphone")
        heard.until(lambda: isinstance(heard.items[-1], Gap))
        pulse.add_sink()
        heard.until(lambda: heard.states[-1] == "listening")
        assert hears(heard, pulse, recordings / "alexa_light_on.flac")
        assert heard.microphone.gaps == 1
        at = 0.0
        for item in heard.items:
            if isinstance(item, AudioFrame):
                assert item.start == pytest.approx(at)
                at = item.end
            else:
                at += item.seconds


def test_a_sound_server_that_dies_and_is_started_again_is_heard_again(pulse):
    with recorder() as heard:
        heard.until(lambda: len(heard.items) > 3)
        pulse.stop()
        heard.until(lambda: heard.states[-1] == "no microphone")
        pulse.start()
        heard.until(lambda: heard.states[-1] == "listening")


def test_a_sound_server_that_hangs_is_noticed_and_does_not_keep_us_from_ending(pulse):
    with recorder() as heard:
        heard.until(lambda: len(heard.items) > 3)
        pulse.freeze()
        heard.until(lambda: heard.states[-1] == "no microphone")
    assert not heard.thread.is_alive()


def test_a_reply_is_really_heard(pulse):
    with recorder() as heard:
        start = len(heard.items)
        EspeakVoice(160).say("the kitchen light is on")
        heard.until(lambda: max(heard.loudness(start)) > 3_000)
