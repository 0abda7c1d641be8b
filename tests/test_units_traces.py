"""The search that `make units-test` relies on: what was said is found, however it was written."""

from __future__ import annotations

import base64
import os
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from scripts.units import traces

TONE = (8000 * np.sin(np.arange(48_000) / 7)).astype("<i2").tobytes()
WANTED = traces.wanted(TONE)
SAID = b"call five five five zero one two three four"


@pytest.mark.parametrize(
    "written",
    [
        SAID,
        SAID.upper(),
        SAID.decode().encode("utf-16-le"),
        SAID.decode().encode("utf-32-le"),
        SAID[::-1],
        SAID.hex().encode(),
        SAID.replace(b" ", b"+"),
        base64.b64encode(SAID),
        base64.b64encode(b"x" + SAID),
        base64.b64encode(b"xx" + SAID),
        b'{"number": "5550123"}',
        "to 5550123".encode("utf-32-le"),
        TONE,
        (np.frombuffer(TONE, "<i2").astype("<f4") / np.float32(32768)).tobytes(),
    ],
)
def test_what_was_said_is_found_in_a_file_in_every_form(tmp_path, written):
    (tmp_path / "var/deep").mkdir(parents=True)
    (tmp_path / "var/deep/file").write_bytes(b"before " + written + b" after")
    found, count = traces.in_trees(tmp_path, ["var"], 0.0, WANTED)
    assert count == 1
    assert found
    assert all(one.endswith(" in /var/deep/file") for one in found)


def test_it_is_found_in_the_name_of_a_file(tmp_path):
    (tmp_path / "5550123.wav").touch()
    assert traces.in_trees(tmp_path, ["/"], 0.0, WANTED)[0]


def test_nothing_is_found_where_nothing_is_nor_in_what_was_there_before(tmp_path):
    (tmp_path / "noise").write_bytes(np.random.default_rng(6).bytes(1 << 16))
    (tmp_path / "link").symlink_to("/nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert traces.in_trees(tmp_path, ["/"], 0.0, WANTED) == ([], 1)
    (tmp_path / "old").write_bytes(SAID)
    assert traces.in_trees(tmp_path, ["/"], time.time() + 9, WANTED) == ([], 0)


def test_a_core_file_is_known_whatever_it_is_called(tmp_path):
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    (tmp_path / "innocent").write_bytes(head + struct.pack("<H", 4) + bytes(40))
    (tmp_path / "core").write_bytes(head + struct.pack("<H", 2) + bytes(40))
    (tmp_path / "empty").touch()
    assert traces.core_files(Path(tmp_path), ["/"]) == ["/innocent"]
