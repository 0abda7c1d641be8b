"""Lamps are told the mood, buttons are obeyed, and nobody else is let in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.confirming import Button
from assistant.errors import StateError
from assistant.events import Alarmed, Closed, Done, Noted, Woken
from assistant.observe import lamps, sockets
from assistant.observe.lamps import Lamps
from assistant.observe.meter import Meter
from assistant.observe.metrics import Metrics
from assistant.observe.sockets import Listening, Place, connected
from assistant.observe.state import State


class Ears:
    def __init__(self) -> None:
        self.may_listen, self.speaks = True, False
        self.did: list[str] = []
        self.waiting = 0

    def press(self) -> bool:
        self.did += ["listen"] if self.may_listen else []
        return self.may_listen

    def hush(self) -> bool:
        self.did += ["hush"] if self.speaks else []
        return self.speaks


class Mutes:
    def __init__(self) -> None:
        self.is_on = False

    def pause(self, seconds: float | None) -> None:
        self.is_on = True

    def end(self) -> bool:
        was, self.is_on = self.is_on, False
        return was


class Stage:
    def __init__(self, directory: Path) -> None:
        self.path = directory / lamps.NAME
        self.state, self.ears, self.mutes, self.button = State(), Ears(), Mutes(), Button(5.0)
        made = Lamps(self.state, self.ears, self.mutes, self.button)
        self.listening = made.listening(directory)

    @property
    def served(self) -> int:
        """How many clients there are."""
        return len(self.listening._tasks)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_unix_connection(sock=connected(self.path))
        try:
            yield Client(reader, writer)
        finally:
            writer.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def line(self) -> dict[str, Any] | None:
        async with asyncio.timeout(10):
            line = await self.reader.readline()
        return json.loads(line) if line else None

    async def do(self, what: str) -> dict[str, Any] | None:
        self.writer.write(json.dumps({"do": what}).encode() + b"\n")
        while (line := await self.line()) is not None and "state" in line:
            pass
        return line


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path)
    async with asyncio.timeout(30), made.listening:
        yield made


async def test_a_lamp_is_told_the_mood_at_once_and_after_every_change(stage):
    async with stage.client() as one, stage.client() as other:
        assert await one.line() == await other.line() == {"state": "idle"}
        for event, mood in (
            (Woken("", 1.0, "alexa", 0.9), "listening"),
            (Closed(1, 0.0, 1.0, "silence"), "thinking"),
            (Noted("speaks"), "speaking"),
            (Noted("spoke"), "thinking"),
            (Done(1, {}, 0.1), "idle"),
            (Alarmed("microphone", on=True), "error"),
        ):
            stage.state.take(event)
            stage.state.take(Noted("sent"))
            assert await one.line() == await other.line() == {"state": mood}


@pytest.mark.parametrize(
    ("speaks", "waits", "may", "wish", "answer"),
    [
        (False, False, True, "press", {"did": "listen"}),
        (True, False, True, "press", {"did": "hush"}),
        (True, True, True, "press", {"did": "confirm"}),
        (False, False, False, "press", {"error": "muted"}),
        (True, False, True, "listen", {"did": "listen"}),
        (False, False, False, "listen", {"error": "muted"}),
    ],
)
async def test_a_press_is_a_yes_or_silence_or_the_beginning_of_a_command(
    stage, speaks, waits, may, wish, answer
):
    stage.ears.speaks, stage.ears.may_listen = speaks, may
    waiting = asyncio.create_task(stage.button.wait()) if waits else None
    await asyncio.sleep(0)
    async with stage.client() as client:
        assert await client.do(wish) == answer
    if waiting is not None:
        assert await waiting is True
        assert stage.ears.did == []


async def test_a_button_that_says_so_is_told_when_a_press_means_yes(stage):
    assert not stage.button.is_there
    async with stage.client() as client:
        assert await client.do("button") == {"did": "button"}
        assert stage.button.is_there
        waiting = asyncio.create_task(stage.button.wait())
        assert await client.line() == {"confirm": True}
        assert await client.do("press") in ({"did": "confirm"}, {"confirm": False})
        assert await waiting
    while stage.button.is_there:  # noqa: ASYNC110  # the server hears of it in its own time
        await asyncio.sleep(0.01)


async def test_mute_shows_at_once_and_unmute_ends_it(stage):
    async with stage.client() as client:
        assert await client.do("mute") == {"did": "mute"}
        assert stage.mutes.is_on
        assert stage.state.snapshot().mood == "muted"
        assert await client.do("unmute") == {"did": "unmute"}
        assert not stage.mutes.is_on
        assert stage.state.snapshot().mood == "idle"


async def test_others_are_hung_up_on(stage, monkeypatch, caplog):
    monkeypatch.setattr(sockets, "peer", lambda _connection: 4321)
    async with stage.client() as client:
        assert await client.line() is None
    assert "a process of user 4321 was refused" in caplog.text
    assert stage.path.stat().st_mode & 0o777 == 0o600


async def test_whom_the_directory_of_a_service_lets_in_is_served(tmp_path, monkeypatch):
    tmp_path.chmod(0o770)
    monkeypatch.setattr(sockets, "peer", lambda _connection: 4321)
    monkeypatch.setenv(lamps.VARIABLE, str(tmp_path / lamps.NAME))
    stage = Stage(tmp_path / "state")
    stage.path = tmp_path / lamps.NAME
    async with asyncio.timeout(30), stage.listening, stage.client() as client:
        assert await client.line() == {"state": "idle"}
        assert await client.do("mute") == {"did": "mute"}
        assert stage.path.stat().st_mode & 0o777 == 0o666
    assert not stage.path.exists()


@pytest.mark.parametrize("mode", [0o771, 0o774, 0o777])
async def test_a_directory_that_lets_everybody_in_gets_no_socket(tmp_path, monkeypatch, mode):
    tmp_path.chmod(mode)
    monkeypatch.setenv(lamps.VARIABLE, str(tmp_path / lamps.NAME))
    with pytest.raises(StateError, match=f"everybody may enter it: chmod o= {tmp_path}$"):
        await Stage(tmp_path / "state").listening.__aenter__()
    assert not (tmp_path / lamps.NAME).exists()


async def test_a_client_too_many_is_hung_up_on(stage):
    clients = [connected(stage.path) for _ in range(lamps.CLIENTS + 1)]
    readers = [(await asyncio.open_unix_connection(sock=one)) for one in clients]
    said = [await reader.readline() for reader, _ in readers]
    assert said.count(b"") == 1
    for _, writer in readers:
        writer.close()


async def test_a_lamp_that_does_not_read_is_let_go_of_and_the_others_go_on(stage):
    with connected(stage.path):
        async with stage.client() as client:
            assert await client.line() == {"state": "idle"}
            while stage.served < 2:  # noqa: ASYNC110  # until the deaf one is served
                await asyncio.sleep(0.01)
            for _ in range(15_000):
                stage.state.take(Noted("speaks"))
                assert await client.line() == {"state": "speaking"}
                stage.state.take(Noted("spoke"))
                assert await client.line() == {"state": "idle"}
                if stage.served == 1:
                    break
            assert stage.served == 1


async def test_prometheus_gets_its_text_over_http(tmp_path):
    metrics = Metrics(State(), Meter())
    async with Listening(Place(tmp_path / "m"), metrics.serve, 2):
        reader, writer = await asyncio.open_unix_connection(sock=connected(tmp_path / "m"))
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read()
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4")
    assert b"sotto_uptime_seconds 0" in body
    assert f"Content-Length: {len(body)}".encode() in head
    assert not (tmp_path / "m").exists()
