"""Finds the plates of cars: "plate KT19 ZRF", "reg y e five two hotel foxtrot", "are 181"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.types import Finding
from pipeline.detectors import cues
from pipeline.detectors.announced import LINKS
from pipeline.detectors.cues import cue_at
from pipeline.detectors.number_words import CORRECTING, FILLERS, LETTER_NAMES, SOUND_ALIKE
from pipeline.detectors.numbers import Run
from pipeline.detectors.reading import Reading, word_set
from pipeline.detectors.street_words import NO_STREET, TAIL_STOPS

TYPES = (cues.PLATE,)
NAME = "plates"
_SAID = word_set("is are was were reads be number to reg registered as it's licence license")
_STOPS = (NO_STREET | TAIL_STOPS | _SAID | word_set("car van down hit left has been it he she")) - {
    "are", "you", "why", "oh",
}  # fmt: skip
_VEHICLES = word_set(
    """
    car cars van truck lorry motorbike motorcycle scooter vehicle vehicles parked parking park
    driveway congestion tow towed rental ford toyota honda vauxhall nissan volkswagen audi tesla
    hatchback saloon estate pickup minivan taxi cab uber drive mot tax speeding insured
    """
)
"""Words near a mixed code that say it is a plate."""
_MODELS = word_set(
    "bmw audi mazda kia gti model series class mercedes volvo peugeot flight bay level"
)
_REACH = 8
_MOST_WORDS = 4
_MOST_RUNS = 4
_MISHEARD = SOUND_ALIKE.keys() | LETTER_NAMES.keys()
_MOST_BETWEEN = 3
_BETWEEN = FILLERS | SOUND_ALIKE.keys() | LETTER_NAMES.keys() | CORRECTING
_SHORT = 4
"""Letters of a word that may be a group of a plate."""


def find_plates(reading: Reading, runs: Sequence[Run]) -> Iterator[Finding]:
    """Codes after or before a word for plates, and mixed codes near a word for cars."""
    for index, run in enumerate(runs):
        first, last = _widened(reading, runs, index)
        size = run.digits + run.letters + 2 * (run.last - run.first != last - first)
        cued = _is_cued(reading, first, last)
        if cued and size >= 3 and not _is_counting_only(reading, run, first, last):
            yield _finding(reading, first, last, 0.9)
        elif _is_vehicles(reading, run, first, last):
            yield _finding(reading, first, last, 0.7)


def _finding(reading: Reading, first: int, last: int, score: float) -> Finding:
    return Finding(reading.starts[first], reading.ends[last], cues.PLATE, score, "rules", NAME)


def _widened(reading: Reading, runs: Sequence[Run], index: int) -> tuple[int, int]:
    """The run with groups of letters beside it, and with the runs that only they part from it."""
    first, last = runs[index].first, runs[index].last
    ends = {run.first: run.last for run in runs[index : index + _MOST_RUNS]}
    begins = {run.last: run.first for run in runs[max(0, index - _MOST_RUNS) : index]}
    while last + 1 < len(reading):
        following = _bridged(reading, last)
        if following in ends:
            last = ends[following]
        elif _is_group(reading, last + 1, last):
            last += 1
        else:
            break
    while first > 0:
        if first - 1 in begins and _joins(reading, first - 1):
            first = begins[first - 1]
        elif _is_group(reading, first - 1, first - 1):
            first -= 1
        else:
            break
    if first > 1 and reading.words[first - 1] in _MISHEARD and cue_at(reading, first - 2)[1] >= 0:
        first -= 1
    return first, last


def _bridged(reading: Reading, last: int) -> int:
    """The word after `last`, past what people say or a recognizer writes inside a plate."""
    index = last + 1
    while index < len(reading) and index <= last + _MOST_BETWEEN and _joins(reading, index - 1):
        if reading.words[index] not in _BETWEEN:
            return index
        index += 1
    return index if index < len(reading) and _joins(reading, index - 1) else -1


def _joins(reading: Reading, index: int) -> bool:
    return reading.gap(index) in (" ", "-", ", ")


def _is_group(reading: Reading, index: int, gap: int) -> bool:
    """Whether a word beside a code may be letters of it: "vey-547", "835 ohp", "see 4"."""
    word = reading.words[index]
    if not word.isalpha() or len(word) > _SHORT or not _joins(reading, gap):
        return False
    if reading.gap(gap) == "-":
        return True
    raw = reading.text[reading.starts[index] : reading.ends[index]]
    if raw.isupper() and len(raw) > 1:
        return not reading.text.isupper()
    if word in LETTER_NAMES and word not in ("be", "see", "are", "you", "why", "oh", "in"):
        return True
    return word not in _STOPS and word not in FILLERS and word not in LINKS


def _is_cued(reading: Reading, first: int, last: int) -> bool:
    """Whether a word for plates stands before, or behind an "is", with small words between."""
    for index in range(first - 1, max(-1, first - 1 - _MOST_WORDS), -1):
        if index < first - 1 and reading.ends_sentence(index):
            break
        cue, begin = cue_at(reading, index)
        if begin >= 0:
            return cue is not None and cue.type == cues.PLATE
        if reading.words[index] not in LINKS and reading.words[index] not in _VEHICLES:
            break
    words = reading.words[last + 1 : last + 2]
    if words not in (["is"], ["as"], ["was"]):
        return False
    return any(
        cue is not None and cue.type == cues.PLATE
        for index in range(last + 2, min(last + 7, len(reading)))
        for cue, begin in (cue_at(reading, index),)
        if begin >= 0
    )


def _is_counting_only(reading: Reading, run: Run, first: int, last: int) -> bool:
    """ "the plate is two dollars": digits alone with a measure behind them."""
    following = reading.words[last + 1 : last + 2]
    alone = (first, last) == (run.first, run.last) and not run.letters
    return alone and (run.digits < 4 or following in (["dollars"], ["pounds"], ["euros"]))


def _is_vehicles(reading: Reading, run: Run, first: int, last: int) -> bool:
    """Whether a mixed code, as long as plates are, stands near a word for cars."""
    text = reading.text[reading.starts[first] : reading.ends[last]]
    letters = run.letters or (sum(map(str.isalpha, text)) if text.isupper() or "-" in text else 0)
    if not letters or run.digits < 2 or not 5 <= run.digits + letters <= 11:
        return False
    near = reading.words[max(0, first - _REACH) : last + _REACH]
    return not _VEHICLES.isdisjoint(near) and _MODELS.isdisjoint(
        reading.words[max(0, first - 1) : last + 1]
    )
