"""Finds addresses that were announced, and streets that are somebody's home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.types import Finding
from pipeline.detectors.number_words import FILLERS
from pipeline.detectors.numbers import Run
from pipeline.detectors.reading import Reading, word_set
from pipeline.detectors.street_words import (
    FAMOUS,
    FOREIGN_BEFORE,
    FOREIGN_ENDINGS,
    HOMELY,
    MILITARY,
    NO_STREET,
    RIDE_CUES,
    STREETS,
    SURE_CUES,
    TAIL_STOPS,
)
from pipeline.detectors.streets import is_parted, is_titled, tail_of

TYPES = ("ADDRESS",)
NAME = "homes"


def find_homes(reading: Reading, runs: Sequence[Run]) -> Iterator[Finding]:
    """Every place after "my address is", every home street, and every corner of two streets."""
    numbers = {index: run for run in runs for index in range(run.first, run.last + 1)}
    yield from _announced(reading, numbers)
    yield from _homes(reading, numbers)
    yield from _corners(reading)
    yield from _squares(reading)


def _homes(reading: Reading, numbers: dict[int, Run]) -> Iterator[Finding]:
    """ "the blue house on Quarry Lane": a street without a number, near words of home."""
    words = reading.words
    for index, word in enumerate(words):
        if word not in STREETS or index == 0 or words[index - 1] in FAMOUS | NO_STREET:
            continue
        first = index - 1
        while first and index - first < 3 and words[first - 1] not in NO_STREET | STREETS:
            if is_parted(reading, first - 1) or first - 1 in numbers:
                break
            first -= 1
        if not HOMELY.isdisjoint(words[max(0, first - 7) : first]) and not is_titled(
            reading, first
        ):
            last = tail_of(reading, index, numbers)
            yield Finding(reading.starts[first], reading.ends[last], "ADDRESS", 0.6, "rules", NAME)


def _announced(reading: Reading, numbers: dict[int, Run]) -> Iterator[Finding]:
    """ "my address is ..." and "I live on ...": what follows, if a number or a street is in it."""
    words = reading.words
    index = 0
    while index < len(words):
        first = _after_cue(reading, index)
        if first > index:
            last = tail_of(reading, first - 1, numbers)
            if _is_place(reading, index, first, last, numbers):
                yield Finding(
                    reading.starts[first], reading.ends[last], "ADDRESS", 0.75, "rules", NAME
                )
                index = last
        index += 1


def _is_place(reading: Reading, cue: int, first: int, last: int, numbers: dict[int, Run]) -> bool:
    """Whether what was announced is a place: it has a number, a street, or was called one."""
    words = reading.words
    inside = range(first, last + 1)
    named = any(
        words[i] in STREETS | MILITARY | FOREIGN_BEFORE or words[i].endswith(FOREIGN_ENDINGS)
        for i in inside
    )
    if words[cue] in RIDE_CUES | _HOMES:
        return named or (first in numbers and last > numbers[first].last)
    if words[cue].startswith("address") and not named:
        before = words[cue - 1] if cue else ""
        return before not in _OTHER_ADDRESSES and last > first and words[first] not in NO_STREET
    return named or any(i in numbers for i in inside)


_OTHER_ADDRESSES = word_set(
    """
    email mail e ip i p mac web website server's router's server router url internet network
    """
)


def _after_cue(reading: Reading, index: int) -> int:
    """The word at which an announced address begins, or `index` where none is announced."""
    words = reading.words
    if words[index] not in SURE_CUES:
        return index
    after = index + 1
    linked = ":" in reading.gap(index)
    while after < len(words) and words[after] in _LINKS | FILLERS and after - index < 5:
        linked = True
        after += 1
    if after >= len(words) or (not linked and words[index] not in ("address", "addresses")):
        return index
    if not words[index].startswith("address") and words[after] in NO_STREET:
        return index
    if words[index] in RIDE_CUES and words[after - 1] not in ("to", "at"):
        return index
    if words[index] in _HOMES and words[after - 1] not in ("at", "is"):
        return index
    return after


_HOMES = word_set("office offices house flat home")
_LINKS = word_set(
    """
    with is at on in to it's now that's that the home new as from up over
    """
)


def _squares(reading: Reading) -> Iterator[Finding]:
    """ "what three words is filled dot count dot soap": a square of three metres."""
    words = reading.words
    for index in range(len(words) - 5):
        if words[index] != "what" or words[index + 1] not in ("three", "3"):
            continue
        first = index + 3
        while first < len(words) and words[first] in _SQUARE_LINKS | FILLERS:
            first += 1
        said = first > index + 3 or words[max(0, index - 1)] in ("at", "on")
        places = [i for i in range(first, min(len(words), first + 5)) if words[i] != "dot"][:3]
        if said and len(places) == 3 and NO_STREET.isdisjoint(words[i] for i in places):
            start, end = reading.starts[first], reading.ends[places[-1]]
            yield Finding(start, end, "ADDRESS", 0.8, "rules", NAME)


_SQUARE_LINKS = word_set("is are it's address location says for at on us here there")


def _corners(reading: Reading) -> Iterator[Finding]:
    """ "the corner of fifth and main": two streets and "corner of"."""
    words = reading.words
    for index in range(len(words) - 3):
        if words[index] == "corner" and words[index + 1] == "of":
            last, joined = index + 1, False
            for after in range(index + 2, min(len(words), index + 14)):
                if words[after] == "and":
                    if joined:
                        break
                    joined = True
                elif words[after] in TAIL_STOPS or reading.ends_sentence(last):
                    break
                last = after
            if joined and words[last] != "and":
                first = index - 1 if index and words[index - 1] == "the" else index
                yield Finding(
                    reading.starts[first], reading.ends[last], "ADDRESS", 0.8, "rules", NAME
                )
