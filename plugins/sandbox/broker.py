"""The host's end of files by request: opens what a skill may use, and nothing beside it.

Paths are resolved by the kernel beneath one directory (openat2(2), RESOLVE_BENEATH), so no
`..`, symbolic link or magic link leads out of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from plugins.sandbox.closed import WireError
from plugins.sandbox.kernel import call
from plugins.sandbox.orders import MOST_BYTES

_OPENAT2 = 437
_BENEATH, _NO_SYMLINKS, _NO_MAGIC_LINKS = 0x08, 0x04, 0x02
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_TAKEN = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_EXCL
_ALWAYS = os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_CHANGES: dict[str, Callable[..., None]] = {
    "mkdir": os.mkdir,
    "rmdir": os.rmdir,
    "unlink": os.unlink,
}
MOST_NAMES = 500
MOST_REQUESTS = 20_000
"""Of one process; a skill that asks for more is flooding us."""


class _How(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("flags", "mode", "resolve")]


class Broker:
    """Answers the requests of one skill's process, one for each call of `serve`."""

    def __init__(self, line: socket.socket, readable: tuple[Path, ...], own: Path) -> None:
        self._line = line
        self._own = own
        self._readable = readable
        self._served = 0

    def serve(self) -> bool:
        """Answer one request; False: there will be no more. Raises WireError for nonsense."""
        try:
            data = self._line.recv(MOST_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        self._served += 1
        if self._served > MOST_REQUESTS:
            raise WireError(f"more than {MOST_REQUESTS} requests for files")
        handed: list[int] = []
        try:
            answer = {"error": 0, **self._do(json.loads(data), handed)}
        except OSError as error:
            answer = {"error": error.errno or errno.EIO}
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise WireError("no request for a file") from None
        with contextlib.suppress(OSError):
            socket.send_fds(self._line, [json.dumps(answer).encode()], handed)
        for descriptor in handed:
            os.close(descriptor)
        return True

    def _do(self, wanted: dict[str, Any], handed: list[int]) -> dict[str, Any]:
        path = Path(str(wanted["path"]))
        match wanted["verb"]:
            case "open":
                handed.append(self._open(path, int(wanted["flags"])))
                return {}
            case "stat":
                with _closing(self._find(path, os.O_PATH)) as found:
                    return {"stat": tuple(os.fstat(found))}
            case "list":
                with _closing(self._find(path, os.O_RDONLY | os.O_DIRECTORY)) as found:
                    names = os.listdir(found)  # noqa: PTH208  # of a descriptor
                    return {"names": names[:MOST_NAMES]}
            case "mkdir" | "rmdir" | "unlink" as verb:
                with _closing(self._parent(path)) as parent:
                    _CHANGES[verb](path.name, dir_fd=parent)
            case "rename":
                to = Path(str(wanted["to"]))
                with _closing(self._parent(path)) as parent, _closing(self._parent(to)) as there:
                    os.rename(path.name, to.name, src_dir_fd=parent, dst_dir_fd=there)
            case _:
                raise ValueError
        return {}

    def _open(self, path: Path, flags: int) -> int:
        descriptor = self._find(path, (flags & _TAKEN) | _ALWAYS)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EACCES, "")
        return descriptor

    def _find(self, path: Path, flags: int) -> int:
        """Open beneath the own directory, or to read beneath what may be read."""
        if path.is_relative_to(self._own):
            return _beneath(self._own, path, flags, _NO_SYMLINKS)
        if not flags & _WRITING:
            for root in self._readable:
                if path.is_relative_to(root):
                    return _beneath(root, path, flags, 0)
        raise OSError(errno.EACCES, "")

    def _parent(self, path: Path) -> int:
        if not path.is_relative_to(self._own) or path == self._own or path.name in (".", ".."):
            raise OSError(errno.EACCES, "")
        return _beneath(self._own, path.parent, os.O_PATH | os.O_DIRECTORY, _NO_SYMLINKS)


def _beneath(root: Path, path: Path, flags: int, resolve: int) -> int:
    directory = os.open(root, os.O_PATH | os.O_CLOEXEC)
    try:
        how = _How(flags | os.O_CLOEXEC, 0o600 if flags & os.O_CREAT else 0, 0)
        how.resolve = _BENEATH | _NO_MAGIC_LINKS | resolve
        name = os.fsencode(path.relative_to(root)) or b"."
        return call(_OPENAT2, directory, name, how, ctypes.sizeof(how))
    finally:
        os.close(directory)


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
