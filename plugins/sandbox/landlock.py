"""Landlock: which files a process may read and write, decided by itself and for good.

Method: landlock(7) and Documentation/userspace-api/landlock.rst of the Linux kernel.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterable

from plugins.sandbox.kernel import call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same number on all machines
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REGULAR = 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14

_FILES = {1: (1 << 13) - 1, 2: _REFER, 3: _TRUNCATE, 5: 1 << 15}
"""The rights over files that each version brought; what is handled and not given is refused."""
_NETWORK_FROM, _ALL_TCP = 4, 0b11
_SCOPES_FROM, _ALL_SCOPES = 6, 0b11  # abstract Unix sockets, signals

_READ = _READ_FILE | _READ_DIR
_OWN = (
    _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REGULAR | _REFER
) | _TRUNCATE
_ON_A_FILE = _READ_FILE | _WRITE_FILE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    ]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("directory", ctypes.c_int32)]


def version() -> int:
    """The kernel's Landlock version (ABI), 0 where it has none or it is switched off."""
    try:
        return call(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def prepare(readable: Iterable[str], own: str) -> int:
    """A ruleset, as a descriptor: `readable` may be read, `own` used, all else is closed.

    Made while the process may still open these paths. One that isn't there is left out.
    Raises OSError.
    """
    abi = version()
    handled = sum(rights for since, rights in _FILES.items() if since <= abi)
    size = 24 if abi >= _SCOPES_FROM else 16 if abi >= _NETWORK_FROM else 8
    rules = _Ruleset(handled, _ALL_TCP, _ALL_SCOPES)
    descriptor = call(_CREATE_RULESET, rules, size, 0)
    for path in readable:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            _allow(descriptor, path, _READ & handled)
    _allow(descriptor, own, _OWN & handled)
    return descriptor


def enforce(descriptor: int) -> None:
    """Confine this process and all it may start. Needs no_new_privs. Raises OSError."""
    call(_RESTRICT_SELF, descriptor, 0)
    os.close(descriptor)


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_A_FILE
        call(_ADD_RULE, ruleset, _PATH_BENEATH, _Beneath(rights, descriptor), 0)
    finally:
        os.close(descriptor)
