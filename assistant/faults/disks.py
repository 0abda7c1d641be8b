"""Faults of the disk that the state is on."""

from __future__ import annotations

import signal
import time
from random import Random

from assistant.faults import disk
from assistant.faults.fault import Fault
from assistant.faults.lines import is_event, tells
from assistant.faults.stage import CALL, TIME, BrokenError, Stage


def full(stage: Stage, _dice: Random) -> str:
    """Leave no room."""
    assert stage.disk is not None
    mark = len(stage.core.lines)
    stage.disk.fill()
    try:
        stage.command(mark)
        kept = stage.core.lines.wait(is_event("kept"), mark, 0.1)
        said = stage.core.lines.wait(tells("not kept"), mark, 0.1)
    finally:
        stage.disk.empty()
    stage.mended()
    if kept is None and said is None:
        raise BrokenError("nothing was kept, and nobody was told")
    if kept is not None:
        return "what is reserved held it: answered and kept"
    return "answered, and said that nothing is kept"


def read_only(stage: Stage, _dice: Random) -> str:
    """Have the file system stop writing under the running daemon; then start the machine anew.

    What it still writes is on the disk, or is not acknowledged: the ledger asks for it afterwards.
    """
    assert stage.disk is not None
    mark = len(stage.core.lines)
    stage.disk.fail()
    try:
        stage.command(mark)
        kept = sum(map(is_event("kept"), stage.core.lines.since(mark)))
    finally:
        stage.core.clear()
        stage.disk.mend()
    stage.mended()
    return f"answered, and acknowledged {kept} rows, which had reached the disk"


def power_cut(stage: Stage, dice: Random) -> str:
    """Cut the power at any moment of a command, and start with what had reached the disk."""
    assert stage.disk is not None
    stage.say(dice.choice((TIME, CALL)))
    time.sleep(dice.uniform(0, 0.8))
    stage.core.send(signal.SIGSTOP)
    time.sleep(0.05)
    stage.disk.photograph()
    stage.core.clear()
    stage.disk.lose_power()
    stage.mended()
    stage.start()
    return "started with what had reached the disk"


FAULTS = (
    Fault("disk-full", "disk full", full, disk.missing),
    Fault("disk-read-only", "file system turns read-only", read_only, disk.missing),
    Fault("power-cut", "power cut", power_cut, disk.missing),
)
