"""Keeps the process to itself: no other reads its memory, no crash writes it to a file."""

from __future__ import annotations

import ctypes
import errno
import logging
import resource
from collections.abc import Mapping

log = logging.getLogger(__name__)

_PR_SET_DUMPABLE = 4
"""Not dumpable: ptrace(2) and /proc/PID/mem need CAP_SYS_PTRACE, and there is no core file."""
WIPING: Mapping[str, str] = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
}
"""With these the allocator writes over what is freed at once. They are read when it starts."""


def close_up() -> None:
    """Do so from here on, children included as far as core files go."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl") and libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        log.warning(
            "other programs of this user could read our memory: %s",
            errno.errorcode.get(ctypes.get_errno()),
        )


def wipes(environment: Mapping[str, str]) -> bool:
    """Whether what is freed is overwritten: any byte but zero will do."""
    tunables = dict(
        part.split("=", 1)
        for part in environment.get("GLIBC_TUNABLES", "").split(":")
        if "=" in part
    )
    return (
        environment.get("PYTHONMALLOC") == "malloc"
        and tunables.get("glibc.malloc.tcache_count") == "0"
        and tunables.get("glibc.malloc.perturb", "0").strip("0") != ""
    )


def say_if_not(environment: Mapping[str, str]) -> None:
    """Say once what the environment lacks."""
    if not wipes(environment):
        log.warning(
            "words stay in freed memory for a while: start with %s",
            " ".join(f"{name}={value}" for name, value in WIPING.items()),
        )
