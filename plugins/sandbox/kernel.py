"""System calls by number, through ctypes: what the standard library has no name for."""

from __future__ import annotations

import ctypes
import os
from typing import Final, Literal, TypeAlias

Machine: TypeAlias = Literal["x86_64", "aarch64"]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.prctl.restype = ctypes.c_int

AT_FDCWD: Final = -100
AT_EMPTY_PATH: Final = 0x1000
AT_RECURSIVE: Final = 0x8000

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_CAPBSET_DROP: Final = 24
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47

Argument: TypeAlias = int | bytes | ctypes.Array[ctypes.c_char] | ctypes.Structure | None


def call(number: int, *arguments: Argument) -> int:
    """Make a system call; a structure goes by reference. Raises OSError."""
    result: int = _libc.syscall(ctypes.c_long(number), *map(_passed, arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def prctl(option: int, *arguments: int) -> int:
    """prctl(2). Raises OSError."""
    values = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    result: int = _libc.prctl(ctypes.c_int(option), *values)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def machine() -> Machine | None:
    """The kind of processor, where the sandbox has its table of system calls."""
    match os.uname().machine:  # `platform` would keep the host's name for the skills to read
        case "x86_64":
            # A 32-bit interpreter on a 64-bit kernel makes other calls than the table names.
            return "x86_64" if ctypes.sizeof(ctypes.c_void_p) == 8 else None
        case "aarch64":
            return "aarch64" if ctypes.sizeof(ctypes.c_void_p) == 8 else None
    return None


def _passed(argument: Argument) -> object:
    match argument:
        case int():
            return ctypes.c_long(argument)
        case ctypes.Structure():
            return ctypes.byref(argument)
    return argument
