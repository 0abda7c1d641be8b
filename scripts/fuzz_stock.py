"""PyPI's wyoming and our reader on the same header, one process each: how much memory it costs."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

STOCK = """
import asyncio, sys, warnings
warnings.simplefilter("ignore")
from wyoming.server import AsyncEventHandler, AsyncTcpServer
class Deaf(AsyncEventHandler):
    async def handle_event(self, event):
        return True
async def main():
    server = AsyncTcpServer("127.0.0.1", 0)
    await server.start(lambda *given: Deaf(*given))
    print(server._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
OURS = """
import asyncio, contextlib
from plugins.wyoming.address import Address
from plugins.wyoming.peers import Peers
from plugins.wyoming.server import Server
class Deaf:
    name, patience = "deaf", None
    def info(self): return {}
    def meet(self, line): return self
    async def take(self, frame): pass
    async def leave(self): pass
async def main():
    server = Server(Deaf(), Peers(["127.0.0.1"]), 8)
    listening = await server._listen(Address("tcp", "127.0.0.1", 0))
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
HEADERS = {
    "a payload of 2 GiB is announced, 150 MiB of it sent": (
        b'{"type":"x","payload_length":2147483648}\n',
        150,
    ),
    "data of 100 MiB, all of it JSON": (b'{"type":"x","data_length":104857600}\n', 100),
    "a header of []": (b"[]\n", 0),
    "a header of null": (b"null\n", 0),
}


def compare() -> Iterator[str]:
    """Lines of a table."""
    stock = f"wyoming {version('wyoming')}"
    yield f"{'one header, one connection, nobody asked who it is':<54}{stock:>20}{'ours':>20}"
    for what, (header, mebibytes) in HEADERS.items():
        cells = [_cost(program, header, mebibytes) for program in (STOCK, OURS)]
        yield f"{what:<54}{cells[0]:>20}{cells[1]:>20}"


def _cost(program: str, header: bytes, mebibytes: int) -> str:
    words = [sys.executable, "-c", program]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            port = int(process.stdout.readline())
            before = _peak(process.pid)
            _send(port, header, mebibytes)
            grown = (_peak(process.pid) - before) / 2**20
            time.sleep(0.5)  # what nobody caught is told a little later
        finally:
            process.terminate()
        unhandled = process.stderr.read().count("Traceback")
    return f"{grown:+.0f} MiB" + (f", {unhandled} unhandled" if unhandled else "")


def _send(port: int, header: bytes, mebibytes: int) -> None:
    piece = b'"' + b"x" * (2**20 - 2) + b'"' if mebibytes == 100 else bytes(2**20)
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(header)
        for _ in range(mebibytes):
            line.sendall(piece)
        line.shutdown(socket.SHUT_WR)
        while line.recv(65536):
            pass


def _peak(process: int) -> int:
    """The most that was ever resident, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    for line in compare():
        print(line)
