"""Unix sockets for what watches the daemon: for this user and root, or for who is in a group.

In the state directory they have mode 0600. A service has a directory for each that only it may
write and only a group may enter (systemd/tmpfiles.conf): there the kernel says who comes through.
The daemon could not ask, because it has other users' ids only as "nobody" (PrivateUsers).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from assistant.errors import StateError, outline

log = logging.getLogger(__name__)

_CREDENTIALS = struct.Struct("3i")
Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a socket is; `is_shared`: for whoever may enter its directory."""

    path: Path
    is_shared: bool = False


def place(variable: str, own: Path) -> Place:
    """Where the service's unit says that a group may enter, or else at a path of our own."""
    given = os.environ.get(variable)
    return Place(Path(given), is_shared=True) if given else Place(own)


class Listening:
    """Serves whoever may connect, while it is entered; a client that fails costs only itself."""

    def __init__(self, where: Place, serve: Serve, most: int) -> None:
        """`serve` is run for each client, `most` at one time; one more is hung up on."""
        self._where = where
        self._path = where.path
        self._serve = serve
        self._most = most
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Listening:
        """Begin. Raises StateError where the socket can't be made, or would be open to all."""
        try:
            if self._where.is_shared:
                _check_closed(self._path.parent)
            bound = _bound(self._where)
        except OSError as error:
            raise StateError(f"{self._path}: {error.strerror}") from None
        self._server = await asyncio.start_unix_server(self._welcome, sock=bound, limit=4096)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        assert self._server is not None
        self._server.close()
        self._path.unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user = peer(writer.get_extra_info("socket"))
        may = self._where.is_shared or user in (0, os.getuid())
        if not may or len(self._tasks) >= self._most:
            log.warning("%s: a process of user %d was refused", self._path.name, user)
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve_one(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (OSError, ValueError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            log.debug("%s: a client was hung up on: %s", self._path.name, outline(error))
        except Exception as error:  # a fault of ours costs this client only
            log.error("%s: a client was hung up on: %s", self._path.name, outline(error))
        finally:
            writer.close()


def peer(connection: socket.socket) -> int:
    """The user at the other end, as the kernel says."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(found)[1])


def connected(path: Path) -> socket.socket:
    """A connection to such a socket. Raises OSError."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _near(path.parent) as directory:
            connection.connect(f"{directory}/{path.name}")
    except OSError:
        connection.close()
        raise
    return connection


def _check_closed(directory: Path) -> None:
    if directory.stat().st_mode & 0o007:
        raise StateError(f"{directory}: everybody may enter it: chmod o= {directory}")


def _bound(where: Place) -> socket.socket:
    """A socket there; the state directory's lock is held, so what lies there is a dead one's."""
    where.path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o111 if where.is_shared else 0o177)
    try:
        with _near(where.path.parent) as directory:
            made.bind(f"{directory}/{where.path.name}")
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    made.setblocking(False)
    return made


@contextlib.contextmanager
def _near(directory: Path) -> Iterator[str]:
    """A short path of it: a socket's address holds 107 bytes."""
    opened = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}"
    finally:
        os.close(opened)
