"""Files that only we may see, written so that they are there, or the old ones are."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from types import TracebackType

from assistant.errors import InUseError, StateError

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700


def private_directory(path: Path) -> Path:
    """Make the directory 0700, or check that it is ours and nobody else writes to it.

    Raises StateError with what to type.
    """
    try:
        path.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        found = path.stat()
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}; choose another with --state DIR") from None
    if found.st_uid != os.geteuid():
        raise StateError(f"{path}: belongs to user {found.st_uid}, not to {os.geteuid()}, who asks")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StateError(f"{path}: others may write here; type: chmod go-w {path}")
    return path


def open_private(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file that nobody else reads or writes; no symbolic link.

    Raises FileNotFoundError where it is not there, StateError where it can't be used.
    """
    try:
        file = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from None
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        os.close(file)
        raise StateError(f"{path}: not a regular file")
    if found.st_mode & 0o077:
        os.close(file)
        raise StateError(f"{path}: others may read or write it; type: chmod 600 {path}")
    return file


def read_private(path: Path, largest: int) -> bytes:
    """All of a private file. Raises as `open_private`, and StateError above `largest` bytes."""
    file = open_private(path)
    try:
        data = os.read(file, largest + 1)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from None
    finally:
        os.close(file)
    if len(data) > largest:
        raise StateError(f"{path}: larger than {largest} bytes; is this the right file?")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Put the file there 0600, whole and durable, or leave what was there. Raises StateError.

    What was there is overwritten with zeros once the new one stands.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.unlink(missing_ok=True)
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            write_at(file, 0, data)
            os.fsync(file)
        finally:
            os.close(file)
        old = _to_overwrite(path)
        fresh.replace(path)
        sync_directory(path.parent)
        if old is not None:
            _overwrite(old)
    except OSError as error:
        raise StateError(f"{path}: not written: {error.strerror}") from None


def write_at(file: int, offset: int, data: bytes) -> None:
    """Write all of it at this place; durable when it returns. Raises OSError."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        offset += written
        view = view[written:]
    os.fdatasync(file)


def erase(path: Path) -> None:
    """Overwrite a file with zeros in place, and remove it; none is fine. Raises StateError."""
    try:
        old = _to_overwrite(path)
        if old is not None:
            _overwrite(old)
            path.unlink()
            sync_directory(path.parent)
    except OSError as error:
        raise StateError(f"{path}: not erased: {error.strerror}") from None


def _to_overwrite(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _overwrite(file: int) -> None:
    try:
        write_at(file, 0, bytes(os.fstat(file).st_size))
    finally:
        os.close(file)


def sync_directory(path: Path) -> None:
    """Make names made or moved in it durable. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


class StateLock:
    """One process at a time in a state directory: `with StateLock(directory): ...`.

    The kernel frees it when the process ends, however it ends.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._file: int | None = None

    def __enter__(self) -> StateLock:
        """Raises StateError where another process holds it."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            file = os.open(self._path, flags, PRIVATE_FILE)
        except OSError as error:
            raise StateError(f"{self._path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            os.close(file)
            raise InUseError(
                f"{self._path.parent}: in use by process {holder or 'unknown'}; stop that one first"
            ) from None
        self._file = file
        self._sign(file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Free it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @staticmethod
    def _sign(file: int) -> None:
        """Leave our process id for the message; on a full disk it is only missing there."""
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            return
