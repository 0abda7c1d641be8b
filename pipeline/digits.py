"""Digits as people say them: "one two three four", "twelve thirty four", "double five"."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNITS = {
    word: str(digit)
    for digit, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
}
ZEROS = ("oh", "o", "nought", "naught", "null")
"""Other words for zero."""
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
TEENS = {word: str(number) for number, word in enumerate(_TEENS.split(), start=10)}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {word: str(digit) for digit, word in enumerate(_TENS.split(), start=2)}
TIMES = {"double": 2, "triple": 3}
SHORTEST, LONGEST = 4, 12
"""Digits of a PIN."""

_DIGIT = UNITS | dict.fromkeys(ZEROS, "0")
_TOKEN = re.compile(r"\d|[^\W\d_]+(?:'[^\W\d_]+)*")
_FILLERS = frozenset({"um", "uh", "er", "erm", "hm", "hmm", "mm", "please", "it's", "its", "and"})
_LEAD = (("the", "pin", "is"), ("my", "pin", "is"), ("pin", "is"), ("the", "pin"), ("pin",))


def spoken_digits(text: str) -> str | None:
    """The digits that a text says, and nothing else; None where it says anything else, too.

    "twenty one" is 21, "twenty" is 20, "five hundred" 500, "two thousand and six" 2006; digits
    that are written ("1 2-34") stand for themselves.
    """
    words = [word for word in _TOKEN.findall(text.casefold()) if word not in _FILLERS]
    for lead in _LEAD:
        if tuple(words[: len(lead)]) == lead:
            words = words[len(lead) :]
            break
    said: list[str] = []
    index = 0
    while index < len(words):
        digits, index = _next(words, index)
        if not digits:
            return None
        said.append(digits)
    return "".join(said) or None


def _next(words: Sequence[str], index: int) -> tuple[str, int]:
    """The digits that the next words say, and where they end; no digits: something else."""
    word = words[index]
    if word in TIMES:
        digit = _digit(words, index + 1)
        return (digit * TIMES[word], index + 2) if digit else ("", index)
    if (thousands := _scaled(words, index, "thousand")) is not None:
        return thousands
    if (hundreds := _scaled(words, index, "hundred")) is not None:
        return hundreds
    return _below_hundred(words, index)


def _scaled(words: Sequence[str], index: int, scale: str) -> tuple[str, int] | None:
    """ "two thousand six", "twelve hundred and four": a number with its scale in it."""
    head, after = _below_hundred(words, index)
    if not head or after >= len(words) or words[after] != scale or word_is_digit(words[index]):
        return None
    places = 3 if scale == "thousand" else 2
    rest, end = "", after + 1
    if end < len(words) and scale == "thousand":
        hundreds = _scaled(words, end, "hundred")
        if hundreds is not None:
            rest, end = hundreds
    if not rest and end < len(words):
        rest, end = _below_hundred(words, end)
    return (head + rest.zfill(places), end) if len(rest) <= places else None


def _below_hundred(words: Sequence[str], index: int) -> tuple[str, int]:
    word = words[index]
    if word in TEENS:
        return TEENS[word], index + 1
    if word in TENS:
        unit = UNITS.get(words[index + 1], "") if index + 1 < len(words) else ""
        return (TENS[word] + unit, index + 2) if unit > "0" else (TENS[word] + "0", index + 1)
    digit = _digit(words, index)
    return digit, index + 1


def _digit(words: Sequence[str], index: int) -> str:
    if index >= len(words):
        return ""
    word = words[index]
    return word if word_is_digit(word) else _DIGIT.get(word, "")


def word_is_digit(word: str) -> bool:
    """Whether it is a written digit."""
    return len(word) == 1 and word in "0123456789"
