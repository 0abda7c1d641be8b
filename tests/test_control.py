"""The daemon answers `sotto data` while it runs."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assistant.commands import control
from assistant.errors import VaultError


def answer(request: Mapping[str, Any]) -> int:
    if request["action"] == "fail":
        raise VaultError("row 7: not kept")
    if request["action"] == "bug":
        raise ValueError("zanzibar")
    print(f"did {request['action']}")
    print("a note", file=sys.stderr)
    return 3


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    return deep


def test_without_a_daemon_nobody_answers(directory: Path) -> None:
    assert control.ask(directory, {"action": "list"}) is None


def test_what_the_daemon_prints_comes_out_here_with_its_status(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with control.Control(directory, answer):
        assert (directory / control.NAME).stat().st_mode & 0o077 == 0
        assert control.ask(directory, {"action": "list"}) == 3
        assert control.ask(directory, {"action": "again"}) == 3
    printed = capsys.readouterr()
    assert printed.out == "did list\ndid again\n"
    assert printed.err == "a note\na note\n"
    assert control.ask(directory, {"action": "list"}) is None


def test_an_error_is_one_line_and_the_daemon_goes_on(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with control.Control(directory, answer):
        assert control.ask(directory, {"action": "fail"}) == 1
        assert control.ask(directory, {"action": "bug"}) == 1
        assert control.ask(directory, {"action": "list"}) == 3
    printed = capsys.readouterr()
    assert "row 7: not kept" in printed.err
    assert "zanzibar" not in printed.err


def test_garbage_and_silence_do_not_stop_it(directory: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(control, "PATIENCE", 0.2)
    with control.Control(directory, answer):
        for garbage in (b"\xff\xfe\n", b"[]\n", b"{" * 70_000, b""):
            with socket.socket(socket.AF_UNIX) as connection, control._near(directory) as path:
                connection.connect(path)
                connection.sendall(garbage)
        assert control.ask(directory, {"action": "list"}) == 3


def test_what_other_threads_print_is_not_sent(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(request: Mapping[str, Any]) -> int:
        print("asked for")
        inside.set()
        go_on.wait(5)
        return 0

    heard: list[bytes] = []

    def client() -> None:
        with socket.socket(socket.AF_UNIX) as connection, control._near(directory) as path:
            connection.connect(path)
            connection.sendall(json.dumps({"action": "x"}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                heard.extend(lines)

    with control.Control(directory, slow):
        asking = threading.Thread(target=client)
        asking.start()
        inside.wait(5)
        print("an event of the daemon")
        go_on.set()
        asking.join()
    assert b"an event" not in b"".join(heard)
    assert b"asked for" in b"".join(heard)
    assert "an event of the daemon" in capsys.readouterr().out
