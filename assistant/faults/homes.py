"""Faults of a house that Home Assistant runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from random import Random

from assistant.faults import clocks, street
from assistant.faults.fault import Fault
from assistant.faults.home_assistant import HomeAssistant
from assistant.faults.lines import is_event
from assistant.faults.stage import LIGHT, LIMIT, READY, BrokenError, Stage

DAY = 86_400.0
AWAY = (2.0, 8.0)
"""Real seconds for which it is away, besides those that are made to pass."""


def away_for_a_day(stage: Stage, dice: Random) -> str:
    """Home Assistant goes away, most of a day passes, it comes back."""
    with HomeAssistant() as home, _moved_in(stage, home):
        _until_switched(stage, home, READY)
        home.leave()
        stage.let_pass(DAY * dice.uniform(0.9, 0.97))
        _say_light(stage, "reached")
        time.sleep(dice.uniform(*AWAY))
        home.come_back()
        seconds = _until_switched(stage, home, LIMIT)
    stage.mended()
    return f"said that it can't be reached; switched again {seconds:.1f} s after it was back"


@contextlib.contextmanager
def _moved_in(stage: Stage, home: HomeAssistant) -> Iterator[None]:
    """The household's things are Home Assistant's for a while."""
    stage.move_in(home.port)
    try:
        yield
    finally:
        stage.restore()
        stage.begin_anew()


def _until_switched(stage: Stage, home: HomeAssistant, seconds: float) -> float:
    """Say it until the light was switched; seconds until the command was begun that did it."""
    began, before = time.monotonic(), home.switched
    while True:
        started, mark = time.monotonic(), len(stage.core.lines)
        stage.say(LIGHT)
        stage.core.lines.wait(is_event("done"), mark, 6.0)
        if home.switched > before:
            return started - began
        if time.monotonic() - began > seconds:
            raise BrokenError(f"the light was not switched within {seconds:.0f} s")


def _say_light(stage: Stage, answer: str) -> None:
    """Say it, to be answered so."""
    for _ in range(3):
        mark = len(stage.core.lines)
        stage.say(LIGHT)
        if stage.core.lines.wait(lambda line: answer in line.text, mark, 6.0):
            return
    raise BrokenError("nobody said that Home Assistant can't be reached")


FAULTS = (
    Fault(
        "home-assistant-away",
        "Home Assistant away for a day",
        away_for_a_day,
        lambda: street.missing() or clocks.missing(),
    ),
)
