"""Escapes to other processes, to new ones, and to other code."""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import struct
from pathlib import Path

from hostile.attempts import ARM, CANARY, EXITED, call, escape


@escape
def list_processes(t):
    return [name for name in os.listdir("/proc") if name.isdigit()]


@escape
def read_the_hosts_environment(t):
    return CANARY.encode() in Path(f"/proc/{t['host']}/environ").read_bytes()


@escape
def read_the_hosts_maps(t):
    return Path(f"/proc/{t['host']}/maps").read_text()


@escape
def read_the_hosts_memory(t):
    with open(f"/proc/{t['host']}/mem", "rb", buffering=0) as memory:
        return os.pread(memory.fileno(), len(CANARY), t["address"]) == CANARY.encode()


@escape
def steal_an_open_file(t):
    return Path(f"/proc/{t['host']}/fd/{t['descriptor']}").read_text()


@escape
def read_a_process(t):
    buffer = ctypes.create_string_buffer(len(CANARY))
    here = struct.pack("QQ", ctypes.addressof(buffer), len(CANARY))
    there = struct.pack("QQ", t["address"], len(CANARY))
    return call(310, 270, t["host"], here, 1, there, 1, 0) and buffer.raw == CANARY.encode()


@escape
def trace_a_process(t):
    return call(101, 117, 0x4206, t["victim"], 0, 0) == 0  # PTRACE_SEIZE


@escape
def signal_the_host(t):
    os.kill(t["host"], signal.SIGCONT)
    return True


@escape
def signal_another_process(t):
    os.kill(t["victim"], signal.SIGCONT)
    return True


@escape
def signal_everyone(t):
    os.kill(-1, 0)
    return True


@escape
def signal_by_thread(t):
    return call(234, 131, t["victim"], t["victim"], int(signal.SIGCONT)) == 0


@escape
def signal_by_descriptor(t):
    signal.pidfd_send_signal(os.pidfd_open(t["victim"]), signal.SIGCONT)
    return True


@escape
def signal_by_owner(t):
    reader, _ = os.pipe()
    fcntl.fcntl(reader, 10, int(signal.SIGCONT))  # F_SETSIG
    fcntl.fcntl(reader, fcntl.F_SETOWN, t["victim"])
    return True


@escape
def take_a_descriptor(t):
    return call(438, 438, os.pidfd_open(t["host"]), t["descriptor"], 0) > 0


@escape
def slow_a_process(t):
    os.setpriority(os.PRIO_PROCESS, t["victim"], 15)
    return True


@escape
def pin_a_process(t):
    os.sched_setaffinity(t["victim"], {0})
    return True


@escape
def limit_a_process(t):
    resource.prlimit(t["victim"], resource.RLIMIT_CORE, (0, 0))
    return True


# --- new processes, programs, code


@escape
def fork_many(t):
    made = []
    for _ in range(20):
        process = os.fork()
        if not process:
            os._exit(0)
        made.append(process)
    for process in made:
        os.waitpid(process, 0)
    return len(made)


@escape
def run_a_program(t):
    os.execv("/bin/sh", ["sh", "-c", f"exit {EXITED}"])


@escape
def run_from_memory(t):
    code = struct.pack("<III", 0xD2800540, 0xD2800BA8, 0xD4000001)
    if not ARM:
        code = bytes.fromhex("bf2a000000b83c0000000f05")
    size = 120 + len(code)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack(
        "<HHIQQQIHHHHHH", 2, 183 if ARM else 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 0x1000)
    program = os.memfd_create("program")
    os.write(program, head + code)
    nothing = (ctypes.c_char_p * 1)()
    call(322, 281, program, b"", nothing, nothing, 0x1000)


@escape
def make_memory_file(t):
    return os.memfd_create("file") > 0


@escape
def call_as_32_bit(t):
    if ARM:
        raise OSError
    page = call(9, 222, 0, 4096, 7, 0x22, -1, 0)
    ctypes.memmove(page, bytes.fromhex("53b814000000cd805bc3"), 10)  # getpid by int 0x80
    return ctypes.CFUNCTYPE(ctypes.c_int)(page)()


@escape
def call_as_x32(t):
    return call(0x40000000 + 39, -1) > 0
