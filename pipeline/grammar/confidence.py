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

_HALF = -26.0
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


def confidence(words: Sequence[Segment], phones: Sequence[Segment]) -> float:
    """Give 0..1 for a path of words, without fillers, and the path of phones beside it."""
    if not words:
        return 0.0
    last = max(segment.end for segment in (*words, *phones)) + 1
    said = np.zeros(last, dtype=bool)
    for segment in words:
        said[segment.start : segment.end + 1] = True
    lost = (_by_frame(words, last) - _by_frame(phones, last))[said].mean()
    return 1.0 / (1.0 + math.exp(min(50.0, (_HALF - float(lost)) / _SLOPE)))


def _by_frame(segments: Sequence[Segment], frames: int) -> NDArray[np.float64]:
    scores = np.zeros(frames)
    for segment in segments:
        length = segment.end - segment.start + 1
        scores[segment.start : segment.end + 1] = segment.score / length
    return scores
