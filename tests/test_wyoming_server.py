"""Who may speak with a Wyoming service, how many, and what becomes of those who don't behave."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.ping import Ping, Pong

from assistant.errors import WyomingError
from plugins.wyoming import server as serving
from plugins.wyoming.address import Address, parse
from plugins.wyoming.peers import Peers
from plugins.wyoming.server import Line, Server
from plugins.wyoming.wire import Frame
from scripts.fuzz_frames import WYOMING, garbage, mutated
from tests.wyoming_stage import SOON, hear, uri


class Echo:
    """A service that repeats what it hears."""

    name = "echo"
    patience: float | None = None

    def __init__(self) -> None:
        self.left = 0

    def info(self) -> dict[str, Any]:
        return {"asr": []}

    def meet(self, line: Line) -> EchoTalk:
        return EchoTalk(self, line)


class EchoTalk:
    def __init__(self, echo: Echo, line: Line) -> None:
        self._echo = echo
        self._line = line

    async def take(self, frame: Frame) -> None:
        if frame.type == "fail":
            raise RuntimeError("my card number is four two four two")
        for _ in range(int(frame.data.get("times", 1))):
            await self._line.send(frame.type, frame.data, frame.payload)

    async def leave(self) -> None:
        self._echo.left += 1


@contextlib.asynccontextmanager
async def offered(
    echo: Echo, where: str, peers: tuple[str, ...] = ("127.0.0.1",), most: int = 8
) -> AsyncIterator[None]:
    ready = asyncio.Event()
    running = asyncio.create_task(
        Server(echo, Peers(peers), most).run(parse(where, "wyoming.echo"), ready)
    )
    async with asyncio.timeout(SOON):
        await ready.wait()
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def answers(where: str) -> bool:
    """Whether a peer is served."""
    try:
        async with AsyncClient.from_uri(where) as peer, asyncio.timeout(SOON):
            await peer.write_event(Ping(text="x").event())
            event = await peer.read_event()
            return event is not None and Pong.from_event(event).text == "x"
    except ConnectionError:
        return False


async def test_who_is_not_on_the_list_is_refused_in_one_line(caplog):
    where = uri()
    async with offered(Echo(), where, peers=("10.0.0.0/8",)):
        for _ in range(3):
            assert not await answers(where)
    assert caplog.text.count("127.0.0.1 was refused: it is not among wyoming.peers") == 1


async def test_no_more_peers_are_served_than_the_settings_say(caplog):
    where = uri()
    async with offered(Echo(), where, most=2):
        async with AsyncClient.from_uri(where) as one, AsyncClient.from_uri(where) as two:
            for peer in (one, two):
                await peer.write_event(Ping().event())
                await hear(peer, "pong")
            assert not await answers(where)
            assert "2 others are being served" in caplog.text
            await one.write_event(Ping().event())
            await hear(one, "pong")
        async with asyncio.timeout(SOON):
            while not await answers(where):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_peer_that_says_nothing_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(serving, "FIRST", 0.05)
    where = uri()
    async with offered(Echo(), where), AsyncClient.from_uri(where) as peer:
        event = await hear(peer)
        assert event.data == {"text": "said nothing for too long", "code": "refused"}
        async with asyncio.timeout(SOON):
            assert await peer.read_event() is None


async def test_a_peer_that_does_not_read_is_hung_up_on(monkeypatch, caplog):
    monkeypatch.setattr(serving, "SLOW", 0.05)
    where = uri()
    echo = Echo()
    async with offered(echo, where):
        _, writer = await asyncio.open_connection("127.0.0.1", parse(where, "x").port)
        body = b'{"times": 400}'
        header = b'{"type":"x","data_length":%d,"payload_length":100000}\n' % len(body)
        writer.write(header + body + bytes(100_000))
        async with asyncio.timeout(SOON):
            while not echo.left:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        writer.close()
        assert await answers(where)
    assert "did not read what it was told" in caplog.text


async def test_a_fault_costs_one_peer_and_its_words_stay_out_of_the_log(caplog):
    where = uri()
    one, two = AsyncClient.from_uri(where), AsyncClient.from_uri(where)
    async with offered(Echo(), where), one as other, two as peer:
        await other.write_event(Ping().event())
        await hear(other, "pong")
        await peer.write_event(Event("fail"))
        async with asyncio.timeout(SOON):
            assert await peer.read_event() is None
        await other.write_event(Ping().event())
        await hear(other, "pong")
    assert "RuntimeError at test_wyoming_server.py" in caplog.text
    assert "card" not in caplog.text


async def test_a_flood_of_frames_leaves_others_their_turn():
    where = uri()
    async with offered(Echo(), where):
        _, writer = await asyncio.open_connection("127.0.0.1", parse(where, "x").port)
        writer.write(b'{"type":"x","data":{"times":0}}\n' * 20_000)
        assert await answers(where)
        writer.close()


async def test_every_peer_that_left_is_forgotten():
    where = uri()
    echo = Echo()
    async with offered(echo, where):
        for _ in range(3):
            assert await answers(where)
        reader, writer = await asyncio.open_connection("127.0.0.1", parse(where, "x").port)
        writer.write(b"[]\n")
        await reader.read()
        writer.close()
    assert echo.left == 4


async def test_a_socket_file_is_for_our_own_user_and_goes_away(tmp_path):
    path = tmp_path / "echo.sock"
    where = f"unix://{path}"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    async with offered(Echo(), where, peers=()):
        assert path.stat().st_mode & 0o777 == 0o600
        assert await answers(where)
        with pytest.raises(WyomingError, match="another process serves there"):
            await Server(Echo(), Peers(()), 1).run(Address("unix", path=str(path)))
        assert await answers(where)
    assert not path.exists()


async def test_a_port_that_is_taken_is_said_in_one_line():
    where = uri()
    async with offered(Echo(), where):
        with pytest.raises(WyomingError, match=r"wyoming\.echo: tcp://127\.0\.0\.1:\d+: "):
            await Server(Echo(), Peers(()), 1).run(parse(where, "x"))


def _attack(port: int, seed: int) -> None:
    """Frames with mishaps and garbage, each on a connection of its own."""
    chance = random.Random(seed)
    corpus = [frame for frames in WYOMING.values() for frame in frames]
    for number in range(300):
        data = mutated(chance, corpus) if number % 30 else garbage(chance, 1 << 19)
        line = socket.create_connection(("127.0.0.1", port), SOON)
        with line, contextlib.suppress(OSError):
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            while line.recv(1 << 16):
                pass


async def test_mishaps_and_garbage_leave_a_service_as_it_was(caplog):
    where = uri()
    async with offered(Echo(), where):
        attacking = asyncio.create_task(asyncio.to_thread(_attack, parse(where, "x").port, 9))
        while not attacking.done():
            assert await answers(where)
        await attacking
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_daemons_own_socket_outlives_mishaps(tmp_path: Path, caplog):
    """Once a request of 3,000 brackets ended the thread that answers."""
    from assistant.commands.control import NAME, Control
    from scripts.fuzz_frames import UNIX

    chance = random.Random(10)
    asked: list[object] = []

    def answer(request: Any) -> int:
        asked.append(request["command"])
        return 0

    def give(data: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SOON)
            line.connect(str(tmp_path / NAME))
            with contextlib.suppress(OSError):
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                return line.recv(4096)
        return b""

    with Control(tmp_path, answer):
        give(b"[" * 3000 + b"\n")
        for _ in range(200):
            give(mutated(chance, UNIX["control"]))
        assert give(b'{"command": "hush"}\n') == b'{"code": 0}\n'
    assert "died" not in caplog.text
