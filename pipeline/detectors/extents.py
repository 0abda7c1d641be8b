"""Tells how far a code goes: the words before and behind its digits that are a part of it."""

from __future__ import annotations

from assistant.types import Finding
from pipeline.detectors import cues
from pipeline.detectors.announced import COPULAS, LINKS
from pipeline.detectors.checks import is_iban_country, starts_like_iban
from pipeline.detectors.cues import cue_at
from pipeline.detectors.number_words import COMMON, CORRECTING, FILLERS, LETTER_NAMES, MISHEARD
from pipeline.detectors.numbers import Run
from pipeline.detectors.reading import Reading, word_set

_LEADING = word_set("to is are was number it's that's ends in")
_NO_LINKS = word_set("free tree sex heaven hate fight")
"""Of the words that recognizers write for digits those that hardly follow a number."""


def extent(reading: Reading, run: Run, kind: str, score: float) -> Finding:
    """The finding of a run of this type, with the words at its edges that are a part of it."""
    first, last = _begin(reading, run, kind), _end(reading, run)
    if run.letters or kind == cues.CODE:
        first, last = _chunk(reading, first, last)
    start = reading.starts[first]
    before = reading.before(first)
    start -= len(before) - len(before.rstrip("+(#"))
    return Finding(start, reading.ends[last], kind, score, "rules", "codes")


def _begin(reading: Reading, run: Run, kind: str) -> int:
    """The first word: a letter, a misheard digit, "area code" or "plus" may stand before."""
    first, words = run.first, reading.words
    if first and words[first - 1] in LETTER_NAMES and reading.gap(first - 1) == " ":
        cued = first > 1 and words[first - 2] in _LEADING
        if cued or words[first - 1] not in _COMMON:
            first -= 1
    if (kind in _WITH_LETTERS or run.phrases >= 5) and _is_part(reading, first - 1):
        first -= 1
    if kind == cues.IBAN and first and not starts_like_iban(run.code):
        first -= is_iban_country(words[first - 1]) and words[first - 1] != "is"
    first = _led(reading, first, run)
    if kind == cues.PHONE and words[max(0, first - 2) : first] == ["area", "code"]:
        first -= 2
    if first and words[first - 1] == "plus" and run.digits >= 8:
        first -= 1
    return first


def _end(reading: Reading, run: Run) -> int:
    """The last word: a recognizer may have written a digit as a word."""
    last = run.last
    following = reading.words[last + 1 : last + 3]
    if following and following[0] in MISHEARD | COMMON and reading.gap(last) == " ":
        ends = following[1:] in ([], ["is"], ["and"], ["please"], ["thanks"])
        last += ends or following[0] in _NO_LINKS
    return last


def _led(reading: Reading, first: int, run: Run) -> int:
    """Take a first digit with the code that the recognizer wrote as a word: "is for um two"."""
    words = reading.words
    index = first - 1
    while index > 0 and (words[index] in FILLERS or words[index] in CORRECTING):
        index -= 1
    if index < 0 or words[index] not in MISHEARD | COMMON or index < first - 3:
        return first
    if index == 0:
        return index if run.phrases >= 5 else first
    long = index < first - 1 or run.phrases >= 5
    led = words[index - 1] in _LEADING or (
        long and (words[index - 1] in ("on", "at") or cue_at(reading, index - 1)[1] >= 0)
    )
    return index if led else first


def _is_part(reading: Reading, index: int) -> bool:
    """Whether a word between a cue and its digits is a part of the code: "licence is morgan 65"."""
    if index < 1 or reading.words[index] in LINKS or reading.gap(index) != " ":
        return False
    if cue_at(reading, index)[1] >= 0:
        return False
    return reading.words[index - 1] in COPULAS or cue_at(reading, index - 1)[1] >= 0


_WITH_LETTERS = frozenset((cues.PLATE, cues.DOCUMENT))


def _chunk(reading: Reading, first: int, last: int) -> tuple[int, int]:
    """Widen a written code to what hyphens join: "sk-test-9f3kd82"."""
    while first and reading.gap(first - 1) in ("-", "_"):
        first -= 1
    while last + 1 < len(reading) and reading.gap(last) in ("-", "_"):
        last += 1
    return first, last


_COMMON = word_set(
    """
    be see you are in and as why eye hey oh okay sea tea queue el
    """
)
