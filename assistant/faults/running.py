"""Runs faults one after the other and asks after each whether everything still holds."""

from __future__ import annotations

import contextlib
import random
import subprocess
from collections.abc import Iterable, Iterator, Sequence

from assistant.errors import SettingsError, outline
from assistant.faults import (
    damage,
    disks,
    homes,
    kills,
    reloads,
    skills,
    sounds,
    streets,
    times,
    voices,
)
from assistant.faults.fault import Fault, Outcome, Verdict
from assistant.faults.stage import BrokenError, Stage, stage

ALL: tuple[Fault, ...] = (
    *sounds.FAULTS,
    *disks.FAULTS,
    *streets.FAULTS,
    *homes.FAULTS,
    *times.FAULTS,
    *kills.FAULTS,
    *voices.FAULTS,
    *damage.FAULTS,
    *reloads.FAULTS,
    *skills.FAULTS,
)


def chosen(names: Sequence[str]) -> tuple[Fault, ...]:
    """The faults of these names, or of families that begin so; all where none is named."""
    found = tuple(f for f in ALL if not names or any(f.name.startswith(n) for n in names))
    unknown = [name for name in names if not any(f.name.startswith(name) for f in ALL)]
    if unknown:
        known = ", ".join(fault.name for fault in ALL)
        raise SettingsError(f"no fault is called {', '.join(unknown)}; there are {known}")
    return found


def one_by_one(faults: Iterable[Fault], seed: int) -> Iterator[Outcome]:
    """Let each happen once to one household."""
    dice = random.Random(seed)
    with stage() as house:
        for fault in faults:
            yield happen(fault, house, dice)


def schedule(faults: Sequence[Fault], count: int, seed: int) -> Iterator[Outcome]:
    """Let so many happen to one household at random; the same seed gives the same order."""
    dice = random.Random(seed)
    here = [fault for fault in faults if fault.lack() is None]
    with stage() as house:
        for _ in range(count):
            yield happen(dice.choice(here), house, dice)


def happen(fault: Fault, house: Stage, dice: random.Random) -> Outcome:
    """Let one fault happen, and see what holds afterwards."""
    lack = fault.lack()
    if lack is not None:
        return Outcome(fault.name, fault.what, lack, None, "not here")
    house.mended()
    verdict: Verdict
    try:
        happened = fault.strike(house, dice)
        recovery = house.recover()
        problems = tuple(house.problems())
    except (BrokenError, OSError, ValueError, subprocess.SubprocessError) as error:
        return _broken(fault, house, str(error) or outline(error))
    verdict = "broken" if problems else "held"
    return Outcome(fault.name, fault.what, happened, recovery, verdict, problems)


def _broken(fault: Fault, house: Stage, why: str) -> Outcome:
    """Put the household right again, so that the next fault has a fair start."""
    said = house.last_words()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        house.rebuild()  # where that fails, the next fault says so
    return Outcome(fault.name, fault.what, "", None, "broken", (why,), said)
