"""Files that are no recordings: one clear line each, naming the file and what to do."""

from __future__ import annotations

import os
import socket
import struct

import numpy as np
import pytest
import soundfile

from assistant.errors import SourceError
from pipeline.sources.file import FileSource


def noise(seconds=6.0):
    return np.random.default_rng(1).normal(0.0, 0.1, round(16_000 * seconds)).clip(-1, 1)


def missing(path):
    return path / "nowhere.wav"


def empty(path):
    (path / "empty.wav").write_bytes(b"")
    return path / "empty.wav"


def text(path):
    (path / "text.wav").write_text("turn on the light\n" * 100)
    return path / "text.wav"


def zeros(path):
    (path / "zeros.flac").write_bytes(bytes(100_000))
    return path / "zeros.flac"


def mp3(path):
    soundfile.write(path / "song.wav", noise(), 16_000, format="MP3")
    return path / "song.wav"


def header_only(path):
    soundfile.write(path / "head.wav", np.zeros(0), 16_000)
    return path / "head.wav"


def folder(path):
    (path / "folder.wav").mkdir()
    return path / "folder.wav"


def pipe(path):
    os.mkfifo(path / "pipe.wav")
    return path / "pipe.wav"


def unix_socket(path):
    # Named relative to the folder: the name of a socket has room for 107 letters.
    before = os.getcwd()  # noqa: PTH109
    os.chdir(path)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.wav")
    finally:
        os.chdir(before)
    return path / "s.wav"


def dangling(path):
    (path / "link.wav").symlink_to(path / "gone.wav")
    return path / "link.wav"


def loop(path):
    (path / "loop.wav").symlink_to(path / "loop.wav")
    return path / "loop.wav"


def long_name(path):
    return path / ("a" * 300 + ".wav")


def with_nul(path):
    return path / "a\0b.wav"


def nans(path):
    soundfile.write(path / "nan.wav", np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    return path / "nan.wav"


def one_infinite(path):
    samples = noise()
    samples[50_000] = np.inf
    soundfile.write(path / "inf.wav", samples, 16_000, subtype="DOUBLE")
    return path / "inf.wav"


def odd_rate(path):
    soundfile.write(path / "slow.wav", noise(), 3)
    return path / "slow.wav"


def no_channels(path):
    layout = struct.pack("<IHHIIHH", 16, 1, 0, 16_000, 0, 0, 16)
    data = b"RIFF" + struct.pack("<I", 1_036) + b"WAVEfmt " + layout
    (path / "none.wav").write_bytes(data + b"data" + struct.pack("<I", 1_000) + bytes(1_000))
    return path / "none.wav"


def unknown_codec(path):
    layout = struct.pack("<IHHIIHH", 16, 0x4242, 1, 16_000, 32_000, 2, 16)
    data = b"RIFF" + struct.pack("<I", 1_036) + b"WAVEfmt " + layout
    (path / "codec.wav").write_bytes(data + b"data" + struct.pack("<I", 1_000) + bytes(1_000))
    return path / "codec.wav"


def cut(kind, subtype, share):
    def make(path):
        whole = path / f"whole.{kind}"
        soundfile.write(whole, noise(), 16_000, subtype=subtype)
        data = whole.read_bytes()
        (path / f"cut.{kind}").write_bytes(data[: round(len(data) * share)])
        return path / f"cut.{kind}"

    make.__name__ = f"{subtype}_{kind}_cut_at_{share}"
    return make


def holed_flac(path):
    whole = path / "whole.flac"
    soundfile.write(whole, noise(), 16_000)
    data = bytearray(whole.read_bytes())
    data[len(data) // 2 :][:2_000] = b""
    data[len(data) // 2 : len(data) // 2 + 2_000] = bytes(2_000)
    (path / "hole.flac").write_bytes(data)
    return path / "hole.flac"


KINDS = {"wav": ("PCM_16", "PCM_U8", "FLOAT"), "flac": ("PCM_16",), "ogg": ("VORBIS", "OPUS")}
CUTS = [
    cut(kind, subtype, share)
    for kind, subtypes in KINDS.items()
    for subtype in subtypes
    for share in (0.0001, 0.001, 0.5, 0.9, 0.999)
]


@pytest.mark.parametrize(
    "make",
    [
        *(missing, empty, text, zeros, mp3, header_only, folder, pipe, unix_socket, dangling),
        *(loop, long_name, with_nul, nans, one_infinite, odd_rate, no_channels, unknown_codec),
        *(holed_flac, *CUTS),
    ],
    ids=lambda make: make.__name__,
)
def test_a_bad_file_is_one_clear_line_with_its_name(tmp_path, make):
    path = make(tmp_path)
    with pytest.raises(SourceError) as caught:
        list(FileSource(path).frames())
    message = str(caught.value)
    assert path.name.replace("\0", "\\x00") in message
    assert message.isprintable()
    assert "Error(" not in message


def test_a_pipe_is_told_from_an_empty_file(tmp_path):
    with pytest.raises(SourceError, match="not a regular file"):
        FileSource(pipe(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_clear_line(tmp_path):
    path = tmp_path / "secret.wav"
    soundfile.write(path, noise(1.0), 16_000)
    path.chmod(0)
    with pytest.raises(SourceError, match="secret"):
        FileSource(path)


def test_a_name_that_would_break_the_line_is_escaped(tmp_path):
    with pytest.raises(SourceError) as caught:
        FileSource(tmp_path / "two\nlines\x1b[31m.wav")
    assert str(caught.value).isprintable()


def test_what_was_heard_before_the_damage_is_given(tmp_path):
    path = cut("flac", "PCM_16", 0.5)(tmp_path)
    frames = FileSource(path).frames()
    assert [next(frames).index for _ in range(20)] == list(range(20))
    with pytest.raises(SourceError, match="damaged or cut off"):
        list(frames)


def test_a_whole_file_of_every_kind_is_no_bad_file(tmp_path):
    for name, subtype in (("a.wav", "PCM_16"), ("b.flac", "PCM_16"), ("c.ogg", "VORBIS")):
        soundfile.write(tmp_path / name, noise(), 16_000, subtype=subtype)
        assert len(list(FileSource(tmp_path / name).frames())) == 75
