"""A root of its own: a file tree in which only what a skill may use is there at all.

It hides what Landlock doesn't: that a file exists, how large and how old it is; /proc; /dev.
Methods: mount_namespaces(7), user_namespaces(7), open_tree(2), mount_setattr(2), pivot_root(2).
"""

# ruff: noqa: PTH102, PTH110, PTH112  # pathlib would add to the memory of every skill

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable

from plugins.sandbox.kernel import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_RECURSIVE,
    PR_SET_DUMPABLE,
    Machine,
    call,
    prctl,
)

_NEW_MOUNTS, _NEW_NAMES, _NEW_IPC, _NEW_USERS = 0x20000, 0x4000000, 0x8000000, 0x10000000
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_CALLS: dict[Machine, dict[str, int]] = {
    "x86_64": {"unshare": 272, "mount": 165, "umount": 166, "pivot": 155, "sethostname": 170},
    "aarch64": {"unshare": 97, "mount": 40, "umount": 39, "pivot": 41, "sethostname": 161},
}
_PRIVATE, _RECURSIVELY = 1 << 18, 1 << 14
_NO_SET_USER, _NO_DEVICES, _NO_EXEC = 2, 4, 8
_DETACH = 2
_CLONE_TREE, _CLOSE_ON_EXEC = 1, os.O_CLOEXEC
_READ_ONLY = 1
"""Of a mount's attributes; the next three have the numbers of the mount flags above."""
_FROM_DESCRIPTOR = 4
_STAGE = "/tmp"  # noqa: S108  # hidden in a mount namespace of our own before it is used


class _Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace")]


def enter(machine: Machine, readable: Iterable[str], own: str) -> None:
    """Leave the machine's file tree for one with `readable` (read-only) and `own` in it.

    As root in a mount namespace, else in a user namespace too. The paths stay the same; all
    must be there, and none inside another.
    Raises OSError.
    """
    numbers = _CALLS[machine]
    _unshare(numbers["unshare"])
    call(numbers["sethostname"], b"skill", len(b"skill"))
    call(numbers["mount"], b"none", b"/", None, _RECURSIVELY | _PRIVATE, None)
    trees = [
        (path, os.path.isdir(path), _tree(path, _READ_ONLY | _NO_SET_USER | _NO_DEVICES))
        for path in readable
    ]
    trees.append((own, True, _tree(own, _NO_SET_USER | _NO_DEVICES | _NO_EXEC)))
    flags = _NO_SET_USER | _NO_DEVICES | _NO_EXEC
    call(numbers["mount"], b"none", _STAGE.encode(), b"tmpfs", flags, b"size=1m,mode=755")
    for path, is_directory, descriptor in trees:
        place = f"{_STAGE}{path}"
        _make_place(place, is_directory=is_directory)
        call(_MOVE_MOUNT, descriptor, b"", AT_FDCWD, os.fsencode(place), _FROM_DESCRIPTOR)
        os.close(descriptor)
    os.chdir(_STAGE)
    call(numbers["pivot"], b".", b".")
    call(numbers["umount"], b".", _DETACH)
    os.chdir("/")
    _set_attributes(AT_FDCWD, b"/", 0, _READ_ONLY | _NO_SET_USER | _NO_DEVICES | _NO_EXEC)


def _unshare(number: int) -> None:
    flags = _NEW_MOUNTS | _NEW_NAMES | _NEW_IPC
    if os.geteuid() == 0:
        call(number, flags)
        return
    user, group = os.geteuid(), os.getegid()
    call(number, flags | _NEW_USERS)
    # The kernel gives the files below to root while a process is not dumpable.
    prctl(PR_SET_DUMPABLE, 1)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    prctl(PR_SET_DUMPABLE, 0)


def _tree(path: str, attributes: int) -> int:
    """A detached copy of the mounts at `path`, as a descriptor."""
    flags = _CLONE_TREE | _CLOSE_ON_EXEC | AT_RECURSIVE
    descriptor = call(_OPEN_TREE, AT_FDCWD, os.fsencode(path), flags)
    _set_attributes(descriptor, b"", AT_EMPTY_PATH | AT_RECURSIVE, attributes)
    return descriptor


def _set_attributes(at: int, path: bytes, flags: int, attributes: int) -> None:
    wanted = _Attributes(attributes, 0, 0, 0)
    call(_MOUNT_SETATTR, at, path, flags, wanted, ctypes.sizeof(wanted))


def _make_place(place: str, *, is_directory: bool) -> None:
    """Make something to mount on, and the directories above it."""
    slash = place.find("/", len(_STAGE) + 1)
    while slash > 0:
        if not os.path.exists(place[:slash]):
            os.mkdir(place[:slash], 0o755)
        slash = place.find("/", slash + 1)
    if not is_directory:
        os.close(os.open(place, os.O_CREAT | os.O_CLOEXEC))
    elif not os.path.exists(place):
        os.mkdir(place, 0o755)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    os.write(descriptor, text.encode())
    os.close(descriptor)
