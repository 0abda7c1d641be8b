"""What a skill's process gives up before it runs: size, privileges, inherited things."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import signal

from plugins.sandbox.kernel import (
    PR_CAP_AMBIENT,
    PR_CAPBSET_DROP,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    Machine,
    call,
    prctl,
)

OPEN_FILES = 64
NICE = 5
"""Skills stand behind the ear."""
_CLOSE_RANGE = 436
_CAPGET: dict[Machine, int] = {"x86_64": 125, "aarch64": 90}
_CAPSET: dict[Machine, int] = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522
_AMBIENT_CLEAR_ALL = 4


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("process", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [("words", ctypes.c_uint32 * 6)]


def keep_only(descriptors: list[int]) -> None:
    """Close every descriptor but these, which become 3 and the ones after it.

    0, 1 and 2 lead nowhere from now on.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    past = max(nowhere, *descriptors, 3 + len(descriptors)) + 1
    # Two steps, so that none is overwritten before it was moved.
    kept = [fcntl.fcntl(one, fcntl.F_DUPFD, past) for one in descriptors]
    for place, one in enumerate((nowhere, nowhere, nowhere, *kept)):
        os.dup2(one, place)
    _close_range(3 + len(descriptors), 0xFFFFFFFF)


def settle() -> None:
    """What holds for the zygote and all children: behind the ear, no cores, no locked memory."""
    os.nice(NICE)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 16),
    ):
        resource.setrlimit(kind, (most, most))


def shrink(memory: int, largest_file: int) -> None:
    """Limit bytes of address space and of any one file; few descriptors, no processes.

    Python ignores SIGXFSZ: a write past the limit is an error to the skill, not its end.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def become(user: int) -> None:
    """Be this user for good, with no group but its own. Needs root."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def drop_privileges(machine: Machine) -> None:
    """No capability now or later, no debugger, and no gain from a set-user-id file."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # past the last one, or nothing to drop them with
            break
    with contextlib.suppress(OSError):  # kernels before 4.3 have none to clear
        prctl(PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    held = _Sets()
    call(_CAPGET[machine], _Header(_CAPABILITY_VERSION_3, 0), held)
    if any(held.words):  # where there is none, a hardened unit forbids the very call
        call(_CAPSET[machine], _Header(_CAPABILITY_VERSION_3, 0), _Sets())
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)


def die_with(parent: int) -> None:
    """End when the parent ends. Comes last: a change of user forgets it."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _close_range(first: int, last: int) -> None:
    if first > last:
        return
    try:
        call(_CLOSE_RANGE, first, last, 0)
    except OSError:  # kernels before 5.9
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        os.closerange(first, min(last + 1, most))
