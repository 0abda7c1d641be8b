"""The synthesised recordings that ship."""

from __future__ import annotations

import json

import pytest
import soundfile

from assistant.commands.demo import RECORDINGS


def test_the_manifest_lists_every_recording_as_it_is(recordings):
    manifest = json.loads((recordings / "manifest.json").read_text())
    assert {line["file"] for line in manifest} == {path.name for path in recordings.glob("*.flac")}
    for line in manifest:
        info = soundfile.info(recordings / line["file"])
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert info.duration == pytest.approx(line["seconds"])
        assert line["text"]
        assert line["file"].startswith("alexa") == (line["wake"] == "alexa")


def test_the_demo_plays_those_that_are_meant_for_it_in_order(recordings):
    manifest = json.loads((recordings / "manifest.json").read_text())
    meant = [recordings / line["file"] for line in manifest if line["demo"]]
    shipped = sorted(RECORDINGS.glob("*.flac"))
    assert [path.read_bytes() for path in shipped] == [path.read_bytes() for path in meant]


def test_they_are_small(recordings):
    assert sum(path.stat().st_size for path in recordings.iterdir()) < 1_500_000
