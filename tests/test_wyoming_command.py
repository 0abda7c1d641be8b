"""`sotto wyoming`: what is opened, and over stdio for other projects' own tests."""

from __future__ import annotations

import asyncio
import io
import signal
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from wyoming.event import Event, read_event, write_event

from tests.cli import SOTTO, here, one_line
from tests.wyoming_stage import SOON, free_port


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing is to be opened"),
        (["--uri", "tcp://127.0.0.1:1"], "--service asr"),
        (["--service", "asr"], "say where, with --uri"),
        (["--service", "asr", "--uri", "127.0.0.1:1"], "wyoming.asr: expected tcp://"),
    ],
)
def test_without_an_address_nothing_is_opened(tmp_path: Path, words: list[str], said: str) -> None:
    ran = here("--state", tmp_path, "wyoming", *words)
    assert ran.status == 2
    assert one_line(ran.err)
    assert said in ran.err


async def test_over_stdio_it_answers_whoever_started_it(tmp_path):
    """And nothing but frames is on stdout; it ends with its input."""
    process = await asyncio.create_subprocess_exec(
        SOTTO, "--state", str(tmp_path), "wyoming", "--service", "intent", "--uri", "stdio://",
        stdin=PIPE, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    asked = io.BytesIO()
    write_event(Event("describe"), asked)
    write_event(Event("recognize", {"text": "turn on the kitchen light"}), asked)
    async with asyncio.timeout(SOON):
        out, log = await process.communicate(asked.getvalue())
    answered = io.BytesIO(out)
    info, intent = read_event(answered), read_event(answered)
    assert info is not None
    assert info.data["intent"][0]["name"] == "Sotto intent"
    assert intent is not None
    assert (intent.type, intent.data["name"]) == ("intent", "HassTurnOn")
    assert not answered.read()
    assert process.returncode == 0, log.decode()


async def test_it_serves_until_it_is_told_to_stop(tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"wyoming: {{wake: 'tcp://127.0.0.1:{free_port()}'}}\n")
    process = await asyncio.create_subprocess_exec(
        SOTTO, "--config", str(settings), "--state", str(tmp_path), "wyoming",
        stderr=PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    async with asyncio.timeout(SOON):
        while b"wyoming wake: at" not in await process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        log = await process.stderr.read()
        assert await process.wait() == 0
    assert log.decode().splitlines()[-1] == "sotto: info: wyoming: closed"


def test_a_port_that_is_taken_ends_the_start(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        ran = here("--state", tmp_path, "wyoming", "--service", "wake", "--uri", where)
    assert ran.status == 1
    assert f"wyoming.wake: {where}: " in ran.err.splitlines()[-1]
