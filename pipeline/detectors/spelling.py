"""Finds names that were spelled: "lee, l e e", "my surname is spelled m e n d o z a"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.types import Finding
from pipeline.detectors.numbers import Run
from pipeline.detectors.pieces import LETTER
from pipeline.detectors.reading import Reading, word_set

TYPES = ("PERSON",)
NAME = "spelling"
_CUES = word_set("spelled spelt spelling spells that's it's surname name")
_REACH = 4
_BACK = 8
"""Words before a spelling among which the spelled name is looked for."""


def find_spellings(reading: Reading, runs: Sequence[Run]) -> Iterator[Finding]:
    """Every spelled name, and the name itself where it was said just before."""
    for run in runs:
        if run.digits or run.letters < 2 or any(piece.kind != LETTER for piece in run.pieces):
            continue
        said = _said(reading, run)
        cued = not _CUES.isdisjoint(reading.words[max(0, run.first - _REACH) : run.first])
        if said < 0 and not (cued and run.letters >= 3):
            continue
        yield Finding(
            reading.starts[run.first], reading.ends[run.last], "PERSON", 0.9, "rules", NAME
        )
        if said >= 0:
            yield Finding(reading.starts[said], reading.ends[said], "PERSON", 0.9, "rules", NAME)


def _said(reading: Reading, run: Run) -> int:
    """The word before the run that the run spells, or -1."""
    for index in range(run.first - 1, max(-1, run.first - 1 - _BACK), -1):
        if reading.words[index] == run.code:
            return index
    return -1
