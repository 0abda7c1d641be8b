"""The process that skills are forked from: small, made by a new interpreter, without a secret.

It is given nothing but a socket and the list of import paths: no environment, no descriptors,
none of the host's memory. It reads orders, forks, says who was born and who is gone, and ends
with the host; its children end with it.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import select
import socket

from plugins.sandbox import child, landlock, limits, root, seccomp
from plugins.sandbox.kernel import PR_SET_DUMPABLE, machine, prctl
from plugins.sandbox.orders import MOST_BYTES, Order

_COMMON = ("_strptime", "datetime", "math", "pathlib", "random")
"""What skills import most, beside what this process needs itself: read once, shared by all."""
_FENCED = (*_COMMON, "zoneinfo")
_BROKERED = (
    *_COMMON,
    *("_bisect", "_csv", "_decimal", "_heapq", "_queue", "_sqlite3", "_statistics", "array"),
    *("binascii", "cmath", "hashlib", "unicodedata", "zlib"),
)
"""Without fences for files, modules that are shared libraries are read now or never: no broker
can hand one to a loader. zoneinfo is left out: it would keep an `open` that asks no broker."""


def main(control: socket.socket) -> None:
    """Serve the host until it hangs up."""
    os.setsid()
    prctl(PR_SET_DUMPABLE, 0)
    limits.settle()
    has_root, version = _root(), landlock.version()
    for name in _FENCED if has_root or version else _BROKERED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    importlib.util.find_spec("no_such_module")  # reads what is in the directories of sys.path
    prepared = child.Prepared()
    gc.collect()
    gc.freeze()
    _fill_holes()
    _tell(control, {"version": version, "filter": seccomp.is_there(), "root": has_root})
    children: dict[int, int] = {}
    orders = 0
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != control.fileno():
                poll.unregister(descriptor)
                os.close(descriptor)
                process, status = os.waitpid(children.pop(descriptor), 0)
                _tell(control, {"gone": process, "status": os.waitstatus_to_exitcode(status)})
                continue
            data, handed, _, _ = socket.recv_fds(control, MOST_BYTES, 2)
            if not data:
                return
            handle, process = _bear(Order.unpack(data), handed, prepared)
            children[handle] = process
            orders += 1
            poll.register(handle, select.POLLIN)
            _tell(control, {"born": process, "order": orders}, handle)


def _fill_holes() -> None:
    """Use up the free blocks among our objects, so that a child's new ones get pages of their own.

    A child that fills them copies a page of ours for each; this saves it a fifteenth of its
    memory. Blocks of one size come from pools of 16 KiB with a head of 48 bytes: two in a row at
    the beginning of one say that the old ones are full (Objects/obmalloc.c of CPython).
    """
    allocate = ctypes.pythonapi.PyObject_Malloc
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    for size in range(16, 513, 16):
        last = 0
        for _ in range(4096):
            block = int(allocate(size) or 0)
            if last % 16_384 == 48 and block == last + size:
                break
            last = block


def _bear(order: Order, handed: list[int], prepared: child.Prepared) -> tuple[int, int]:
    """Fork a child for the order: a descriptor of its process, and its id."""
    parent = os.getpid()
    born = os.fork()
    if not born:
        child.run(order, handed, parent, prepared)
    for descriptor in handed:
        os.close(descriptor)
    return os.pidfd_open(born), born


def _tell(control: socket.socket, fields: dict[str, int | bool], *handed: int) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handed))] if handed else []
    control.sendmsg([json.dumps(fields).encode()], rights)


def _root() -> bool:
    """Whether a process here can get a root of its own: a child tries."""
    kind = machine()
    if kind is None:
        return False
    tries = os.fork()
    if not tries:
        try:
            root.enter(kind, (), "/dev")
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(tries, 0)[1] == 0
