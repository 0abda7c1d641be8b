"""The daemon answers `sotto data` itself: the store is open in one process only.

A Unix socket in the state directory, for the same user and root. A request is one line of JSON;
the answer is lines of JSON: what to print, and in the end the exit status.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, TypeAlias

from assistant.errors import AssistantError, outline

log = logging.getLogger(__name__)

NAME = "control"
"""The socket's file in the state directory."""
LONGEST = 64 * 1024
"""Bytes of a request."""
PATIENCE = 5.0
"""Seconds in which a request must have come."""
Answer: TypeAlias = Callable[[Mapping[str, Any]], int]


def ask(directory: Path, request: Mapping[str, Any]) -> int | None:
    """Have the daemon do it, print what it says, and give its exit status; None: none runs."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            with _near(directory) as path:
                connection.connect(path)
        except OSError:
            return None
        connection.sendall(json.dumps(request, default=_plain).encode() + b"\n")
        with connection.makefile(encoding="utf-8") as lines:
            for line in lines:
                said = json.loads(line)
                if "code" in said:
                    return int(said["code"])
                out = sys.stdout if said["to"] == "out" else sys.stderr
                print(said["text"], end="", file=out, flush=True)
    print("sotto: the daemon went away while it answered", file=sys.stderr)
    return 1


class Control:
    """Answers requests, one after the other, on a thread of its own."""

    def __init__(self, directory: Path, answer: Answer) -> None:
        """`answer` prints to sys.stdout and sys.stderr, which go to whoever asked."""
        self._directory = directory
        self._path = directory / NAME
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def __enter__(self) -> Control:
        """Begin to answer. The state directory's lock is held: a socket there is a dead one's."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            with _near(self._directory) as path:
                self._socket.bind(path)
        finally:
            os.umask(before)
        self._socket.listen(4)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Answer no more."""
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                try:
                    self._serve_one(connection)
                except (OSError, ValueError, RecursionError) as error:
                    log.debug("control: a request came to nothing: %s", outline(error))

    def _serve_one(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        _, user, _ = struct.unpack("3i", peer)
        if user not in (0, os.getuid()):
            log.warning("control: a process of user %d was refused", user)
            return
        with connection.makefile("rb") as lines:
            request = json.loads(lines.readline(LONGEST))
        with _routed(connection):
            try:
                code = self._answer(request)
            except AssistantError as error:
                print(f"sotto: {error}", file=sys.stderr)
                code = 1
            except Exception as error:  # a bug of ours: its text may quote speech
                print(f"sotto: a fault of Sotto's own: {outline(error)}", file=sys.stderr)
                code = 1
        connection.sendall(json.dumps({"code": code}).encode() + b"\n")


def _plain(value: object) -> str:
    """A path, as the daemon finds it too."""
    return str(value.absolute()) if isinstance(value, Path) else str(value)


@contextlib.contextmanager
def _near(directory: Path) -> Iterator[str]:
    """A short path of the socket: a socket's address holds 107 bytes."""
    opened = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{NAME}"
    finally:
        os.close(opened)


class _Routed:
    """stdout or stderr; what one thread writes to it goes to a connection."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._connections = threading.local()

    def write(self, text: str) -> int:
        connection = getattr(self._connections, "to", None)
        if connection is None:
            return self._stream.write(text)
        connection.sendall(json.dumps({"to": self._name, "text": text}).encode() + b"\n")
        return len(text)

    def to(self, connection: socket.socket | None) -> None:
        """Where this thread's words go; None: where all others go."""
        self._connections.to = connection

    def isatty(self) -> bool:
        if getattr(self._connections, "to", None) is not None:
            return False
        return self._stream.isatty()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the stream has
        return getattr(self._stream, name)


@contextlib.contextmanager
def _routed(connection: socket.socket) -> Iterator[None]:
    """Send what this thread prints over a connection."""
    streams: list[_Routed] = []
    for name in ("out", "err"):
        stream = getattr(sys, f"std{name}")
        if not isinstance(stream, _Routed):
            stream = _Routed(stream, name)
            setattr(sys, f"std{name}", stream)
        stream.to(connection)
        streams.append(stream)
    try:
        yield
    finally:
        for stream in streams:
            stream.to(None)
