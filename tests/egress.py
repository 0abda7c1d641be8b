"""What the proof of egress stands on: canaries, who tries to get them out, and who looks."""

from __future__ import annotations

import asyncio
import base64
import codecs
import contextlib
import fcntl
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from plugins.door.packets import Packets, connect

CANARIES = ("quentin tarrant", "0417 555 0199", "12 wisteria lane", "hunter2 swordfish")
MANY = int(os.environ.get("SOTTO_CANARIES", "200"))
"""How much of it; the long form is SOTTO_CANARIES=10000."""


def encodings(text: str) -> list[bytes]:
    """A canary in eight encodings."""
    raw = text.encode()
    return [
        raw,
        raw.upper(),
        raw[::-1],
        raw.hex().encode(),
        base64.b64encode(raw).rstrip(b"="),
        urllib.parse.quote_plus(text).encode(),
        codecs.encode(text, "rot13").encode(),
        text.encode("utf-16-le"),
    ]


FORBIDDEN = [one.lower() for canary in CANARIES for one in encodings(canary)]


def found(data: bytes) -> list[bytes]:
    """The canaries in what was captured, whatever their case."""
    lowered = bytes(data).lower()
    return [canary for canary in FORBIDDEN if canary in lowered]


def found_below(folder: Path) -> dict[str, list[bytes]]:
    """The canaries in the files below a folder, by file; names of files count, too."""
    hits: dict[str, list[bytes]] = {}
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if seen := found(str(path.relative_to(folder)).encode() + b"\n" + content):
            hits[str(path)] = seen
    return hits


def spoken(dice: random.Random) -> str:
    """A canary as somebody would say it, or in one of the encodings."""
    canary = dice.choice(CANARIES)
    return dice.choice([canary, dice.choice(encodings(canary)).decode("latin-1")])


def sentence(dice: random.Random) -> str:
    """Something said, most of it with a canary in it."""
    canary = spoken(dice)
    return dice.choice(
        [
            f"what is the forecast for {canary}",
            "what is the forecast for rome",
            f"add {canary} to my shopping list",
            f"set a timer for {dice.randint(2, 90)} minutes called {canary}",
            f"set a timer for {dice.randint(2, 90)} minutes",
            f"tell the parrot {canary}",
            f"tell the parrot that {canary} lives at {spoken(dice)}",
            f"call {canary}",
            f"turn on the {canary}",
            f"my name is {canary} and my number is {spoken(dice)}",
            "turn on the kitchen light",
            "what time is it",
        ]
    )


def packet(number: int, **more) -> bytes:
    """What a core says to the door."""
    message = {
        "do": "tell",
        "id": f"{number:032x}",
        "destination": "weather",
        "intent": "GetWeather",
        "slots": {},
    }
    return json.dumps({**message, **more}).encode()


def hostile(number: int, canary: str, dice: random.Random, **more) -> bytes:
    """A message with a canary wherever one might fit."""
    hexadecimal = canary.encode().hex()
    name = "".join(filter(str.isalnum, canary)) or "x"
    return dice.choice(
        [
            lambda: packet(number, **{**more, "slots": {"day": {"choice": canary}}}),
            lambda: packet(number, **{**more, "slots": {"day": {"words": canary}}}),
            lambda: packet(number, **{**more, "slots": {"who": {"placeholder": name.upper()}}}),
            lambda: packet(number, **{**more, "slots": {"q" + name: {"choice": "today"}}}),
            lambda: packet(number, **{**more, "intent": "q" + name}),
            lambda: packet(number, **{**more, "destination": name.lower()}),
            lambda: packet(number, **{**more, "destination": f"weather/{name}"}),
            lambda: packet(number, **{**more, "id": hexadecimal[:32].ljust(32, "0")}),
            lambda: packet(number, **{**more, "note": canary}),
            lambda: packet(
                number, **{**more, "slots": {"hours": {"number": int(hexadecimal[:8], 16)}}}
            ),
            canary.encode,
        ]
    )()


async def everything_in(connection: Packets, packets: Iterable[bytes]) -> None:
    """Send them all, whatever comes back; where the door hangs up, that was all."""
    for one in packets:
        await connection.send(one)
        if await connection.receive() is None:
            break


async def besiege(path: Path, rounds: int, dice: random.Random, **more) -> None:
    """A hostile core: it says all it can think of at the door's socket, again and again."""
    for number in range(rounds):
        canary = dice.choice(CANARIES)
        encoded = dice.choice(encodings(canary)).decode("latin-1")
        with contextlib.suppress(OSError, TimeoutError):
            spy = connect(path, os.geteuid())
            try:
                await spy.receive()  # whether the broker is there
                texts = (encoded, canary)
                await everything_in(spy, [hostile(number, text, dice, **more) for text in texts])
            finally:
                await spy.close()


class Wire:
    """Between the door and the broker: passes everything on, and keeps a copy of it."""

    def __init__(self, port: int) -> None:
        """`port`: of the broker."""
        self._broker = port
        self.out = bytearray()
        self.back = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._broker)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass(reader, there_writer, self.out))
                tasks.create_task(self._pass(there_reader, writer, self.back))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for each in (writer, there_writer):
                each.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, copy: bytearray
    ) -> None:
        while data := await reader.read(65_536):
            copy += data
            writer.write(data)
            await writer.drain()
        raise OSError


def may_capture() -> bool:
    """Whether every packet on loopback can be recorded here."""
    return os.geteuid() == 0 and shutil.which("tcpdump") is not None


@contextlib.contextmanager
def captured(file: Path) -> Iterator[None]:
    """Record every packet on loopback to a file, where that is allowed; one test at a time, because
    a positive control is heard by all."""
    if not may_capture():
        file.write_bytes(b"")
        yield
        return
    command = ["tcpdump", "-i", "lo", "--immediate-mode", "-U", "-Z", "root", "-w", str(file)]
    with (Path(tempfile.gettempdir()) / "sotto-capture.lock").open("w") as one:
        fcntl.flock(one, fcntl.LOCK_EX)
        yield from _recorded(command, file)


def _recorded(command: list[str], file: Path) -> Iterator[None]:
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        try:
            for line in running.stderr:
                if b"listening on" in line:
                    break
            yield
            _settle(file)
        finally:
            running.terminate()
            running.wait(10)


def _settle(file: Path) -> None:
    """Wait until what was sent until now is in the file."""
    last = os.urandom(16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(last, ("127.0.0.1", 9))
    until = time.monotonic() + 20
    while last not in file.read_bytes():
        assert time.monotonic() < until, "the packets were not recorded"
        time.sleep(0.05)


def alone() -> list[str]:
    """What goes before a command so that it has no network at all; nothing where it can't be."""
    words = ["unshare", "--net", "--"]
    if shutil.which("unshare") is None:
        return []
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    return words if tried.returncode == 0 else []


@contextlib.asynccontextmanager
async def process(*words: object, log: Path, **more: object) -> AsyncIterator:
    """A process for a while; what it says on stderr is in a file."""
    with log.open("ab") as errors:
        running = await asyncio.create_subprocess_exec(
            *map(str, words),
            stderr=errors,
            **more,  # type: ignore[arg-type]
        )
        try:
            yield running
        finally:
            if running.returncode is None:
                running.terminate()
                await asyncio.wait_for(running.wait(), 20)
