"""Faults of processes: killed, stopped, starved, out of memory."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path
from random import Random

from assistant.faults import hanging
from assistant.faults.fault import Fault
from assistant.faults.lines import is_event
from assistant.faults.program import is_alive
from assistant.faults.stage import CALL, TIME, BrokenError, Stage

STARVED = 6.0
"""Seconds for which the daemon gets a tenth of the processor."""
ORPHANS = 5.0
"""Seconds in which the children of a daemon that is gone have to be gone, too."""
ROOM = 4 << 20
"""Bytes that may still be had when memory runs out, at most."""


def killed(stage: Stage, dice: Random) -> str:
    """Kill the daemon at any moment, perhaps in the middle of a command."""
    if dice.random() < 0.7:
        stage.say(dice.choice((TIME, CALL)))
        time.sleep(dice.uniform(0, 0.8))
    children = stage.core.children()
    stage.core.kill()
    stage.mended()
    end = time.monotonic() + ORPHANS
    while (left := [child for child in children if is_alive(child)]) and time.monotonic() < end:
        time.sleep(0.02)
    for child in left:
        os.kill(child, signal.SIGKILL)
    stage.start()
    if left:
        raise BrokenError(f"{len(left)} of its children went on without it")
    return "started anew; its children had gone with it"


def killed_while_starting(stage: Stage, dice: Random) -> str:
    """Kill the daemon while it starts, twice."""
    stage.core.clear()
    for _ in range(2):
        stage.core.start()
        time.sleep(dice.uniform(0.1, 2.0))
        stage.core.clear()
    stage.mended()
    stage.start()
    return "started at the third attempt"


def skill_killed(stage: Stage, dice: Random) -> str:
    """Kill a process below the daemon."""
    children = stage.core.children()
    if not children:
        raise BrokenError("it has no children")
    os.kill(dice.choice(children), signal.SIGKILL)
    stage.mended()
    return "went on without it"


def loop_hangs(stage: Stage, _dice: Random) -> str:
    """Stop the thread of the event loop, and speak meanwhile."""
    mark = len(stage.core.lines)
    with hanging.stopped(stage.core.process):
        stage.say()
        time.sleep(1.0)
    stage.mended()
    if stage.core.lines.wait(is_event("wake"), mark, 5.0) is None:
        raise BrokenError("the ear heard nothing while the loop hung")
    if stage.core.lines.wait(is_event("done"), mark, 10.0) is None:
        raise BrokenError("what was heard while the loop hung came to nothing")
    return "the ear heard on; the command was answered when the loop went on"


def starved(stage: Stage, _dice: Random) -> str:
    """Give it a tenth of the processor: everything is slower than real time."""
    mark = len(stage.core.lines)
    end = time.monotonic() + STARVED
    process = stage.core.process
    try:
        stage.sound.play_aside(stage.folder / f"{TIME}.wav")
        while time.monotonic() < end:
            os.kill(process, signal.SIGSTOP)
            time.sleep(0.09)
            os.kill(process, signal.SIGCONT)
            time.sleep(0.01)
    finally:
        os.kill(process, signal.SIGCONT)
    stage.mended()
    lines = stage.core.lines.since(mark)
    dropped = sum("too slow" in line.text or "no microphone" in line.text for line in lines)
    return f"dropped audio {dropped} times, said so, and caught up"


def out_of_memory(stage: Stage, dice: Random) -> str:
    """Let it have no more memory than it has."""
    process, mark = stage.core.process, len(stage.core.lines)
    size = int(Path(f"/proc/{process}/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.prlimit(process, resource.RLIMIT_AS)
    resource.prlimit(process, resource.RLIMIT_AS, (size + dice.randrange(ROOM), before[1]))
    try:
        stage.say(CALL)
        time.sleep(1.0)
    finally:
        if stage.core.is_running:
            resource.prlimit(process, resource.RLIMIT_AS, before)
    stage.mended()
    if not stage.core.is_running:
        return "ended, and was started anew"
    if stage.core.lines.wait(is_event("done"), mark, 1.0):
        return "answered with what it had"
    return "lost that command, and went on"


FAULTS = (
    Fault("core-killed", "kill -9 of the core", killed),
    Fault("core-killed-starting", "kill -9 while it starts", killed_while_starting),
    Fault("skill-killed", "kill -9 of a skill's process", skill_killed),
    Fault("loop-hangs", "event loop hangs", loop_hangs, hanging.missing),
    Fault("starved", "a tenth of the processor", starved),
    Fault("memory-out", "out of memory", out_of_memory),
)
