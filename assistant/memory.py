"""Gives memory back to the system: a board has little of it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from collections.abc import Iterator

_ARENA_MAX = -8
"""glibc's M_ARENA_MAX: how many heaps the threads of a process share."""
_ARENAS = 2
_PERTURB = -6
"""glibc's M_PERTURB: the byte that memory is filled with when it is allocated and freed."""


def settle() -> None:
    """What was just made lives as long as the process; what it took to make it does not.

    No later collection looks at the first; the second is given back. Does nothing more where
    the C library is not glibc (mallopt(3), malloc_trim(3)).
    """
    gc.collect()
    gc.freeze()
    trim()


def few_heaps() -> None:
    """Let threads share heaps, where freed memory is found again. Call it before any starts."""
    _library("mallopt", _ARENA_MAX, _ARENAS)


@contextlib.contextmanager
def unfilled() -> Iterator[None]:
    """Let big buffers be made without filling them, where the C library fills what is allocated.

    For the start only, before anybody has spoken: what is freed meanwhile is not wiped either.
    """
    tunables = dict(
        part.split("=", 1)
        for part in os.environ.get("GLIBC_TUNABLES", "").split(":")
        if "=" in part
    )
    filling = int(tunables.get("glibc.malloc.perturb", "0"), 0)
    _library("mallopt", _PERTURB, 0)
    try:
        yield
    finally:
        _library("mallopt", _PERTURB, filling)


def trim() -> None:
    """Give freed memory back."""
    _library("malloc_trim", 0)


def _library(function: str, *values: int) -> None:
    call = getattr(ctypes.CDLL(None), function, None)
    if call is not None:
        call(*values)
