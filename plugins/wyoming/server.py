"""Listens for Wyoming peers: who may come, how many, and one conversation for each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from assistant.errors import WyomingError, outline
from plugins.wyoming.address import Address
from plugins.wyoming.messages import Ping, read
from plugins.wyoming.peers import HERE, Peers, Refusals, peer_of
from plugins.wyoming.wire import LINE, Frame, Reader, packed

log = logging.getLogger(__name__)

FIRST = 10.0
"""Seconds in which a peer must have said something."""
SLOW = 5.0
"""Seconds that a peer may take to read what we say."""
_UNREAD = 64 * 1024
"""Bytes that may wait for it meanwhile."""


class Line:
    """One connection."""

    def __init__(self, reader: Reader, writer: asyncio.StreamWriter, peer: str) -> None:
        self.peer = peer
        """Its address, or HERE."""
        self._reader = reader
        self._writer = writer
        self._writing = asyncio.Lock()
        writer.transport.set_write_buffer_limits(high=_UNREAD)

    async def frame(self, patience: float | None) -> Frame | None:
        """The next frame; None: the peer has hung up. Raises WyomingError for what is none."""
        return await self._reader.frame(patience)

    async def send(
        self, kind: str, data: Mapping[str, Any] | None = None, sound: bytes = b""
    ) -> None:
        """Say something. Raises OSError where the peer is gone, WyomingError where it is deaf."""
        async with self._writing:
            self._writer.write(packed(Frame(kind, data or {}, sound)))
            try:
                async with asyncio.timeout(SLOW):
                    await self._writer.drain()
            except TimeoutError:
                self._writer.transport.abort()
                raise WyomingError("did not read what it was told") from None

    def hang_up(self) -> None:
        """End it, once what was said is sent."""
        self._writer.close()


class Conversation(Protocol):
    """What a service says to one peer."""

    async def take(self, frame: Frame) -> None:
        """Hear a frame. Raises WyomingError for one that must not be."""
        ...

    async def leave(self) -> None:
        """The peer is gone: forget what it said."""
        ...


class Service(Protocol):
    """One thing that we do for peers."""

    name: str
    patience: float | None
    """Seconds between two frames; None: any time."""

    def info(self) -> Mapping[str, Any]:
        """What it says of itself."""
        ...

    def meet(self, line: Line) -> Conversation:
        """Begin to speak with a peer. Raises WyomingError where it is not for this one."""
        ...


class Server:
    """Offers a service at one address."""

    def __init__(self, service: Service, peers: Peers, most: int) -> None:
        """`most` peers at one time."""
        self._service = service
        self._peers = peers
        self._most = most
        self._refusals = Refusals(service.name)
        self._conversations: set[asyncio.Task[None]] = set()

    async def run(self, address: Address, ready: asyncio.Event | None = None) -> None:
        """Serve until cancelled, or over stdio to its end. Raises WyomingError where it can't."""
        if address.kind == "stdio":
            if ready is not None:
                ready.set()
            await self._serve(await _stdio())
            return
        try:
            listening = await self._listen(address)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "there is no such address"
            raise WyomingError(f"wyoming.{self._service.name}: {address}: {reason}") from None
        log.info("wyoming %s: at %s", self._service.name, address)
        if ready is not None:
            ready.set()
        try:
            async with listening:
                await listening.serve_forever()
        finally:
            for task in self._conversations:
                task.cancel()
            await asyncio.gather(*self._conversations, return_exceptions=True)
            if address.kind == "unix":
                _remove(address.path)

    async def _listen(self, address: Address) -> asyncio.Server:
        if address.kind == "tcp":
            return await asyncio.start_server(
                self._welcome, address.host, address.port, limit=LINE, backlog=16
            )
        bound = _bound(address.path)
        return await asyncio.start_unix_server(self._welcome, sock=bound, limit=LINE, backlog=16)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = "?"
        try:
            connection = writer.get_extra_info("socket")
            peer = peer_of(connection)
            self._admit(peer)
            if connection.family != socket.AF_UNIX:
                _keep_alive(connection)
        except WyomingError as refused:
            self._refusals.note(peer, str(refused))
            writer.transport.abort()
            return
        except OSError:  # it was gone before we looked
            writer.transport.abort()
            return
        # A task of our own: Python 3.11 complains of one of its own that is cancelled.
        task = asyncio.create_task(self._serve(Line(Reader(reader), writer, peer)))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    def _admit(self, peer: str) -> None:
        if peer.startswith("user ") or not self._peers.admits(peer):
            raise WyomingError("it is not among wyoming.peers")
        if len(self._conversations) >= self._most:
            raise WyomingError(f"{self._most} others are being served (wyoming.clients)")

    async def _serve(self, line: Line) -> None:
        """One peer, until it is gone or says what no peer says."""
        conversation: Conversation | None = None
        try:
            conversation = self._service.meet(line)
            patience: float | None = FIRST
            while (frame := await line.frame(patience)) is not None:
                patience = self._service.patience
                await self._answer(line, conversation, frame)
                await asyncio.sleep(0)  # a peer that never pauses must not keep others waiting
        except WyomingError as error:
            self._refusals.note(line.peer, str(error))
            with contextlib.suppress(OSError, WyomingError):
                await line.send("error", {"text": str(error), "code": "refused"})
        except OSError:
            log.debug("wyoming %s: a peer is gone", self._service.name)
        except Exception as error:  # one peer never ends the service
            log.error("wyoming %s: a peer was hung up on: %s", self._service.name, outline(error))
        finally:
            if conversation is not None:
                await conversation.leave()
            line.hang_up()

    async def _answer(self, line: Line, conversation: Conversation, frame: Frame) -> None:
        if frame.type == "describe":
            await line.send("info", self._service.info())
        elif frame.type == "ping":
            await line.send("pong", {"text": read(frame, Ping).text})
        else:
            await conversation.take(frame)


def _bound(path: str) -> socket.socket:
    """A socket file of mode 0600; a dead one's place is taken."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as trial:
        trial.connect(path)
        raise WyomingError(f"{path}: another process serves there")
    if Path(path).is_socket():
        _remove(path)
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        bound.bind(path)
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _keep_alive(connection: Any) -> None:  # noqa: ANN401  # asyncio's TransportSocket
    """Have the kernel find out within a minute that a peer lost its power."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def _stdio() -> Line:
    """The process's own input and output as a line: copies, because a line closes them."""
    heard, said = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader(limit=LINE)
    protocol = asyncio.StreamReaderProtocol(stream)
    await loop.connect_read_pipe(lambda: protocol, heard)
    out, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, said)
    return Line(Reader(stream), asyncio.StreamWriter(out, flow, stream, loop), HERE)


__all__ = ["Conversation", "Line", "Server", "Service"]
