"""How an escape is written down, tried and reported."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
ARM = platform.machine() == "aarch64"
CANARY = "the canary sings"
HARMLESS = "read_what_is_mine"
"""No escape: the skill was told its targets in a file of its own, so it must be able to."""
EXITED = 42
"""Exit status of a program that an escape started in its place."""

ESCAPES: dict[str, Callable[[dict[str, Any]], object]] = {}


def escape(function):
    ESCAPES[function.__name__] = function
    return function


def call(x86: int, arm: int, *arguments):
    passed = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = LIBC.syscall(ctypes.c_long(arm if ARM else x86), *passed)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attempt(name: str, targets: dict[str, Any]) -> str:
    """Run one; `gained ...` or `held ...`, with no more than a type."""
    try:
        gained = list(targets) if name == HARMLESS else ESCAPES[name](targets)
    except BaseException as error:
        return f"held {type(error).__name__} {getattr(error, 'errno', None)}"
    return "gained" if gained else "held nothing"
