"""A Wyoming microphone or satellite elsewhere, as the core's microphone: we are its client."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Iterable

from assistant.errors import WyomingError, outline
from assistant.types import FRAME_SECONDS, AudioFrame
from pipeline.sources.remote import INDEX
from plugins.door.backoff import Backoff
from plugins.door.packets import Doorstep, peer
from plugins.wyoming.address import Address
from plugins.wyoming.messages import Ping, Sound, read
from plugins.wyoming.peers import HERE
from plugins.wyoming.server import Line
from plugins.wyoming.sound import Hearing
from plugins.wyoming.wire import LINE, Reader

log = logging.getLogger(__name__)

CONNECT = 10.0
"""Seconds to connect, and to hear what the peer is."""
QUIET = 30.0
"""Seconds without a frame after which it is connected to anew."""
STEADY = 10.0
"""Seconds a connection has to last before the next wait is short again."""
_ROOM = 256 * 1024
"""Bytes of sound that may wait for the core: about six seconds."""


class Remote:
    """Hears a peer only while a core listens; what the core is too slow for is lost."""

    def __init__(self, address: Address, longest_wait: float = 15.0) -> None:
        self._address = address
        self._longest_wait = longest_wait
        self._core: socket.socket | None = None
        self.dropped = 0
        """Frames that the core was too slow for."""

    async def run(self, doorstep: Doorstep, users: frozenset[int] | None = None) -> None:
        """Serve until cancelled, the newest core only. `users`: whose it may be; None: our own."""
        allowed = users or frozenset({os.geteuid()})
        loop = asyncio.get_running_loop()
        hearing: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as tasks:
            while True:
                connection, _ = await loop.sock_accept(doorstep.socket)
                if not doorstep.admits(connection, allowed):
                    log.warning("wyoming microphone: hung up on user %d", peer(connection))
                    connection.close()
                    continue
                if hearing is not None:
                    hearing.cancel()
                    await asyncio.wait({hearing})
                hearing = tasks.create_task(self._serve_one(connection))

    async def _serve_one(self, core: socket.socket) -> None:
        """One core, until it is gone."""
        core.setblocking(False)
        core.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)
        self._core = core
        with core:
            hearing = asyncio.create_task(self._stay_connected())
            try:
                # A core says nothing: what comes is its end, or no core.
                await asyncio.get_running_loop().sock_recv(core, 1)
            except OSError:
                log.debug("wyoming microphone: the core is gone")
            finally:
                self._core = None
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)

    async def _stay_connected(self) -> None:
        backoff = Backoff(0.5, self._longest_wait)
        loop = asyncio.get_running_loop()
        began, said = loop.time(), ""
        while True:
            connected = loop.time()
            try:
                await self._hear(began)
                reason = "it hung up"
            except WyomingError as error:
                reason = str(error)
            except TimeoutError:
                reason = "it does not answer"
            except OSError as error:
                reason = error.strerror or type(error).__name__
            except Exception as error:  # one connection never ends the microphone
                reason = f"a fault of Sotto's own: {outline(error)}"
            if loop.time() - connected > STEADY:
                backoff.reset()
                said = ""
            if reason != said:
                said = reason
                log.warning("wyoming microphone: %s: %s; trying again", self._address, reason)
            await asyncio.sleep(backoff.next())

    async def _hear(self, began: float) -> None:
        """One connection, until the peer is gone or says what no peer says."""
        line = await self._connect()
        loop = asyncio.get_running_loop()
        hearing = Hearing(round((loop.time() - began) / FRAME_SECONDS))
        try:
            async with asyncio.timeout(CONNECT):
                await self._introduce(line)
            log.info("wyoming microphone: at %s", self._address)
            while (frame := await line.frame(QUIET)) is not None:
                if frame.type == "audio-chunk":
                    self._give(hearing.feed(read(frame, Sound), frame.payload))
                elif frame.type == "ping":
                    await line.send("pong", {"text": read(frame, Ping).text})
                await asyncio.sleep(0)
        finally:
            line.hang_up()

    async def _connect(self) -> Line:
        address = self._address
        async with asyncio.timeout(CONNECT):
            if address.kind == "unix":
                streams = await asyncio.open_unix_connection(address.path, limit=LINE)
            else:
                streams = await asyncio.open_connection(address.host, address.port, limit=LINE)
        return Line(Reader(streams[0]), streams[1], HERE)

    async def _introduce(self, line: Line) -> None:
        """Ask what it is; a satellite is told to begin, a microphone has begun."""
        await line.send("describe")
        while (frame := await line.frame(CONNECT)) is not None:
            if frame.type != "info":
                continue
            if frame.data.get("satellite"):
                await line.send("run-satellite")
            elif not frame.data.get("mic"):
                raise WyomingError("it is no microphone and no satellite")
            return
        raise WyomingError("it hung up before it said what it is")

    def _give(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            if self._core is None:
                return
            try:
                self._core.send(INDEX.pack(frame.index) + frame.pcm)
            except BlockingIOError:
                self.dropped += 1
            except OSError:
                with contextlib.suppress(OSError):
                    self._core.shutdown(socket.SHUT_RDWR)
                return
