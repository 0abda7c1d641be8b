"""Recordings, pipes and pace as sources of frames."""

from __future__ import annotations

import os
import struct
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assistant.errors import SourceError
from assistant.types import FRAME_BYTES, FRAME_SAMPLES, AudioFrame
from pipeline.sources.convert import Framer
from pipeline.sources.file import FileSource
from pipeline.sources.paced import Paced
from pipeline.sources.stdin import PcmSource


def heard(source):
    frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(len(frame.pcm) == FRAME_BYTES for frame in frames)
    return np.frombuffer(b"".join(frame.pcm for frame in frames), "<i2")


def tone(rate, seconds, channels, hertz=440.0):
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    return np.repeat(wave[:, None], channels, axis=1)


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "channels"),
    [
        ("a.wav", "PCM_U8", 96_000, 8),
        ("a.wav", "PCM_U8", 8_000, 1),
        ("a.wav", "PCM_16", 16_000, 1),
        ("a.wav", "PCM_16", 44_100, 2),
        ("a.wav", "PCM_24", 48_000, 2),
        ("a.wav", "PCM_32", 22_050, 1),
        ("a.wav", "FLOAT", 48_000, 6),
        ("a.wav", "DOUBLE", 192_000, 1),
        ("a.wav", "ULAW", 8_000, 1),
        ("a.flac", "PCM_16", 44_100, 2),
        ("a.flac", "PCM_24", 16_000, 1),
        ("a.ogg", "VORBIS", 44_100, 2),
        ("a.ogg", "OPUS", 48_000, 1),
        ("a.txt", "PCM_16", 11_025, 3),
    ],
)
def test_any_rate_width_and_number_of_channels_sounds_the_same(
    tmp_path, name, subtype, rate, channels
):
    path = tmp_path / name
    kind = "WAV" if name.endswith("txt") else None
    soundfile.write(path, tone(rate, 1.5, channels), rate, subtype=subtype, format=kind)
    source = FileSource(path)
    assert source.seconds == pytest.approx(1.5, abs=0.01)
    sound = heard(source)
    assert len(sound) == 19 * FRAME_SAMPLES
    steady = sound[4_000:20_000].astype(float)
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady))))
    assert np.argmax(spectrum) == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(steady**2)) == pytest.approx(0.5 / np.sqrt(2) * 32_768, rel=0.03)
    assert not sound[24_400:].any() or subtype in {"VORBIS", "OPUS", "PCM_U8"}


def test_nothing_above_the_new_half_rate_is_folded_back(tmp_path):
    path = tmp_path / "high.wav"
    soundfile.write(path, tone(48_000, 1.0, 1, hertz=11_000.0), 48_000, subtype="FLOAT")
    assert np.abs(heard(FileSource(path))[2_000:14_000]).max() <= 1


def test_what_is_louder_than_full_scale_is_clipped_and_does_not_wrap(tmp_path):
    path = tmp_path / "loud.wav"
    loud = np.concatenate((np.full(8_000, 3.0), np.full(8_000, -1e30)))
    soundfile.write(path, loud, 16_000, subtype="FLOAT")
    sound = heard(FileSource(path))[:16_000]
    assert set(sound[:8_000]) == {32_767}
    assert set(sound[8_000:]) == {-32_768}


def test_a_sample_without_measure_spoils_only_its_own_moment(tmp_path):
    path = tmp_path / "spike.wav"
    wave = np.zeros(48_000)
    wave[24_000] = 1e30
    soundfile.write(path, wave, 48_000, subtype="FLOAT")
    sound = heard(FileSource(path)).astype(int)
    assert np.abs(sound[:7_800]).max() < 10
    assert np.abs(sound[8_200:]).max() < 10


def test_the_very_end_of_a_recording_at_another_rate_is_heard(tmp_path):
    path = tmp_path / "end.wav"
    wave = np.zeros(44_100)
    wave[-200:] = 0.5
    soundfile.write(path, wave, 44_100)
    assert heard(FileSource(path))[15_930:15_995].min() > 12_000


@settings(max_examples=25, deadline=None)
@given(arrays(np.int16, st.integers(1, 5_000)))
def test_our_own_format_comes_out_as_it_went_in(tmp_path_factory, samples):
    path = tmp_path_factory.getbasetemp() / "same.flac"
    soundfile.write(path, samples, 16_000)
    sound = heard(FileSource(path))
    assert np.array_equal(sound[: len(samples)], samples)
    assert not sound[len(samples) :].any()


@given(st.lists(st.binary(max_size=3 * FRAME_BYTES), max_size=6), st.integers(0, 1_000))
def test_frames_are_the_stream_whatever_its_pieces(pieces, index):
    framer = Framer(index)
    frames = [frame for piece in pieces for frame in framer.feed(piece)]
    frames += framer.last()
    stream = b"".join(pieces)
    whole = len(stream) // 2 * 2
    expected = stream[:whole] + bytes(-whole % FRAME_BYTES)
    assert b"".join(frame.pcm for frame in frames) == expected
    assert [frame.index for frame in frames] == list(range(index, index + len(frames)))


def wav_of_zeros(path: Path, seconds: int) -> Path:
    size = seconds * 32_000
    layout = struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + layout
    with path.open("wb") as file:
        file.write(head + b"data" + struct.pack("<I", size))
        file.truncate(44 + size)
    return path


def test_a_recording_of_ten_hours_costs_no_memory(tmp_path):
    source = FileSource(wav_of_zeros(tmp_path / "day.wav", 36_000))
    assert source.seconds == 36_000
    frames = source.frames()
    next(frames)
    tracemalloc.start()
    try:
        for _ in range(5_000):
            next(frames)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4_000_000


def test_an_hour_of_silence_is_an_hour_of_silent_frames(tmp_path):
    frames = FileSource(wav_of_zeros(tmp_path / "hour.wav", 3_600)).frames()
    assert sum(frame.pcm == bytes(FRAME_BYTES) for frame in frames) == 45_000


def test_a_wav_that_was_written_to_a_pipe_is_read_to_its_end(tmp_path):
    path = wav_of_zeros(tmp_path / "piped.wav", 1)
    for riff, stated in ((8, 0), (0x7FFF_F024, 0x7FFF_F000), (0xFFFF_FFFF, 0xFFFF_FFFF)):
        data = bytearray(path.read_bytes())
        data[4:8] = struct.pack("<I", riff)
        data[40:44] = struct.pack("<I", stated)
        path.write_bytes(data)
        source = FileSource(path)
        assert source.seconds == 1.0
        assert len(list(source.frames())) == 13


def test_a_recording_can_be_heard_again_and_stops_when_closed(tmp_path):
    source = FileSource(wav_of_zeros(tmp_path / "a.wav", 60))
    assert len(list(source.frames())) == len(list(source.frames())) == 750
    frames = source.frames()
    next(frames)
    source.close()
    assert len(list(frames)) < 60


def pipe_with(data: bytes) -> int:
    read, write = os.pipe()
    threading.Thread(target=lambda: (os.write(write, data), os.close(write))).start()
    return read


def test_raw_audio_on_a_pipe_is_heard_as_it_comes():
    samples = np.arange(3_000, dtype="<i2")
    sound = heard(PcmSource(pipe_with(samples.tobytes() + b"\x01")))
    assert np.array_equal(sound[:3_000], samples)
    assert len(sound) == 3 * FRAME_SAMPLES


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"", "no audio"), (b"RIFF\0\0\0\0WAVEfmt ", "audio file"), (b"fLaC" + bytes(99), "its path")],
)
def test_a_pipe_with_something_else_is_a_clear_error(data, what):
    with pytest.raises(SourceError, match=what):
        list(PcmSource(pipe_with(data)).frames())


def test_a_terminal_is_not_taken_for_a_pipe():
    terminal, user = os.openpty()
    with pytest.raises(SourceError, match="is a terminal"):
        list(PcmSource(user).frames())
    os.close(terminal)
    os.close(user)


def test_a_quiet_pipe_can_be_closed():
    read, write = os.pipe()
    source = PcmSource(read)
    threading.Timer(0.05, source.close).start()
    assert list(source.frames()) == []
    os.close(read)
    os.close(write)


class Scripted:
    """A source of so many frames."""

    def __init__(self, count):
        self.count = count
        self.closed = False

    def frames(self):
        for index in range(self.count):
            yield AudioFrame(index, bytes(FRAME_BYTES))

    def close(self):
        self.closed = True


def test_paced_frames_come_when_they_were_spoken_and_a_slow_reader_catches_up():
    now = [100.0]

    def wait(seconds):
        now[0] += seconds
        return False

    came = []
    for frame in Paced(Scripted(20), clock=lambda: now[0], wait=wait).frames():
        came.append(now[0] - 100.0)
        if frame.index == 9:
            now[0] += 0.5  # the reader is busy
    assert came[:10] == pytest.approx([0.08 * (index + 1) for index in range(10)])
    assert came[10:15] == pytest.approx([1.3] * 5, abs=0.11)
    assert came[-1] == pytest.approx(1.6)


def test_a_paced_source_stops_at_once():
    source = Scripted(1_000_000)
    paced = Paced(source)
    frames = paced.frames()
    next(frames)
    paced.close()
    assert source.closed
    assert list(frames) == []
