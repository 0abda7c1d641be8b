"""What fails beside an utterance keeps quiet, too: the store, the sockets, the daemon itself."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.commands import control
from assistant.confirming import Button
from assistant.errors import SourceError, VaultError
from assistant.observe.lamps import Lamps
from assistant.observe.meter import Meter
from assistant.observe.metrics import Metrics
from assistant.observe.sockets import Listening, Place, connected
from assistant.observe.state import State
from assistant.types import FRAME_BYTES, AudioFrame
from pipeline.worker import Worker
from tests.silence import CANARY, ERRORS, SAID, as_a_daemon, fail
from tests.test_failures_say_nothing import one
from tests.test_runtime import Recording, sound


async def test_a_store_that_quotes_over_the_control_socket(capfd, tmp_path: Path):
    def answer(request: Any) -> int:
        if request["command"] == "vault":
            raise VaultError("row 7: not kept")
        raise sqlite3.OperationalError(f'near "{CANARY}"')

    with as_a_daemon(capfd) as heard, control.Control(tmp_path, answer):
        for command in ("vault", "bug"):
            await asyncio.to_thread(control.ask, tmp_path, {"command": command})
        with connected(tmp_path / control.NAME) as raw:
            raw.sendall(f'{{"command": {SAID}\n'.encode())
            await asyncio.to_thread(raw.recv, 100)
    assert "a request came to nothing" in heard.text
    assert CANARY not in heard.text


@pytest.mark.parametrize(
    "line",
    [SAID.encode(), b'{"do": "%s"}' % SAID.encode(), CANARY.encode() * 4000, b"\xff\xfe\x00",
     b'{"do": "press", "words": "%s"}' % SAID.encode(), b"[" * 250],
)  # fmt: skip
async def test_a_client_that_talks_to_the_sockets(capfd, tmp_path: Path, line):
    state, meter = State(), Meter()
    lamps = Lamps(state, _Ears(), _Mutes(), Button())
    with as_a_daemon(capfd) as heard:
        numbers = Listening(Place(tmp_path / "m"), Metrics(state, meter).serve, 4)
        async with lamps.listening(tmp_path), numbers:
            for name in ("events.sock", "m"):
                with connected(tmp_path / name) as raw:
                    raw.sendall(line + b"\n\r\n\r\n")
                    raw.settimeout(10)
                    while await asyncio.to_thread(raw.recv, 4096):
                        pass
    assert "a client was hung up on" in heard.text
    assert CANARY not in heard.text


class _Ears:
    waiting = 0

    def press(self) -> bool:
        return True

    def hush(self) -> bool:
        return False


class _Mutes:
    def pause(self, seconds: float | None) -> None: ...

    def end(self) -> bool:
        return True


def test_whatever_stops_the_daemon_is_types_and_lines(capfd):
    with as_a_daemon(capfd) as heard:
        for make in ERRORS.values():
            try:
                fail(make)
            except BaseException as error:
                sys.excepthook(type(error), error, error.__traceback__)
    assert heard.text.count("stopped by") == len(ERRORS)
    assert CANARY not in heard.text


@pytest.mark.parametrize("size", [0, 3, FRAME_BYTES - 1, FRAME_BYTES * 2])
async def test_audio_of_a_wrong_size(capfd, size):
    pcm = (CANARY.encode() * 400)[:size]
    with as_a_daemon(capfd) as heard:
        with pytest.raises(ValueError, match="a frame has") as raised:
            await one([]).replay(Recording([AudioFrame(0, pcm)]), "a.wav")
        logging.getLogger("assistant").error("the event loop met %s", raised.value)
    assert "ValueError at ring.py" in heard.text
    assert CANARY not in heard.text


async def test_a_source_that_is_gone_says_its_one_line(capfd):
    with as_a_daemon(capfd) as heard, pytest.raises(SourceError):
        await one([]).listen(Recording(sound(2), SourceError("unplugged")))
    assert CANARY not in heard.text


async def test_a_worker_s_call_that_wants_to_end_the_process_is_a_failed_call():
    with Worker("x") as worker, pytest.raises(Exception, match=r"^$") as raised:
        await worker.run(fail, ERRORS["SystemExit"])
    assert not isinstance(raised.value, SystemExit)
