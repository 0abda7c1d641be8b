"""Finds numbers that were said digit by digit: "five five five oh one two"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.types import Finding, Transcript
from pipeline.detectors.patterns import passes_luhn

FEWEST = 4
"""Digits in a row that make a number of somebody's; "channel one two three" is none."""
SCORE = 0.8

_FIGURES = {
    word: str(index)
    for index, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
} | {"oh": "0", "o": "0", "nought": "0", "niner": "9"}
_TIMES = {"double": 2, "triple": 3}
_BETWEEN = frozenset({"dash", "hyphen", "space", "uh", "um", "er", "plus"})
_WORD = re.compile(r"[^\W_]+")


class SpokenDigits:
    """Finds four or more digits in a row, at least half of them words."""

    name = "spoken digits"

    def find(self, transcript: Transcript) -> list[Finding]:
        """Every such row; of type CREDIT_CARD where it passes the card check."""
        text = transcript.text.reveal()
        return [
            Finding(row[0].start(), row[-1].end(), _type(digits), SCORE, self.name)
            for row, digits in _rows(list(_WORD.finditer(text)))
            if len(digits) >= FEWEST
        ]


def _type(digits: str) -> str:
    return "CREDIT_CARD" if 13 <= len(digits) <= 19 and passes_luhn(digits) else "PHONE_NUMBER"


def _rows(words: Sequence[re.Match[str]]) -> Iterator[tuple[list[re.Match[str]], str]]:
    """Rows of words that say digits, from the first to the last that does, and the digits."""
    row: list[re.Match[str]] = []
    digits = ""
    pending: list[re.Match[str]] = []
    times = 1
    for match in words:
        word = match[0].casefold()
        said = _FIGURES.get(word) or (word if word.isdecimal() and len(word) <= 4 else None)
        if said is not None:
            row += (*pending, match)
            digits += said[0] * (times - 1) + said
            pending, times = [], 1
        elif word in _TIMES:
            pending.append(match)
            times = _TIMES[word]
        elif row and word in _BETWEEN:
            pending.append(match)
        else:
            yield from _worth(row, digits)
            row, digits, pending, times = [], "", [], 1
    yield from _worth(row, digits)


def _worth(row: list[re.Match[str]], digits: str) -> Iterator[tuple[list[re.Match[str]], str]]:
    """Digits that are all written as digits are the patterns' business, not ours."""
    if row and 2 * sum(match[0].isalpha() for match in row) >= len(row):
        yield row, digits
