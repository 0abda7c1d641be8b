"""How likely words were really said: the grammar's path against any phones at all.

A loop of phones may say anything, so it fits every sound about as well as sound can be fitted
(Rose and Paul, "A hidden Markov model based keyword recognition system", 1990). Where the
grammar fits much worse, somebody said something that is not in it. A sentence that fits, but is
one of very many that could be made of so few sounds ("lamp on in kitchen"), is likely chance: how
probable the grammar holds it counts too. Both are put together by a logistic regression.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_OF_SOUND, _OF_WORDS, _START = 0.17, 55.0, 9.7
"""The regression: of the score lost a frame against the loop of phones, of the sentence's log
probability (nats) a frame, and the constant. Fitted to real home and coffee commands, clean and in
noise, against coffee orders, lone words and talk heard by a grammar of home commands."""


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


def confidence(path: Sequence[Segment], phones: Sequence[Segment], likelihood: float) -> float:
    """Give 0..1 for a path of words and fillers, and the path of phones beside it.

    `likelihood` is the log probability of the words in the grammar, in nats.

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
    words = likelihood / np.count_nonzero(speech)
    evidence = _OF_SOUND * float(lost) + _OF_WORDS * float(words) + _START
    return 1.0 / (1.0 + math.exp(min(50.0, -evidence)))


def _by_frame(segments: Sequence[Segment], frames: int) -> NDArray[np.float64]:
    scores = np.zeros(frames)
    for segment in segments:
        length = segment.end - segment.start + 1
        scores[segment.start : segment.end + 1] = segment.score / length
    return scores
