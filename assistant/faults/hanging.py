"""Stops one thread of another process, as an endless loop or a dead lock in it would."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
from collections.abc import Iterator

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000
"""waitpid also for threads."""


def missing() -> str | None:
    """What stopping a thread lacks here, or None."""
    if os.geteuid() != 0 or platform.system() != "Linux":
        return "needs root: one thread is stopped with ptrace(2)"
    return None


@contextlib.contextmanager
def stopped(thread: int) -> Iterator[None]:
    """Keep a thread where it is for a while; a process's number is that of its first thread.

    Raises OSError where that isn't allowed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)

    def trace(request: int) -> None:
        if libc.ptrace(request, thread, None, None) < 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    trace(_SEIZE)
    try:
        trace(_INTERRUPT)
        os.waitpid(thread, _WALL)
        yield
    finally:
        trace(_DETACH)
