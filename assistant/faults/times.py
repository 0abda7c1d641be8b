"""Faults of the clock."""

from __future__ import annotations

from random import Random

from assistant.faults import clocks
from assistant.faults.fault import Fault
from assistant.faults.stage import BrokenError, Stage

YEARS = 10 * 365.25 * 86_400


def ahead(stage: Stage, _dice: Random) -> str:
    """Set the wall clock ten years ahead, and back again."""
    return _wrong(stage, YEARS)


def behind(stage: Stage, _dice: Random) -> str:
    """Set the wall clock ten years back, and forward again."""
    return _wrong(stage, -YEARS)


def _wrong(stage: Stage, seconds: float) -> str:
    before = stage.rows()
    stage.clocks.set_wrong(seconds)
    try:
        stage.recover()
        during = stage.rows()
    finally:
        stage.clocks.set_wrong(0)
    stage.mended()
    gone = before - during - stage.ended()
    if gone:
        raise BrokenError(f"rows {sorted(gone)} went with the wall clock")
    return f"answered, and deleted none of {len(before)} rows before its time"


FAULTS = (
    Fault("clock-ahead", "clock 10 years ahead", ahead, clocks.missing),
    Fault("clock-behind", "clock 10 years behind", behind, clocks.missing),
)
