"""Escapes to the network, and through the kernel's other doors."""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import socket
import struct
import termios
from pathlib import Path

from hostile.attempts import CANARY, call, escape


def connected(family, kind, address, data=b"hello"):
    with socket.socket(family, kind) as line:
        line.settimeout(2)
        line.connect(address)
        return line.send(data)


@escape
def connect_by_tcp(t):
    return connected(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", t["tcp"]))


@escape
def connect_by_tcp6(t):
    return connected(socket.AF_INET6, socket.SOCK_STREAM, ("::1", t["tcp6"]))


@escape
def send_by_udp(t):
    return connected(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", t["tcp"]))


@escape
def connect_to_a_unix_socket(t):
    return connected(socket.AF_UNIX, socket.SOCK_STREAM, t["unix"])


@escape
def connect_to_an_abstract_socket(t):
    return connected(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + t["abstract"])


@escape
def listen_to_the_network(t):
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


@escape
def ask_netlink(t):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as line:
        line.bind((0, 0))
        return True


@escape
def make_a_socket_of_any_family(t):
    made = []
    for family in range(46):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind).close()
            except OSError:
                continue
            made.append((family, kind))
    return made


# --- the kernel's other doors


@escape
def make_a_user_namespace(t):
    return call(272, 97, 0x10000000) == 0


@escape
def make_a_mount_namespace(t):
    return call(272, 97, 0x00020000) == 0


@escape
def mount_something(t):
    return call(165, 40, b"none", t["own"].encode(), b"tmpfs", 0, None) == 0


@escape
def set_up_io_uring(t):
    return call(425, 425, 8, ctypes.create_string_buffer(120)) > 0


@escape
def make_a_bpf_map(t):
    wanted = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 4, 1) + bytes(112))
    return call(321, 280, 0, wanted, 128) > 0


@escape
def add_a_key(t):
    return call(248, 217, b"user", b"mark", b"x", 1, -2) > 0


@escape
def count_events(t):
    wanted = ctypes.create_string_buffer(
        struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 0x61) + bytes(64)
    )
    return call(298, 241, wanted, 0, -1, -1, 0) > 0


@escape
def handle_page_faults(t):
    return call(323, 282, 1) > 0  # UFFD_USER_MODE_ONLY


@escape
def become_root(t):
    os.setuid(0)
    return os.getuid() == 0


@escape
def raise_a_limit(t):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if hard == resource.RLIM_INFINITY:
        return True  # there is nothing to raise
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft + 1, hard + 1))
    return True


@escape
def take_a_gibibyte(t):
    memory = bytearray(1 << 30)
    memory[:: 1 << 20] = bytes(1 << 10)
    return len(memory)


@escape
def type_into_a_terminal(t):
    os.setsid()
    terminal = os.open(t["terminal"], os.O_RDWR)
    fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
    return True


@escape
def attach_shared_memory(t):
    return call(30, 196, t["shared"], 0, 0o10000) != 0


@escape
def read_shared_memory(t):
    return Path(t["shm"]).read_text()


@escape
def make_a_message_queue(t):
    queue = call(240, 180, b"sotto-escape", os.O_CREAT | os.O_RDWR, 0o600, None)
    call(241, 181, b"sotto-escape")
    return queue > 0


@escape
def splice_a_file(t):
    Path(t["own"] + "/source").write_text("words")
    _, writer = os.pipe()
    with open(t["own"] + "/source", "rb") as source:
        return os.splice(source.fileno(), writer, 5)


@escape
def send_a_file(t):
    Path(t["own"] + "/source").write_text("words")
    with open(t["own"] + "/source", "rb") as source, open(t["own"] + "/target", "wb") as target:
        return os.sendfile(target.fileno(), source.fileno(), 0, 5)


# --- what might have been left lying about


@escape
def find_an_inherited_descriptor(t):
    """Any beside the standard ones, the wire (3) and the broker's (4)."""
    for descriptor in range(5, 1024):
        try:
            fcntl.fcntl(descriptor, fcntl.F_GETFD)
        except OSError:
            continue
        return descriptor
    return None


@escape
def find_the_environment(t):
    if "SOTTO_CANARY" in os.environ:
        return True
    return CANARY.encode() in Path("/proc/self/environ").read_bytes()
