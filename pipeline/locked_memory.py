"""Memory for sound that no swap file, core dump or other process gets to see."""

from __future__ import annotations

import ctypes
import errno
import logging
import mmap
import os
from typing import Literal, TypeAlias

log = logging.getLogger(__name__)

MemoryKind: TypeAlias = Literal["secret", "locked", "unlocked"]
"""secret: memfd_secret, unmapped from the kernel itself; locked: never swapped or dumped;
unlocked: never dumped, but the limit on locked memory let it be swapped."""

_MEMFD_SECRET = 447
"""The system call's number on every architecture that has it (Linux 5.14, memfd_secret(2))."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.mlock.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


class LockedMemory:
    """A zero-filled mapping of fixed size, of the most private kind the kernel gives."""

    def __init__(self, size: int) -> None:
        """Map `size` bytes, rounded up to whole pages."""
        size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        secret = _secret(size)
        if secret is not None:
            self._map, self.kind = secret, _kind("secret")
        else:
            self._map, self.kind = _locked(size)
        self.view = memoryview(self._map)
        """The bytes themselves; invalid after `close`."""

    def close(self) -> None:
        """Overwrite with zeros and unmap; a second call does nothing."""
        if self._map.closed:
            return
        self.view[:] = bytes(len(self.view))
        self.view.release()
        self._map.close()


def _kind(kind: MemoryKind) -> MemoryKind:
    return kind


def _secret(size: int) -> mmap.mmap | None:
    descriptor = int(_libc.syscall(_MEMFD_SECRET, os.O_CLOEXEC))
    if descriptor < 0:  # ENOSYS: no such call, or switched off; EPERM: a sandbox forbids it
        log.debug("no memfd_secret: %s", errno.errorcode.get(ctypes.get_errno(), "unknown"))
        return None
    try:
        os.ftruncate(descriptor, size)
        return mmap.mmap(descriptor, size)
    except OSError as error:  # EAGAIN: more than RLIMIT_MEMLOCK
        log.debug("memfd_secret can't be mapped: %s", errno.errorcode.get(error.errno or 0))
        return None
    finally:
        os.close(descriptor)


def _locked(size: int) -> tuple[mmap.mmap, MemoryKind]:
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_DONTDUMP)
    if _libc.mlock(ctypes.addressof(ctypes.c_char.from_buffer(memory)), size) == 0:
        return memory, "locked"
    log.warning(
        "audio memory can be swapped to disk: the limit on locked memory refused %d KiB "
        "(raise `ulimit -l`, or LimitMEMLOCK= in the unit)",
        size // 1024,
    )
    return memory, "unlocked"
