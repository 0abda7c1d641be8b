"""The filter of system calls, run here as the kernel would run it, for both machines."""

from __future__ import annotations

import fcntl
import re
import struct
import termios
from pathlib import Path

import pytest

from plugins.sandbox.seccomp import ALLOW, KILL, REFUSE, UNKNOWN, program
from plugins.sandbox.system_calls import calls

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}
machines = pytest.mark.parametrize("machine", ARCHITECTURES)


def verdict(machine, number, *arguments, architecture=None, paths=True):
    """What the filter says; classic BPF: load, jump if equal, jump if at least, return."""
    architecture = ARCHITECTURES[machine] if architecture is None else architecture
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    code = [struct.unpack("=HBBI", one) for one in program(machine, paths=paths)]
    at, word = 0, 0
    while True:
        kind, then, otherwise, value = code[at]
        at += 1
        if kind == 0x20:
            (word,) = struct.unpack_from("<I", data, value)
        elif kind == 0x06:
            return value
        else:
            holds = word == value if kind == 0x15 else word >= value
            at += then if holds else otherwise


def all_calls(machine):
    table = calls(machine)
    return {**table.everyday, **table.paths, **table.checked, **table.unknown, **table.deadly}


@machines
def test_each_call_gets_its_verdict(machine):
    table = calls(machine)
    for name, number in table.everyday.items():
        assert verdict(machine, number) == ALLOW, name
    for name, number in table.deadly.items():
        assert verdict(machine, number) == KILL, name
    for name, number in table.paths.items():
        assert verdict(machine, number) == ALLOW, name
        assert verdict(machine, number, paths=False) == REFUSE, name
    assert verdict(machine, table.unknown["clone3"]) == UNKNOWN


@machines
def test_whatever_is_not_listed_is_refused(machine):
    known = set(all_calls(machine).values())
    for number in range(600):
        if number not in known:
            assert verdict(machine, number) == REFUSE, number


@machines
def test_calls_of_another_architecture_end_the_process(machine):
    for other in (0x40000003, 0x40000028, 0xC00000F3, *ARCHITECTURES.values()):
        if other != ARCHITECTURES[machine]:
            assert verdict(machine, calls(machine).everyday["read"], architecture=other) == KILL


def test_calls_of_x32_end_the_process():
    assert verdict("x86_64", 0x40000000 | calls("x86_64").everyday["read"]) == KILL


@machines
@pytest.mark.parametrize(
    ("call", "position", "allowed", "refused"),
    [
        ("ioctl", 1, termios.TCGETS, termios.TIOCSTI),
        ("fcntl", 1, fcntl.F_SETFL, fcntl.F_SETOWN),
        ("fcntl", 1, fcntl.F_DUPFD_CLOEXEC, 10),
        ("prlimit64", 0, 0, 4242),
    ],
)
def test_some_calls_are_allowed_by_what_they_are_given(machine, call, position, allowed, refused):
    number = calls(machine).checked[call]
    assert verdict(machine, number, *[0] * position, allowed) == ALLOW
    assert verdict(machine, number, *[0] * position, refused) == REFUSE
    # The kernel takes the low half of these; the high half can't smuggle anything past us.
    assert verdict(machine, number, *[0] * position, refused | 1 << 32) == REFUSE


@machines
def test_the_numbers_are_the_kernels(machine):
    header = Path(HEADERS[machine])
    if not header.exists():
        pytest.skip("no kernel headers here")
    lines = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(), re.MULTILINE)
    numbers = {name: int(number) for name, number in lines}
    numbers.setdefault("newfstatat", numbers.get("fstatat", -1))
    assert all_calls(machine) == {name: numbers[name] for name in all_calls(machine)}


@machines
def test_both_machines_know_every_call_that_matters(machine):
    """What one machine lacks is an older name of what it has."""
    names = {"read", "openat", "ppoll", "clone3", "execve", "ptrace", "bpf", "io_uring_setup"}
    assert names <= all_calls(machine).keys()
    assert len(program(machine, paths=True)) < 4096
