"""Files that somebody edits, and breaks."""

from __future__ import annotations

import signal
from random import Random

from assistant.faults.fault import Fault
from assistant.faults.stage import POLICY, Stage

SLIPS = {
    "policy.yaml": (
        POLICY.replace("P1D", "soon"),
        "version: [",
        "\0",
        "version: 1\nretention: 3\n",
    ),
    "sentences.yaml": ("intents: [", "language: en\nintents: {X: {data: [{sentences: ['(a']}]}}\n"),
    "things.yaml": ("areas: 7\n", "entities: [{name: }]\n", "\0"),
}
"""Slips by file: none of them can be used."""


def policy(stage: Stage, dice: Random) -> str:
    """Break the policy; the daemon sees it by itself."""
    return _broken(stage, dice, "policy.yaml")


def sentences(stage: Stage, dice: Random) -> str:
    """Break the household's own sentences."""
    return _broken(stage, dice, "sentences.yaml")


def things(stage: Stage, dice: Random) -> str:
    """Break the list of areas and devices."""
    return _broken(stage, dice, "things.yaml")


def _broken(stage: Stage, dice: Random, name: str) -> str:
    mark = len(stage.core.lines)
    (stage.folder / name).write_text(dice.choice(SLIPS[name]))
    try:
        stage.core.send(signal.SIGHUP)
        stage.sees(name, mark, 10.0)
        stage.command(mark)
    finally:
        stage.restore()
        stage.core.send(signal.SIGHUP)
    stage.mended()
    return "said which file and line, and went on with the one before"


FAULTS = (
    Fault("policy-broken", "broken policy on reload", policy),
    Fault("sentences-broken", "broken sentences on reload", sentences),
    Fault("things-broken", "broken things on reload", things),
)
