"""Faults of the way out: the broker, the door."""

from __future__ import annotations

import signal
import time
from random import Random

from assistant.faults import clocks, street
from assistant.faults.fault import Fault
from assistant.faults.stage import BrokenError, Stage

DAY = 86_400.0
SOON = 5.0
"""Seconds in which what was granted has to wait on the disk."""


def down(stage: Stage, dice: Random) -> str:
    """Stop the broker and speak; start it again."""
    outside = stage.outside()
    outside.broker.stop()
    try:
        count = _speak(stage, dice.randint(1, 2))
    finally:
        outside.broker.start()
    stage.mended()
    return f"answered; {count} messages waited and arrived"


def slow(stage: Stage, dice: Random) -> str:
    """Let the broker hang with its connections open."""
    outside = stage.outside()
    process = outside.broker.process
    process.send_signal(signal.SIGSTOP)
    try:
        count = _speak(stage, 1)
        time.sleep(dice.uniform(0, 6))
    finally:
        process.send_signal(signal.SIGCONT)
    stage.mended()
    return f"answered; {count} messages waited and arrived"


def refusing(stage: Stage, _dice: Random) -> str:
    """Have the broker refuse everybody for a while."""
    outside = stage.outside()
    outside.broker.stop()
    configuration = outside.broker.file
    usual = configuration.read_text()
    configuration.write_text(usual.replace("allow_anonymous true", "allow_anonymous false"))
    outside.broker.start()
    try:
        count = _speak(stage, 1)
    finally:
        outside.broker.stop()
        configuration.write_text(usual)
        outside.broker.start()
    stage.mended()
    return f"answered; {count} messages were refused, waited and arrived"


def door_killed(stage: Stage, dice: Random) -> str:
    """Kill the door at any moment of a command."""
    door = stage.outside().door
    assert door is not None
    stage.say()
    time.sleep(dice.uniform(0, 0.5))
    door.clear()
    time.sleep(dice.uniform(0, 2))
    door.start()
    stage.mended()
    return "it was started anew, and everything arrived once"


def away_for_a_day(stage: Stage, dice: Random) -> str:
    """Broker and Home Assistant away while all clocks go on by most of a day."""
    outside = stage.outside()
    outside.broker.stop()
    try:
        count = _speak(stage, 1)
        stage.let_pass(DAY * dice.uniform(0.9, 0.97))
        count += _speak(stage, 1)
    finally:
        outside.broker.start()
    stage.mended()
    return f"answered; {count} messages of that day arrived"


def _speak(stage: Stage, times: int) -> int:
    """Say a command so often, which has to be answered as if nothing were; the messages of it."""
    before = stage.released()
    for _ in range(times):
        stage.command(len(stage.core.lines))
    end = time.monotonic() + SOON
    while stage.released() == before and time.monotonic() < end:
        time.sleep(0.05)
    if stage.released() == before:
        raise BrokenError("nothing was put on its way out")
    return stage.released() - before


FAULTS = (
    Fault("broker-down", "broker down", down, street.missing),
    Fault("broker-slow", "broker hangs", slow, street.missing),
    Fault("broker-refuses", "broker refuses", refusing, street.missing),
    Fault("door-killed", "kill -9 of the door", door_killed, street.missing),
    Fault(
        "away-for-a-day",
        "broker away for a day (clocks moved)",
        away_for_a_day,
        lambda: street.missing() or clocks.missing(),
    ),
)
