"""The Unix socket between core and door: whole packets, one user, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import stat
import struct
from pathlib import Path

from assistant.errors import DoorError
from assistant.settings import DoorSettings
from plugins.door.wire import LARGEST_PACKET

SOCKET = "door.sock"
VARIABLE = "SOTTO_DOOR_SOCKET"
"""Names the socket that systemd opened for the door (systemd/sotto-door.socket)."""
SLOW = 5.0
"""Seconds a packet may wait for the other side to read."""
_CREDENTIALS = struct.Struct("3i")
_LONGEST_PATH = 107


def socket_path(settings: DoorSettings, state: Path) -> Path:
    """Where core and door meet."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else settings.socket or state / SOCKET


def door_user() -> int:
    """Who listens at the door's socket: root, where systemd opened it, else we."""
    return 0 if VARIABLE in os.environ else os.geteuid()


class Packets:
    """One connection: packets in order, each whole."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._writing = asyncio.Lock()

    async def send(self, packet: bytes) -> None:
        """Send one packet. Raises OSError where the other side is gone or does not read."""
        async with self._writing, asyncio.timeout(SLOW):
            await asyncio.get_running_loop().sock_sendall(self._socket, packet)

    async def receive(self) -> bytes | None:
        """The next packet; None: the other side is gone. Raises DoorError for one too large."""
        try:
            packet = await asyncio.get_running_loop().sock_recv(self._socket, LARGEST_PACKET + 1)
        except OSError:
            return None
        if len(packet) > LARGEST_PACKET:
            raise DoorError(f"a packet of more than {LARGEST_PACKET} bytes")
        return packet or None

    def hang_up(self) -> None:
        """End it for both sides: whoever receives here gets None."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """Hang up and let go of the socket. Nobody may be receiving any longer."""
        self.hang_up()
        async with self._writing:  # whoever was sending has failed by now
            self._socket.close()


def peer(connection: socket.socket) -> int:
    """The user at the other end, as the kernel says."""
    size = _CREDENTIALS.size
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(_CREDENTIALS.unpack(credentials)[1])


class Doorstep:
    """The socket at which the door waits: of mode 0600, and only one door's at a time."""

    def __init__(self, path: Path, handed: socket.socket | None = None) -> None:
        """Bind it. Raises DoorError where it can't be, or another door has it.

        `handed`: it is open already, by systemd, whose unit says which group may connect.
        """
        self.path = path
        self._handed = handed is not None
        if handed is not None:
            self.socket = handed
            return
        _check_length(path)
        self._lock = _locked(path.with_name(f"{path.name}.lock"))
        try:
            self.socket = _bound(path)
        except OSError as error:
            os.close(self._lock)
            raise DoorError(f"{path}: {error.strerror}") from None

    def admits(self, connection: socket.socket, users: frozenset[int]) -> bool:
        """Whether who connected is one of these users, or let in by the unit of systemd's."""
        return self._handed or peer(connection) in users

    def close(self) -> None:
        """Take the socket away; one of systemd's stays, and with it who waits there."""
        self.socket.close()
        if self._handed:
            return
        self.path.unlink(missing_ok=True)
        os.close(self._lock)


def _check_length(path: Path) -> None:
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise DoorError(f"{path}: expected a path of at most {_LONGEST_PATH} bytes (door.socket)")


def _locked(path: Path) -> int:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DoorError(f"{path}: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise DoorError(f"{path}: another door runs here") from None
    return lock


def _bound(path: Path) -> socket.socket:
    if path.exists() and stat.S_ISSOCK(path.lstat().st_mode):
        path.unlink()  # we hold the lock, so it is a dead door's
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    listening.listen(16)
    listening.setblocking(False)
    return listening


def connect(path: Path, user: int) -> Packets:
    """Reach the door. Raises OSError where there is none, DoorError where it is somebody else's."""
    _check_length(path)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.setblocking(False)
        connection.connect(str(path))  # at once, or BlockingIOError: too many are before us
        if peer(connection) != user:
            raise DoorError(f"{path}: somebody else waits there, not the door")
    except BaseException:
        connection.close()
        raise
    return Packets(connection)
