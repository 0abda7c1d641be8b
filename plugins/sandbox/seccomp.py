"""seccomp: a filter in the kernel that knows every system call a skill may make.

The program is assembled here; it allows by list. What a library may try in good faith is refused
with EPERM; what no honest skill does ends the process. Method: seccomp(2), bpf(4).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import struct
import termios
from collections.abc import Iterable

from plugins.sandbox.kernel import PR_SET_SECCOMP, Machine, prctl
from plugins.sandbox.system_calls import calls

_MODE_FILTER = 2

ALLOW = 0x7FFF0000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM
UNKNOWN = 0x00050000 | errno.ENOSYS

_ARCHITECTURES: dict[Machine, int] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16

_FIRST, _SECOND = 0, 1
_F_OFD = (36, 37, 38)
_FCNTL = (
    *(fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL),
    *(fcntl.F_SETFL, fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW, *_F_OFD),
)
"""No F_SETOWN and F_SETSIG: they send a signal of choice to a process of choice."""
_IOCTL = (termios.FIONBIO, termios.FIOCLEX, termios.FIONCLEX, termios.FIONREAD, termios.TCGETS)
"""No TIOCSTI, no device."""


class Program:
    """Instructions of classic BPF, in order."""

    def __init__(self) -> None:
        self.instructions: list[bytes] = []

    def load(self, offset: int) -> None:
        """Take a word of seccomp_data."""
        self._add(_LOAD, 0, 0, offset)

    def give(self, verdict: int) -> None:
        """End with a verdict."""
        self._add(_RETURN, 0, 0, verdict)

    def when(self, value: int, verdict: int) -> None:
        """End with a verdict if the word is `value`."""
        self._add(_JUMP_EQUAL, 0, 1, value)
        self.give(verdict)

    def unless(self, value: int, verdict: int) -> None:
        """End with a verdict if the word is anything but `value`."""
        self._add(_JUMP_EQUAL, 1, 0, value)
        self.give(verdict)

    def when_at_least(self, value: int, verdict: int) -> None:
        """End with a verdict if the word is `value` or more."""
        self._add(_JUMP_AT_LEAST, 0, 1, value)
        self.give(verdict)

    def only_with(self, number: int, argument: int, values: Iterable[int]) -> None:
        """Allow call `number` if an argument is one of `values`.

        Its low 32 bits are looked at: the kernel takes no more of these arguments.
        """
        inner = Program()
        inner.load(_ARGUMENTS_AT + 8 * argument)
        for value in values:
            inner.when(value & 0xFFFFFFFF, ALLOW)
        inner.give(REFUSE)
        self._add(_JUMP_EQUAL, 0, len(inner.instructions), number)
        self.instructions += inner.instructions

    def _add(self, code: int, then: int, otherwise: int, value: int) -> None:
        self.instructions.append(struct.pack("=HBBI", code, then, otherwise, value))


def program(machine: Machine, *, paths: bool) -> list[bytes]:
    """The filter; `paths`: whether a process may name files itself."""
    table = calls(machine)
    made = Program()
    made.load(_ARCHITECTURE_AT)
    made.unless(_ARCHITECTURES[machine], KILL)
    made.load(_NUMBER_AT)
    if machine == "x86_64":
        made.when_at_least(_X32_BIT, KILL)
    for number in table.everyday.values():
        made.when(number, ALLOW)
    for number in (table.paths if paths else table.brokered).values():
        made.when(number, ALLOW)
    made.only_with(table.checked["fcntl"], _SECOND, _FCNTL)
    made.only_with(table.checked["ioctl"], _SECOND, _IOCTL)
    made.only_with(table.checked["prlimit64"], _FIRST, (0,))
    for number in table.unknown.values():
        made.when(number, UNKNOWN)
    for number in table.deadly.values():
        made.when(number, KILL)
    made.give(REFUSE)
    return made.instructions


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


class Filter:
    """A program where the kernel can take it from."""

    def __init__(self, instructions: list[bytes]) -> None:
        self._code = ctypes.create_string_buffer(b"".join(instructions))
        self._program = _FilterProgram(len(instructions), ctypes.addressof(self._code))

    def enforce(self) -> None:
        """Filter this process and all it may start, for good. Needs no_new_privs.

        Raises OSError.
        """
        prctl(PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(self._program))


def is_there() -> bool:
    """Whether this kernel filters system calls."""
    try:
        prctl(PR_SET_SECCOMP, _MODE_FILTER, 0)
    except OSError as error:
        return error.errno == errno.EFAULT
    return True
