"""How likely words were really said: the grammar's path against any phones at all.

A loop of phones may say anything, so it fits every sound about as well as sound can be fitted
(Rose and Paul, "A hidden Markov model based keyword recognition system", 1990). Where the
grammar fits much worse, somebody said something that is not in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HALF = -30.0
"""Score lost a frame, against the loop of phones, at which a half of all sounds are commands."""
_SLOPE = 3.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a path: a word or a phone."""

    label: str
    start: int
    end: int
    """Frames; both belong to it."""
    score: float
    """Acoustic score, the library's units."""
    is_speech: bool = True
    """False for silence and noise."""


def confidence(path: Sequence[Segment], phones: Sequence[Segment]) -> float:
    """Give 0..1 for a path of words and fillers, and the path of phones beside it.

    What counts is every frame in which either path hears speech: a command with a long
    "silence" in it, in which the phones hear talk, was something else.
    """
    if not any(segment.is_speech for segment in path):
        return 0.0
    last = max(segment.end for segment in (*path, *phones)) + 1
    speech = np.zeros(last, dtype=bool)
    for segment in (*path, *phones):
        if segment.is_speech:
            speech[segment.start : segment.end + 1] = True
    lost = (_by_frame(path, last) - _by_frame(phones, last))[speech].mean()
    return 1.0 / (1.0 + math.exp(min(50.0, (_HALF - float(lost)) / _SLOPE)))


def _by_frame(segments: Sequence[Segment], frames: int) -> NDArray[np.float64]:
    scores = np.zeros(frames)
    for segment in segments:
        length = segment.end - segment.start + 1
        scores[segment.start : segment.end + 1] = segment.score / length
    return scores
