"""Reads German, French and Spanish as if the words that matter were English.

Number words, letters, the signs of an address, and the words that announce or measure a number
become the English ones, each with the place of what was said; then the same rules read them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.detectors.language_tables import (
    FRENCH,
    FRENCH_NUMBERS,
    GERMAN,
    GERMAN_NUMBERS,
    SPANISH,
    SPANISH_NUMBERS,
)
from pipeline.detectors.number_words import TEENS, TENS, UNITS
from pipeline.detectors.pieces import SAYS
from pipeline.detectors.reading import Reading
from pipeline.detectors.words import fold

Language: TypeAlias = Literal["en", "de", "fr", "es"]

_BY_VALUE = {value: word for word, value in (UNITS | TEENS | TENS).items() if word != "fourty"} | {
    0: "zero", 5: "five", 9: "nine",
}  # fmt: skip
_LONGEST = 4
"""Words of the longest phrase in the tables."""


class Translated(Reading):
    """A reading of which several words may stand for one that was said."""

    def gap(self, index: int) -> str:
        """What lies between word `index` and the next; a space inside what was one word."""
        if index + 1 < len(self.starts) and self.starts[index + 1] == self.starts[index]:
            return " "
        return Reading.gap(self, index)

    def before(self, index: int) -> str:
        """What lies between word `index` and the one before it."""
        return self.gap(index - 1) if index else Reading.before(self, index)


@dataclass(frozen=True, slots=True)
class _Tongue:
    words: dict[tuple[str, ...], list[str]]
    numbers: Callable[[list[str], int], tuple[int, list[str]]]
    """How many words from here on say a number, and the English words for it."""


def translate(reading: Reading, language: Language) -> Reading:
    """The reading with what the rules know in English; it is given back where it is English."""
    if language == "en":
        return reading
    tongue = _TONGUES[language]
    keys = [fold(word).replace("ß", "ss") for word in reading.words]
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    index = 0
    while index < len(keys):
        is_ending = words[-1:] == ["dot"] and len(keys[index]) == 2
        size, said = (0, []) if is_ending else _read(tongue, keys, index)
        if not size:
            size, said = 1, [_foreign(keys[index])]
        words += said
        starts += [reading.starts[index]] * len(said)
        ends += [reading.ends[index + size - 1]] * len(said)
        index += size
    return Translated(reading.text, words, starts, ends)


def _read(tongue: _Tongue, keys: list[str], index: int) -> tuple[int, list[str]]:
    for size in range(min(_LONGEST, len(keys) - index), 1, -1):
        said = tongue.words.get(tuple(keys[index : index + size]))
        if said is not None:
            return size, said
    size, said_number = tongue.numbers(keys, index)
    if size:
        return size, said_number
    said = tongue.words.get((keys[index],))
    return (1, said) if said is not None else (0, [])


def _foreign(word: str) -> str:
    """A word that no table knows; one that means a digit or a letter in English does not here."""
    return f"_{word}" if word in SAYS and len(word) > 1 else word


def _below_hundred(value: int) -> list[str]:
    if value in _BY_VALUE:
        return [_BY_VALUE[value]]
    return [_BY_VALUE[value // 10 * 10], _BY_VALUE[value % 10]]


def _german(keys: list[str], index: int) -> tuple[int, list[str]]:
    """ "siebenundvierzig", "sieben und vierzig", "zweihundertdrei", "neunzehnhundertachtzig"."""
    unit = GERMAN_NUMBERS.get(keys[index], 0)
    if 0 < unit < 10 and keys[index + 1 : index + 2] == ["und"] and index + 2 < len(keys):
        tens = GERMAN_NUMBERS.get(keys[index + 2], 0)
        if tens >= 20:
            return 3, _below_hundred(tens + unit)
    said = _compound(keys[index])
    return (1, said) if said else (0, [])


def _compound(word: str) -> list[str]:
    """A German number written as one word; nothing where it is none."""
    if word in GERMAN_NUMBERS:
        return _below_hundred(GERMAN_NUMBERS[word])
    for scale, english in (("tausend", "thousand"), ("hundert", "hundred")):
        left, found, right = word.partition(scale)
        if found:
            before = _compound(left) if left else ["one"]
            after = _compound(right.removeprefix("und")) if right else []
            return [*before, english, *after] if before and bool(after) == bool(right) else []
    unit, found, tens = word.partition("und")
    if found and GERMAN_NUMBERS.get(tens, 0) >= 20 and 0 < GERMAN_NUMBERS.get(unit, 0) < 10:
        return _below_hundred(GERMAN_NUMBERS[tens] + GERMAN_NUMBERS[unit])
    return []


def _french(keys: list[str], index: int) -> tuple[int, list[str]]:
    """ "soixante et onze", "quatre vingt dix sept", "cent vingt"."""
    value, end = FRENCH_NUMBERS.get(keys[index], -1), index + 1
    if value < 0:
        return _scale(keys, index, FRENCH_NUMBERS, {"cent": 100, "cents": 100, "mille": 1000})
    if value == 4 and end < len(keys) and keys[end] in ("vingt", "vingts"):
        value, end = 80, end + 1
    most = {20: 9, 30: 9, 40: 9, 50: 9, 60: 19, 80: 19, 10: 9}.get(value, 0)
    after = end + (most > 0 and keys[end : end + 1] == ["et"])
    more = FRENCH_NUMBERS.get(keys[after], -1) if most and after < len(keys) else -1
    if 0 < more <= most and not (value == 10 and more < 7):
        value, end = value + more, after + 1
        teens = value in (70, 90)
        if teens and end < len(keys) and FRENCH_NUMBERS.get(keys[end], -1) in (7, 8, 9):
            value, end = value + FRENCH_NUMBERS[keys[end]], end + 1
    return end - index, _below_hundred(value)


def _spanish(keys: list[str], index: int) -> tuple[int, list[str]]:
    """ "treinta y cuatro", "seiscientos doce", "mil"."""
    value = SPANISH_NUMBERS.get(keys[index], -1)
    if value < 0:
        return _scale(keys, index, SPANISH_NUMBERS, {"cien": 100, "ciento": 100, "mil": 1000})
    if value >= 200:
        return 1, [_BY_VALUE[value // 100], "hundred"]
    unit = SPANISH_NUMBERS.get(keys[index + 2], 0) if index + 2 < len(keys) else 0
    if value >= 30 and keys[index + 1] == "y" and 0 < unit < 10 if unit else False:
        return 3, _below_hundred(value + unit)
    return 1, _below_hundred(value)


def _scale(
    keys: list[str], index: int, numbers: dict[str, int], scales: dict[str, int]
) -> tuple[int, list[str]]:
    """ "cent" and "mille": one of them, unless a number says how many."""
    scale = scales.get(keys[index], 0)
    if not scale:
        return 0, []
    english = "hundred" if scale == 100 else "thousand"
    counted = index > 0 and keys[index - 1] in numbers | scales
    return 1, [english] if counted else ["one", english]


def _table(phrases: dict[str, str]) -> dict[tuple[str, ...], list[str]]:
    return {
        tuple(phrase.split()): english.split()
        for english, foreign in phrases.items()
        for phrase in foreign.split("|")
    }


_TONGUES = {
    "de": _Tongue(_table(GERMAN), _german),
    "fr": _Tongue(_table(FRENCH), _french),
    "es": _Tongue(_table(SPANISH), _spanish),
}
