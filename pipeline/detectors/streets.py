"""Finds street addresses: "twelve elm street apartment five", "Hauptstraße 3", "po box 99"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.types import Finding
from pipeline.detectors.number_words import CORRECTING, FILLERS
from pipeline.detectors.numbers import Run
from pipeline.detectors.reading import Reading, word_set
from pipeline.detectors.street_words import (
    CUES,
    DIRECTIONS,
    ESTATES,
    FAMOUS,
    FOREIGN_BEFORE,
    FOREIGN_ENDINGS,
    HOMES,
    MILITARY,
    NO_STREET,
    ROOMS,
    SOFT_STREETS,
    STATES,
    STREETS,
    TAIL_STOPS,
    UNITS,
)

TYPES = ("ADDRESS",)
NAME = "streets"
_NAME_WORDS = 4
"""Words of a street's name, at most."""
_TAIL = 14
"""Words of town, state and country after a street, at most."""
_CUE_REACH = 6
_TITLES = word_set("play watch listen song album movie film episode read")
_CUES = frozenset(CUES)


def find_streets(reading: Reading, runs: Sequence[Run]) -> Iterator[Finding]:
    """Every street address, with flat, town, state and code where they follow."""
    numbers = {index: run for run in runs for index in range(run.first, run.last + 1)}
    done = -1
    for run in runs:
        if run.first <= done:
            continue
        place = _numbered(reading, run, numbers) or _boxed(reading, run, numbers)
        if place is not None:
            first, last, score = place
            first = max(_flat(reading, first, numbers), done + 1)
            done = tail_of(reading, last, numbers)
            yield Finding(
                reading.starts[first], reading.ends[done], "ADDRESS", score, "rules", NAME
            )


def _numbered(reading: Reading, run: Run, numbers: dict[int, Run]) -> tuple[int, int, float] | None:
    """First word, last word and score of a street with its number before or behind it."""
    if len(run.code) > 12 or ":" in run.marks or is_titled(reading, run.first):
        return None
    place = _street_after(reading, run, numbers)
    if place is not None:
        return place
    return _street_before(reading, run)


def _street_after(  # noqa: PLR0911, PLR0912  # a case, an answer
    reading: Reading, run: Run, numbers: dict[int, Run]
) -> tuple[int, int, float] | None:
    """ "twelve elm street": the words between number and street type must be able to be a name."""
    words = reading.words
    index = run.last + 1
    named = 0
    if run.digits == 0:
        return None
    while index < len(words) and named <= _NAME_WORDS:
        if is_parted(reading, index - 1):
            return None
        word = words[index]
        if word in FILLERS:
            index += 1
            continue
        if word in STREETS and named:
            if words[index - 1] in FAMOUS and named == 1 and not _cue(reading, run.first):
                return None
            return run.first, _doubled(words, index), 0.9
        if word in SOFT_STREETS and named and _is_name(words, run.last + 1, index):
            cued = _cue(reading, run.first) or _is_at(words, run) or _is_told(words, run)
            if cued or run.digits >= 3:
                return run.first, _doubled(words, index), 0.85 if cued else 0.7
        if word in HOMES and named and _is_home(reading, run, index):
            return run.first, index, 0.75
        if word in DIRECTIONS and index == run.last + 1 and _is_direction(words, index, run):
            return run.first, index + 1, 0.7
        if word in FOREIGN_BEFORE and index == run.last + 1 and word not in _SOFT_FOREIGN:
            return run.first, min(index + 2, len(words) - 1), 0.8
        if word.endswith(FOREIGN_ENDINGS) and len(word) > 6 and named == 0 and run.digits <= 6:
            return run.first, index, 0.8
        if (word in NO_STREET and word not in SOFT_STREETS) or (
            index in numbers and not _is_ordinal(word)
        ):
            return None
        named += 1
        index += 1
    return None


def _is_home(reading: Reading, run: Run, kind: int) -> bool:
    """ "it's three maple court", "unit four riverside trading estate": houses with names.

    Word `kind` says what they are; what stands before the number or the form must say that it is an
    address, and after it the clause must end.
    """
    words = reading.words
    if not _is_name(words, run.last + 1, kind) or not _ends_place(reading, kind):
        return False
    before = words[run.first - 1] if run.first else ""
    estate = (words[kind - 1], words[kind]) in ESTATES and kind - run.last > 2
    if before in ROOMS or estate:
        return True
    names = [reading.text[reading.starts[i]] for i in range(run.last + 1, kind + 1)]
    return before in _SAID or _cue(reading, run.first) or all(map(str.isupper, names))


def _ends_place(reading: Reading, index: int) -> bool:
    """Whether the clause, or the name of a house, ends with the word."""
    following = reading.words[index + 1 : index + 2]
    if not following or "," in reading.gap(index) or reading.ends_sentence(index):
        return True
    return following[0] in TAIL_STOPS | UNITS | _STOREYS | FILLERS


_SAID = word_set("it's to at we're i'm they're she's he's")
_STOREYS = word_set("ground top first second third fourth upper lower")


def _flat(reading: Reading, first: int, numbers: dict[int, Run]) -> int:
    """Take "flat nine" and "unit b" before the street with it."""
    words = reading.words
    for _ in range(2):
        before = first - 1
        if before >= 0 and words[before] in UNITS | {"number"} and not is_parted(reading, before):
            first = before
            continue
        while before > 0 and words[before] in CORRECTING | FILLERS:
            before -= 1
        if before > 0 and before in numbers and words[numbers[before].first - 1] in UNITS:
            first = numbers[before].first - 1
        elif before > 0 and len(words[before]) == 1 and words[before - 1] in UNITS:
            first = before - 1
    return max(first, 0)


def _is_at(words: list[str], run: Run) -> bool:
    """ "at forty four bishop's walk"."""
    return run.first > 0 and words[run.first - 1] == "at" and run.digits >= 2


def _is_told(words: list[str], run: Run) -> bool:
    """ "number nine tanner's row"."""
    return run.first > 0 and words[run.first - 1] == "number"


def _is_direction(words: list[str], index: int, run: Run) -> bool:
    """ "two seventeen east bannock": a number, a direction and a name."""
    following = words[index + 1 : index + 2]
    named = bool(following) and len(following[0]) > 2 and following[0] not in NO_STREET
    return named and run.digits >= 2 and len(words[index]) > 2


def _doubled(words: list[str], index: int) -> int:
    """Take "saint john street" and "botley road street" to their end."""
    last = index
    while last + 1 < len(words) and words[last + 1] in STREETS | SOFT_STREETS and last < index + 2:
        last += 1
    return last


def _is_ordinal(word: str) -> bool:
    return word.endswith(("th", "st", "nd", "rd")) or word in ("first", "second", "third")


def _is_name(words: list[str], first: int, last: int) -> bool:
    return all(word not in NO_STREET for word in words[first:last])


def _street_before(reading: Reading, run: Run) -> tuple[int, int, float] | None:  # noqa: PLR0911  # a case, an answer
    """ "Hauptstraße 3", "rue de la Paix 5", "Main Street 12"."""
    words = reading.words
    before = run.first - 1
    if words[before] in ("number", "no", "nr") and before:
        before -= 1
    house = len(run.pieces[0].value)
    if before < 0 or is_parted(reading, before) or not run.digits or house > 5:
        return None
    if words[before].endswith(FOREIGN_ENDINGS) and len(words[before]) > 6:
        return before, run.last, 0.85
    if words[before] in STREETS and before and words[before - 1] not in NO_STREET:
        return before - 1, run.last, 0.8
    for first in range(before - 1, max(-1, before - 5), -1):
        if is_parted(reading, first):
            return None
        if words[first] in FOREIGN_BEFORE:
            soft = words[first] in _SOFT_FOREIGN
            return None if soft and not _cue(reading, first) else (first, run.last, 0.8)
        if words[first] in NO_STREET and words[first] not in ("de", "la", "des", "the"):
            return None
    return None


def _mails(words: list[str], before: int) -> bool:
    near = words[max(0, before - 5) : before]
    return not {"mail", "send", "deliver", "address", "ship", "lives", "live"}.isdisjoint(near)


_SOFT_FOREIGN = word_set("via place route boulevard plaza ronda platz")


def _boxed(reading: Reading, run: Run, numbers: dict[int, Run]) -> tuple[int, int, float] | None:  # noqa: PLR0911  # a case, an answer
    """ "p o box 99", "psc 12 box 3", "apo aa 94530", "apartment 5" near other numbers."""
    words = reading.words
    before = run.first - 1
    if before < 0:
        return None
    if words[before] == "box" and before and words[before - 1] in ("po", "o", "office"):
        first = before - 1
        while first > 0 and words[first - 1] in ("p", "post"):
            first -= 1
        return first, run.last, 0.9
    if words[before] in MILITARY and run.phrases < 5:
        return before, run.last, 0.8
    military = [w for w in range(max(0, before - 12), before + 1) if words[w] in MILITARY]
    if military and military[-1] >= before - 3 and run.digits >= 3:
        first = military[0]
        while first and (words[first - 1] in UNITS or first - 1 in numbers):
            first -= 1
        return first, run.last, 0.85
    if words[before] in ("apt", "apartment", "suite") and run.digits:
        return before, run.last, 0.7
    if words[before] in UNITS and _cue(reading, before) and _mails(words, before):
        return before, run.last, 0.7
    if words[before] == "number" and before and words[before - 1] == "at" and run.code != "1":
        return before, run.last, 0.6
    return None


def tail_of(reading: Reading, last: int, numbers: dict[int, Run]) -> int:
    """The last word of the address whose street ends with word `last`."""
    words = reading.words
    index, end, plain = last + 1, last, 0
    while index < len(words) and index - last <= _TAIL:
        if is_parted(reading, index - 1):
            break
        word = words[index]
        if word in FILLERS:
            index += 1
            continue
        if index in numbers:
            end, plain = numbers[index].last, 0
            index = end + 1
            continue
        if word in UNITS | STATES | MILITARY:
            end, plain = index, 0
        elif word in TAIL_STOPS and not _is_in_town(words, index):
            break
        else:
            plain += 1
            if plain > 3:
                break
            end = index
        index += 1
    return end


def _is_in_town(words: list[str], index: int) -> bool:
    """Whether "in" and one or two words end the text: "... eighty eight in porto"."""
    town = words[index + 1 : index + 4]
    return words[index] == "in" and 0 < len(town) < 3 and NO_STREET.isdisjoint(town)


_SHORT = word_set("ul int str st rd ave apt blvd ln dr ct pl ste no hwy")


def _cue(reading: Reading, first: int) -> bool:
    """Whether words before an address announce one."""
    near = reading.words[max(0, first - _CUE_REACH) : first]
    return not _CUES.isdisjoint(near)


def is_titled(reading: Reading, first: int) -> bool:
    """Whether the words before say that a title follows: "play penny lane"."""
    near = reading.words[max(0, first - 3) : first]
    return not _TITLES.isdisjoint(near)


def is_parted(reading: Reading, index: int) -> bool:
    """Whether a sentence ends after word `index`."""
    if not reading.ends_sentence(index) or "," in reading.gap(index):
        return False
    return reading.words[index] not in _SHORT and len(reading.words[index]) > 1
