"""A skill that tries what no skill may, and says what came of it."""

from __future__ import annotations

import _thread
import ctypes
import os
import socket
from pathlib import Path

from assistant import Intent, Reply, Skill

skill = Skill("tries", sentences={"Try": ["try {what}"]}, choices={"what": ["sum"]})


def compute() -> str:
    return str(sum(range(10)))


def read() -> str:
    return Path("/etc/passwd").read_text()[:4]


def network() -> str:
    return str(socket.socket(socket.AF_INET).fileno())


def process() -> str:
    return str(os.fork())


def thread() -> str:
    return str(_thread.start_new_thread(compute, ()))


def write() -> str:
    Path("kept").write_text("")
    return "its own directory"


def debug() -> str:
    return str(ctypes.CDLL(None).ptrace(0, 0, 0, 0))


def status() -> str:
    return "no /proc" if not os.path.exists("/proc/self/status") else "/proc is there"


TRIES = {
    "sum": compute, "read": read, "network": network, "process": process, "thread": thread,
    "write": write, "debug": debug, "status": status,
}  # fmt: skip


@skill.on("Try")
async def attempt(intent: Intent) -> Reply:
    try:
        return Reply(f"done: {TRIES[str(intent['what'])]()}")
    except (OSError, RuntimeError) as error:
        return Reply(f"refused: {type(error).__name__}")
