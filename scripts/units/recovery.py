"""How soon the core listens again after it crashed or hung, in a machine of machine.py."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from pathlib import Path

from scripts.units.machine import Machine
from scripts.units.stage import PLAY

CRASH, HANG = 2.0, 15.0
"""Seconds: after a crash beside the loading of models, after a hang in all."""
_SEIZE, _INTERRUPT, _ALL = 0x4206, 0x4207, 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


def measure(machine: Machine) -> list[str]:
    """Print a table; what is slower than it should be."""
    machine.must("systemctl start sotto-core", 120)
    machine.run("systemctl kill -s KILL sotto-core")  # so that what is compiled once is there
    _again(machine, _moment(machine, "ActiveEnter"), 60)
    wrong: list[str] = []
    print(f"\n{'what happened':<44}{'started again':<16}{'listening again':<16}")
    for name, breaks, limit in (
        ("kill -9", _kill, CRASH),
        ("the whole process hangs (SIGSTOP)", _stop, HANG),
        ("only the ear's thread hangs", _hold_ear, HANG),
    ):
        before = _moment(machine, "ActiveEnter")
        began = breaks(machine)
        started, listening = (moment - began for moment in _again(machine, before, 90))
        print(f"{name:<44}{started:<16.2f}{listening:<16.2f}")
        if (started if breaks is _kill else listening) > limit:
            wrong.append(f"{name}: listening again after {listening:.1f} s")
    for _ in range(3):  # on a busy machine what plays the recording may stutter
        heard = len(machine.run("cat /run/heard")[1])
        machine.must(f"{PLAY}; sleep 5")
        said = machine.run("cat /run/heard")[1][heard:]
        unheard = [word for word in ("wake", "HassTurnOn", "reply") if f'"{word}"' not in said]
        if not unheard:
            break
    wrong += [f"after it all the core hears no {word}" for word in unheard]
    print(f"then it was told to turn on a light: {'not heard' if unheard else 'done'}")
    print(machine.run("systemctl show sotto-core -P StatusText -P NRestarts")[1])
    wrong += _reloads(machine)
    return wrong


def _reloads(machine: Machine) -> list[str]:
    status, said = machine.run("systemctl reload sotto-core && systemctl is-active sotto-core")
    print(f"reload: {said}")
    return [] if status == 0 else [f"reload: {said}"]


def _kill(machine: Machine) -> float:
    """Each of these gives the moment in which it happened."""
    began = time.monotonic()
    machine.must("systemctl kill --kill-whom=main -s KILL sotto-core")
    return began


def _stop(machine: Machine) -> float:
    began = time.monotonic()
    machine.must("systemctl kill --kill-whom=main -s STOP sotto-core")
    return began


def _hold_ear(machine: Machine) -> float:
    """Stop the one thread that uses the processor: the ear's. The others go on."""
    process = machine.outside(int(machine.must("systemctl show -P MainPID sotto-core")))
    before = _used(process)
    time.sleep(3)
    thread = max(_used(process).items(), key=lambda item: item[1] - before.get(item[0], 0))[0]
    if thread == process:
        raise RuntimeError("the busiest thread is the first one, which is not the ear")
    began = time.monotonic()
    if not os.fork():  # whoever holds a thread has to be told of its end, or its process stays
        for request in (_SEIZE, _INTERRUPT):
            if _libc.ptrace(request, thread, None, None) != 0:
                os._exit(1)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(thread, _ALL)
        os._exit(0)
    return began


def _used(process: int) -> dict[int, int]:
    found = {}
    for task in Path(f"/proc/{process}/task").iterdir():
        words = (task / "stat").read_text().rpartition(")")[2].split()
        found[int(task.name)] = int(words[11]) + int(words[12])
    return found


def _moment(machine: Machine, name: str) -> float:
    """When something happened, in seconds of the clock that both sides have."""
    said = machine.must(f"systemctl show -P {name}TimestampMonotonic sotto-core")
    return int(said or 0) / 1e6


def _again(machine: Machine, before: float, limit: float) -> tuple[float, float]:
    """Wait until it listens anew: when its process began, and when it said that it listens."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if machine.run("systemctl is-active sotto-core")[1] == "active":
            entered = _moment(machine, "ActiveEnter")
            if entered > before:
                return _moment(machine, "ExecMainStart"), entered
        time.sleep(0.2)
    raise RuntimeError(f"it does not listen again within {limit:.0f} s")
