"""Finds dates of birth, and the dates on cards."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.types import Finding
from pipeline.detectors.number_words import CORRECTING, FILLERS, SCALES, TEENS, TENS, UNITS, ZEROS
from pipeline.detectors.reading import Reading, word_set

TYPES = ("DATE_OF_BIRTH", "CARD_EXPIRY")
NAME = "births"
MONTHS = word_set(
    """
    january february march april may june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec
    """
)
_ORDINALS = word_set(
    """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    thirtieth
    """
)
_HOLIDAYS = word_set(
    """
    christmas eve new years year's boxing halloween valentine's thanksgiving easter
    independence armistice leap patrick's fools last sunday monday tuesday wednesday thursday
    friday saturday midsummer bastille
    """
)
"""Days with a name: they count where a date of birth was announced."""
_SMALL = word_set(
    """
    slash dash the of on in it's is was to and day month year at for four ate won too
    """
)
_NUMBERS = frozenset((*UNITS, *ZEROS, *TEENS, *TENS, *SCALES))
_LINKS = (
    word_set(
        """
    is on in was the it's date day my his her their to a year back of and at birth
    """
    )
    | FILLERS
)
_NO_BIRTH = word_set(
    """
    party parties gift gifts card cards present presents cake dinner wishes song
    """
)
_ASKS = word_set("who who's whose")
_STRONG = frozenset(("born", "birthdate", "dob", "birthdates", "birthed"))
_BABIES = word_set("baby twins triplets babies")
_EXPIRY = word_set("expires expiring expiry expiration expire expired exp valid")
_LONGEST = 14
_FEW = 3
"""Words that may stand between a date and "born" behind it."""


def find_births(reading: Reading) -> Iterator[Finding]:
    """Every date after "born", "date of birth", "birthday", and after "expires" for a card."""
    for index in range(len(reading)):
        kind, sure = _cue(reading, index)
        if not kind:
            continue
        first = index + 1
        while first < len(reading) and first - index < 7 and reading.words[first] in _LINKS:
            first += 1
        last, worth = _date(reading, first, sure=sure)
        if first > index + 1 and reading.words[first - 1] == "the":
            first -= 1
        if worth == 0 and reading.words[index] == "born":
            first, last, worth = _before(reading, index)
        if worth >= (1 if sure else 2):
            yield Finding(reading.starts[first], reading.ends[last], kind, 0.85, "rules", NAME)


def _cue(reading: Reading, index: int) -> tuple[str, bool]:  # noqa: PLR0911  # a case, an answer
    """The type that word `index` announces, and whether a part of a date is enough."""
    words = reading.words
    word = words[index]
    if not _ASKS.isdisjoint(words[max(0, index - 3) : index]):
        return "", False
    if word in _STRONG:
        return "DATE_OF_BIRTH", True
    if word == "birth" and index > 1 and words[index - 1] == "of":
        return "DATE_OF_BIRTH", True
    if word == "b" and words[max(0, index - 2) : index] == ["d", "o"]:
        return "DATE_OF_BIRTH", True
    if word in ("birthday", "birthday's", "bday", "birthdays"):
        following = words[index + 1 : index + 2]
        if following and following[0] in _NO_BIRTH:
            return "", False
        said = bool(following) and following[0] in ("is", "was")
        return "DATE_OF_BIRTH", said or word == "birthday's"
    if word == "on" and index > 1 and _comes_of_age(words, index):
        return "DATE_OF_BIRTH", False
    if word in ("came", "arrived") and not _BABIES.isdisjoint(words[max(0, index - 3) : index]):
        return "DATE_OF_BIRTH", False
    if word in ("expiry", "expiration"):
        return "CARD_EXPIRY", False
    if word in _EXPIRY and not {"card", "visa", "mastercard", "amex", "credit", "debit"}.isdisjoint(
        words[max(0, index - 30) : index]
    ):
        return "CARD_EXPIRY", True
    return "", False


def _comes_of_age(words: list[str], on: int) -> bool:
    """ "I'll be fifty on May 5th"."""
    near = words[max(0, on - 4) : on]
    turns = not {"be", "turn", "turns", "turning", "turned"}.isdisjoint(near)
    return turns and (words[on - 1] in _NUMBERS or words[on - 1].isdecimal())


def _before(reading: Reading, born: int) -> tuple[int, int, int]:
    """The date that ends just before "born": "on may third nineteen eighty ada was born"."""
    for first in range(max(0, born - _LONGEST), born):
        if reading.words[first] in _SMALL:
            continue
        last, worth = _date(reading, first, sure=False)
        if worth == 2 and last >= born - _FEW:
            return first, last, worth
    return born, born, 0


def _date(reading: Reading, first: int, *, sure: bool) -> tuple[int, int]:
    """The last word of the date that begins at word `first`, and how much of a date it is.

    0: none; 1: a day, a month or a year; 2: more than one of them, with a month or three numbers.
    """
    words = reading.words
    last, months, days, numbers = first - 1, 0, 0, 0
    index = first
    while index < len(words) and index - first < _LONGEST:
        word = words[index]
        if word in MONTHS:
            months += 1
        elif word in _ORDINALS or (word[0].isdecimal() and word[-2:] in ("st", "nd", "rd", "th")):
            days += 1
        elif word in _NUMBERS or word.isdecimal():
            numbers += 1
        elif word in _HOLIDAYS and sure:
            days += 1
        elif word in _SMALL or word in FILLERS or word in CORRECTING:
            months = 0 if word in CORRECTING else months
            index += 1
            continue
        else:
            break
        last = index
        if _ends(reading, index) or months > 1 or _parts(reading, index):
            break
        index += 1
    if months + days + numbers == 0:
        return last, 0
    if _follows_measure(words, last):
        return last, 0
    worth = 2 if (months and days + numbers) or numbers >= 3 or (days and numbers) else 1
    return last, worth


def _ends(reading: Reading, index: int) -> bool:
    """Whether a sentence ends after word `index`; not so in "3. Mai"."""
    if not reading.ends_sentence(index):
        return False
    following = reading.words[index + 1 : index + 2]
    return not (reading.words[index].isdecimal() and MONTHS.intersection(following))


def _parts(reading: Reading, index: int) -> bool:
    """Whether a comma after word `index` ends the date: "09/28, and the three ..."."""
    if "," not in reading.gap(index) or index + 1 >= len(reading):
        return False
    following = reading.words[index + 1]
    return following in _SMALL or not (following in _NUMBERS or following[0].isdecimal())


def _follows_measure(words: list[str], last: int) -> bool:
    """ "born five minutes ago", "expires in three days"."""
    return last + 1 < len(words) and words[last + 1] in (
        "minutes", "hours", "days", "weeks", "months", "years", "day", "week", "month", "year",
        "minute", "hour", "pounds", "am", "pm", "a", "p",
    )  # fmt: skip
