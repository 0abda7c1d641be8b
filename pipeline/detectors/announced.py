"""Finds the words that announce a code: "my pin is 4711", "4711 is my pin"."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.detectors.cues import Cue, cue_at
from pipeline.detectors.number_words import FILLERS
from pipeline.detectors.numbers import Run
from pipeline.detectors.reading import Reading, word_set

_REACH = 10
"""Words between a cue and its code, at most."""
LINKS = (
    word_set(
        """
    is are was were to the a my your his her our their of it's its that's that for on no
    number numbers code codes digits digit ending ends in with starts starting equals be will
    should goes as new old now current last first four three two i'm the's here here's are's
    please it reads read saying says say enter use using set changed this these uh um er bee
    see tea tee gee jay kay queue at me back him us them up which who's he's she's be's
    contact called
    """
    )
    | FILLERS
    | word_set("free far floor mine line heaven here hate it tool")
)
"""Small words that may stand between a cue and its code."""
COPULAS = word_set(
    """
    is are was it's that's be as to equals reads number's were i's
    """
)


@dataclass(frozen=True, slots=True)
class Announced:
    """A cue, and how it stands to a run."""

    cue: Cue
    close: bool
    """Nothing but small words stand between the cue and the code."""


def announced_by(
    reading: Reading, run: Run, before: Run | None, after: Run | None
) -> Announced | None:
    """The closest cue before the run, or one behind it ("... is my pin")."""
    found = _cue_before(reading, run, before)
    if found is not None and (found.close or found.cue.sure):
        return found
    return _cue_behind(reading, run, after) or found


def _cue_before(reading: Reading, run: Run, before: Run | None) -> Announced | None:
    stop = max(run.first - _REACH, before.last + 1 if before else 0)
    others = 0
    index = run.first - 1
    linked = index >= 0 and (
        reading.words[index] in COPULAS or ":" in reading.gap(index) or "=" in reading.gap(index)
    )
    while index >= stop:
        cue, first = cue_at(reading, index)
        if first >= 0:
            close = others == 0 or (linked and others <= 5)
            return Announced(cue, close) if cue else None
        if index < run.first - 1 and reading.ends_sentence(index) and others:
            return None
        others += reading.words[index] not in LINKS
        index -= 1
    return None


def _cue_behind(reading: Reading, run: Run, after: Run | None) -> Announced | None:
    index = run.last + 1
    stop = min(index + 7, after.first if after else len(reading))
    if index >= stop or reading.words[index] not in ("is", "as", "was", "are", "that's"):
        return None
    for last in range(index + 1, stop):
        cue, first = cue_at(reading, last)
        if first >= 0:
            while last + 1 < stop and (longer := cue_at(reading, last + 1))[1] >= 0:
                cue, last = longer[0], last + 1  # noqa: PLW2901  # "card" and then "card number"
            return Announced(cue, True) if cue else None
        if reading.ends_sentence(last):
            return None
    return None
