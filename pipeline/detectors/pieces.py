"""Reads one digit, number or letter of a code, said or written."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.detectors.number_words import (
    COMMON,
    LETTER_NAMES,
    SCALES,
    SOUND_ALIKE,
    SPELLING_WORDS,
    TEENS,
    TENS,
    TIMES,
    UNITS,
    ZEROS,
)
from pipeline.detectors.reading import Reading, word_set

DIGIT, NUMBER, WRITTEN, MIXED = "digit", "number", "written", "mixed"
LETTER, ALIKE, WEAK = "letter", "alike", "weak"
"""One spoken digit; a spoken number; digits; digits with letters; letters; a word that sounds
like a digit and is rare otherwise ("tree"); a word that sounds like one and is not ("to")."""
_ORDINAL = ("st", "nd", "rd", "th")
_UNITS_WRITTEN = word_set("am pm km mg ml kg gb mb hz mm cm ft lb k g s x p c f m w v")


@dataclass(slots=True)
class Piece:
    """Words `first` to `last` (both in it) that say `value`."""

    first: int
    last: int
    value: str
    kind: str


def piece_at(reading: Reading, index: int) -> Piece | None:
    """What word `index` and those after it say, if it is a digit, number or letter."""
    word = reading.words[index]
    value = SAYS.get(word)
    if value is not None:
        return _spoken(reading, index, word, value)
    if not word.isalpha():
        return _written(reading, index, word)
    if 2 <= len(word) <= 5 and _is_letters(reading, index, word):
        return Piece(index, index, word, LETTER)
    return None


def _is_letters(reading: Reading, index: int, word: str) -> bool:
    """Whether letters are part of a written code: "PFA 569", "nwbk 3090"."""
    raw = reading.text[reading.starts[index] : reading.ends[index]]
    if not word.isascii() or not (raw.isupper() or _VOWELS.isdisjoint(word)):
        return False
    sides = []
    if index and reading.gap(index - 1) in (" ", "-"):
        sides.append(reading.words[index - 1])
    if index + 1 < len(reading) and reading.gap(index) in (" ", "-"):
        sides.append(reading.words[index + 1])
    hyphened = "-" in (reading.gap(index), reading.gap(index - 1) if index else "")
    return (hyphened or word not in _ABBREVIATIONS) and any(
        any(map(str.isdecimal, side)) for side in sides
    )


def _spoken(reading: Reading, index: int, word: str, value: tuple[str, str]) -> Piece | None:
    kind, said = value
    if word == "o" and (letter := _letter(reading, index, word)).last > index:
        return letter
    if kind in (DIGIT, NUMBER):
        return _number(reading, index)
    if kind == "times":
        return _times(reading, index, int(said))
    if kind == LETTER:
        return _letter(reading, index, said)
    return Piece(index, index, said, kind)


def _times(reading: Reading, index: int, times: int) -> Piece | None:
    """ "double five", "triple um nine", "double u"."""
    said = index + 1
    if said + 1 < len(reading) and reading.words[said] in ("uh", "um", "er"):
        said += 1
    if said >= len(reading) or not reading.gap(said - 1).isspace():
        return None
    word = reading.words[said]
    if word == "u" and times == 2:
        return Piece(index, said, "w", LETTER)
    kind, value = SAYS.get(word, ("", ""))
    if kind in (DIGIT, ALIKE) or (kind == LETTER and len(word) == 1):
        return Piece(index, said, value * times, DIGIT if value.isdecimal() else LETTER)
    if len(word) == 1 and word.isdecimal():
        return Piece(index, said, word * times, WRITTEN)
    return None


def _letter(reading: Reading, index: int, letter: str) -> Piece:
    """A letter, with the word that stands for it: "b as in boy", "d for dog"."""
    words = reading.words
    if letter == "x" and index + 1 < len(words) and words[index + 1] == "ray":
        return Piece(index, index + 1, letter, LETTER)
    for link in (("as", "in"), ("for",), ("like",), ("is", "for")):
        end = index + 1 + len(link)
        if end >= len(words) or not reading.has(index + 1, link):
            continue
        if words[end][0] == letter and len(words[end]) > 1 and words[end] not in UNITS:
            return Piece(index, end, letter, LETTER)
    return Piece(index, index, letter, LETTER)


def _number(reading: Reading, index: int) -> Piece:
    """A spoken number: "five", "forty one", "two thousand two hundred and twenty seven"."""
    words = reading.words
    if words[index] in ZEROS:
        return Piece(index, index, "0", DIGIT)
    end, value = _below_thousand(words, index)
    total, largest = 0, 1_000_000_000
    while end < len(words) and 100 < (scale := SCALES.get(words[end], 0)) < largest:
        total, largest = total + value * scale, scale
        end, value = end + 1, 0
        if (after := _after_and(words, end)) >= 0:
            end, value = _below_thousand(words, after)
    kind = DIGIT if end == index + 1 and words[index] in UNITS else NUMBER
    return Piece(index, end - 1, str(total + value), kind)


def _below_thousand(words: list[str], index: int) -> tuple[int, int]:
    """The word after a number below ten thousand ("twenty two hundred") and the number."""
    end, value = _below_hundred(words, index)
    if end < len(words) and words[end] == "hundred":
        end, value = end + 1, value * 100
        after = _after_and(words, end)
        if after >= 0:
            further, small = _below_hundred(words, after)
            if further >= len(words) or words[further] != "hundred":
                end, value = further, value + small
    return end, value


def _after_and(words: list[str], index: int) -> int:
    """The word at which a smaller number goes on, past an "and", or -1."""
    after = index + 1 if index < len(words) and words[index] == "and" else index
    return after if after < len(words) and words[after] in _BELOW else -1


def _below_hundred(words: list[str], index: int) -> tuple[int, int]:
    word = words[index]
    if word in TENS:
        if index + 1 < len(words) and words[index + 1] in UNITS:
            return index + 2, TENS[word] + UNITS[words[index + 1]]
        return index + 1, TENS[word]
    return index + 1, TEENS.get(word) or UNITS[word]


def _written(reading: Reading, index: int, word: str) -> Piece | None:
    """Digits, or digits with letters; "3rd", "10am" and "5kg" are no codes."""
    if word.isdecimal():
        if word.isascii():
            return _grouped(reading, index, word)
        return Piece(index, index, word, WRITTEN)
    if not word.isalnum() or not any(map(str.isdecimal, word)):
        return None
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    if digits.isdecimal() and word[len(digits) :] in _ORDINAL:
        return None
    if digits.isdecimal() and word[len(digits) :] in _UNITS_WRITTEN and len(digits) < 4:
        return None
    return Piece(index, index, word, MIXED)


def _grouped(reading: Reading, index: int, word: str) -> Piece:
    """ "31,000": one number, whatever the commas."""
    last, value = index, word
    while (
        len(word) <= 3
        and last + 1 < len(reading)
        and reading.gap(last) == ","
        and len(reading.words[last + 1]) == 3
        and reading.words[last + 1].isdecimal()
    ):
        last += 1
        value += reading.words[last]
    return Piece(index, last, value, WRITTEN)


_VOWELS = frozenset("aeiouy")
_ABBREVIATIONS = word_set(
    """
    st rd nd th mr mrs ms dr apt str blvd ln pl ct ft hwy pkwy sq zip tv am pm fm hr hrs min
    mph km kg mg ml lb lbs tbsp tsp db rpm bpm khz mhz hz cm mm vs no box usd gbp eur po ext
    cc id
    """
)
_BELOW = UNITS.keys() | TEENS.keys() | TENS.keys()
SAYS: dict[str, tuple[str, str]] = (
    {word: (WEAK, letter) for word, letter in LETTER_NAMES.items()}
    | {word: (WEAK if word in COMMON else ALIKE, digit) for word, digit in SOUND_ALIKE.items()}
    | {word: (LETTER, letter) for word, letter in SPELLING_WORDS.items()}
    | {letter: (LETTER, letter) for letter in "abcdefghijklmnopqrstuvwxyz"}
    | dict.fromkeys(ZEROS, (DIGIT, "0"))
    | {word: (DIGIT, str(value)) for word, value in UNITS.items()}
    | {word: (NUMBER, str(value)) for word, value in (TEENS | TENS).items()}
    | {word: ("times", str(times)) for word, times in TIMES.items()}
)
