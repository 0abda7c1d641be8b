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
from tests.wyoming_stage import RELEASED, SOON, free_port


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


@pytest.mark.parametrize(
    ("policy", "more", "state", "said"),
    [
        (None, "", "note", "the satellite is for nobody"),
        (None, ", satellite_for: 127.0.0.1", "note", "no destination: home-assistant"),
        (RELEASED, ", satellite_for: 127.0.0.1", "ok", "satellite at tcp://127.0.0.1:10700"),
    ],
)
def test_a_check_says_what_would_be_opened(tmp_path, policy, more, state, said):
    from assistant import describe, settings_file

    (tmp_path / "mine.yaml").write_text(policy or "version: 1\nextends: household\n")
    path = tmp_path / "settings.yaml"
    path.write_text(
        f"policies: {{files: [{tmp_path / 'mine.yaml'}]}}\n"
        f"wyoming: {{satellite: 'tcp://127.0.0.1:10700'{more}}}\n"
    )
    text = describe.wyoming(settings_file.load(path), tmp_path)
    assert text.startswith("note: ") == (state == "note")
    assert said in text


@pytest.mark.parametrize(
    ("wyoming", "said"),
    [
        ("{}", "names none"),
        ("{microphone: 'tcp://10.0.0.7:10700'}", "elsewhere: tcp://10.0.0.7:10700"),
    ],
)
def test_a_check_knows_a_microphone_elsewhere(tmp_path, wyoming, said):
    from assistant import settings_file
    from assistant.commands.check import _microphones

    path = tmp_path / "settings.yaml"
    path.write_text(f"microphone: {{device: wyoming}}\nwyoming: {wyoming}\n")
    (finding,) = _microphones(settings_file.load(path))
    assert said in finding.text


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
