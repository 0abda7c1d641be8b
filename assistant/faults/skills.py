"""A skill that misbehaves while everybody else wants to be served."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from assistant.faults import speech
from assistant.faults.fault import Fault
from assistant.faults.lines import Line
from assistant.faults.stage import BrokenError, Stage

ASKED = {
    "slow": "polish the silver",
    "hang": "paint the ceiling",
    "flood": "ring the bell",
    "crash": "break the window",
}
"""What `rascal.py` does when it is asked so."""


def slow(stage: Stage, _dice: Random) -> str:
    """Have it be slower than anybody waits."""
    return _misbehaves(stage, "slow")


def hang(stage: Stage, _dice: Random) -> str:
    """Have it never answer."""
    return _misbehaves(stage, "hang")


def flood(stage: Stage, _dice: Random) -> str:
    """Have it say more than anybody can hear."""
    return _misbehaves(stage, "flood")


def crash(stage: Stage, _dice: Random) -> str:
    """Have it end in the middle of an answer."""
    return _misbehaves(stage, "crash")


def _misbehaves(stage: Stage, how: str) -> str:
    recording = stage.folder / f"{how}.wav"
    if not recording.exists():
        speech.synthesise(recording, ASKED[how])
    asked = None
    for _ in range(3):
        mark = len(stage.core.lines)
        stage.sound.play(recording)
        asked = stage.core.lines.wait(_asks(how), mark, 2.0)
        if asked is not None:
            break
    if asked is None:
        raise BrokenError("the skill was not asked: its sentence was not understood")
    stage.mended()
    ended = stage.core.lines.wait(_is_over, mark, 10.0)
    if ended is None:
        raise BrokenError("an utterance waits for the skill without end")
    waited = max(0.0, ended.at - asked.at)
    return f"given up after {waited:.1f} s; the next command was served"


def _asks(how: str) -> Callable[[Line], bool]:
    name = f"Rascal{how.capitalize()}"
    return lambda line: line.event.get("event") == "intent" and line.event.get("name") == name


def _is_over(line: Line) -> bool:
    return line.event.get("event") in ("done", "error")


FAULTS = (
    Fault("skill-slow", "a skill is slow", slow, speech.missing),
    Fault("skill-hangs", "a skill hangs", hang, speech.missing),
    Fault("skill-floods", "a skill floods its line", flood, speech.missing),
    Fault("skill-crashes", "a skill crashes", crash, speech.missing),
)
