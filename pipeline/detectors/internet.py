"""Finds mailboxes and links, said or written, and internet addresses with colons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assistant.types import Finding
from pipeline.detectors.internet_hosts import host_end
from pipeline.detectors.internet_words import (
    LOCAL_INNER,
    LOCAL_OPENS,
    LOCAL_STOPS,
    PUBLIC_SITES,
    SITE_STOPS,
)
from pipeline.detectors.internet_written import NAME, find_written
from pipeline.detectors.number_words import (
    CORRECTING,
    FILLERS,
    SCALES,
    SOUND_ALIKE,
    TEENS,
    TENS,
    TIMES,
    UNITS,
    ZEROS,
)
from pipeline.detectors.reading import Reading, word_set

TYPES = ("EMAIL_ADDRESS", "URL", "IP_ADDRESS", "MAC_ADDRESS")
_SAID = {
    "dot": ".", "period": ".", "underscore": "_", "dash": "-", "hyphen": "-", "slash": "/",
    "minus": "-", "plus": "+", "backslash": "/", "dotted": ".",
}  # fmt: skip
_JOINTS = frozenset("._-+")
_MARKS = frozenset("._-+/@:~")
_PARTS = frozenset(',;?!()\n"')
_NUMBERS = frozenset((*UNITS, *ZEROS, *TEENS, *TENS, *TIMES, *SCALES, *SOUND_ALIKE))
_LONGEST = 24
"""Symbols of a mailbox or a path, at most."""
_PLAIN = 4
"""Words in a row that nothing joins, at most."""
_PHRASE = 6
"""Words before those that are surely a mailbox which may be a part of it."""
_DESKS = word_set(
    """
    hello hi contact help support jobs sales orders me mail office info
    """
)
_SENDS = word_set("to is email it's mail at")
"""After these, a word that begins no mailbox otherwise is one: "write to hello at ..."."""
_SITES = word_set("blog website site webpage homepage podcast channel")
_SITE_LINKS = word_set("is it's at called named on under now moved to address was the")
_PATH_STOPS = word_set(
    """
    please thanks thank and for on in to so then now okay is if when but at with from by
    """
)


@dataclass(slots=True)
class Symbols:
    """A text as words and marks, whether the marks were said or written; fillers are left out."""

    said: list[str]
    words: list[int]
    """By symbol, the word it is or stands behind."""


def symbols(reading: Reading) -> Symbols:
    """Turn words into symbols: "jane dot doe" and "jane.doe" are the same."""
    said: list[str] = []
    words: list[int] = []
    spelled = -1
    for index, word in enumerate(reading.words):
        if index <= spelled:
            continue
        if len(word) == 1 and reading.words[index + 1 : index + 3] == ["as", "in"]:
            spelled = index + 3
        if word in FILLERS and word in ("uh", "um", "er", "erm", "ah", "hmm"):
            continue
        for symbol in (".", "com") if word == "dotcom" else (_SAID.get(word, word),):
            said.append(symbol)
            words.append(index)
        gap = reading.gap(index)
        if gap == " ":
            continue
        for mark in gap.strip() if "@" in gap else gap:
            if mark in _MARKS and not gap.endswith(". "):
                said.append(mark)
                words.append(index)
            elif mark in _PARTS or gap.endswith((". ", ": ")):
                said.append(",")
                words.append(index)
                break
    return Symbols(said, words)


def find_internet(reading: Reading, line: Symbols) -> Iterator[Finding]:
    """Every mailbox and link."""
    yield from find_written(reading.text)
    said, done, index = line.said, 0, 0
    while index < len(said):
        kind, place = "", None
        symbol = said[index]
        if symbol in ("at", "@", "add", "that"):
            kind, place = "EMAIL_ADDRESS", _mailbox(said, index, done)
        elif symbol == ".":
            kind, place = "URL", _link(said, index, done)
        if place is not None:
            first, done = place
            start, end = reading.starts[line.words[first]], reading.ends[line.words[done - 1]]
            yield Finding(start, end, kind, 0.9, "rules", NAME)
            index = done
        else:
            index += 1


def _mailbox(said: list[str], at: int, after: int) -> tuple[int, int] | None:
    """ "jane dot doe at gmail dot com", where symbol `at` is the sign."""
    end = host_end(said, at + 1, bare=said[at] in ("at", "@"))
    if end < 0:
        return None
    first = _local(said, at - 1, after, LOCAL_STOPS)
    if first >= at and at - 1 > after and said[at - 1] in _DESKS and said[at - 2] in _SENDS:
        first = at - 1
    if first < at:
        first = _corrected(said, _whole(said, first, after), after)
    return (first, end) if first < at else None


def _whole(said: list[str], first: int, after: int) -> int:
    """Where a mailbox that is a phrase begins: "it's all the martins at ...": at its clause."""
    for index in range(first - 1, max(after, first - _PHRASE) - 1, -1):
        symbol = said[index]
        if symbol in LOCAL_OPENS or symbol in _PARTS:
            return index + 1
        if symbol in "@/:" or symbol == "at":
            return first
        if symbol.removesuffix("'s") in LOCAL_STOPS and symbol not in LOCAL_INNER:
            return first
    return 0 if first <= _PHRASE and not after and said[0] in LOCAL_INNER else first


def _corrected(said: list[str], first: int, after: int) -> int:
    """Take a mailbox that was put right with the right one: "ada at no wait bob at ..."."""
    index = first
    while index > after and index >= first - 3 and said[index - 1] in CORRECTING:
        index -= 1
    while index < first + 2 and index > after and said[index] in CORRECTING:
        if said[index - 1] == "at":
            return min(first, _local(said, index - 2, after, LOCAL_STOPS))
        index += 1
    return first


def _local(said: list[str], last: int, after: int, stops: frozenset[str]) -> int:
    """The symbol at which what ends with symbol `last` begins."""
    first, plain = last + 1, 0
    for index in range(last, max(after, last - _LONGEST) - 1, -1):
        symbol = said[index]
        if symbol in _JOINTS and index < last:
            plain = 0
            continue
        held = index < last and said[index + 1] in _JOINTS
        if symbol in _PARTS or symbol in "@/:" or symbol == "at":
            break
        if symbol.removesuffix("'s") in stops and not held and not _is_spelled(said, index):
            break
        if symbol in _NUMBERS or symbol.isdecimal() or len(symbol) == 1:
            first = index
            continue
        plain = 1 if held else plain + 1
        if plain > _PLAIN:
            break
        first = index
    return first


def _is_spelled(said: list[str], index: int) -> bool:
    """Whether a lone letter ("a", "i") or a word like a digit stands beside others."""
    sides = (said[max(0, index - 1) : index], said[index + 1 : index + 2])
    if len(said[index]) == 1:
        if index and said[index - 1] in ("to", "is", "with"):
            return True
        return any(len(side[0]) == 1 and side[0].isalnum() for side in sides if side)
    return said[index] in SOUND_ALIKE and all(
        side and (side[0] in _NUMBERS or side[0].isdecimal()) for side in sides
    )


def _link(said: list[str], dot: int, after: int) -> tuple[int, int] | None:
    """ "w w w dot jane doe dot com slash about", where symbol `dot` is its first dot."""
    first = _local(said, dot - 1, after, SITE_STOPS)
    if first >= dot:
        return None
    if first > 0 and said[first - 1] == "/":
        first = _scheme(said, first)
    first = _titled(said, first, after)
    end = host_end(said, dot - 1, bare=False)
    if end < 0:
        return None
    path = _path(said, end)
    if path == end and dot - first == 1 and said[first] in PUBLIC_SITES:
        return None
    return first, path


def _titled(said: list[str], first: int, after: int) -> int:
    """Where a site whose name is a phrase begins: "my blog knitting with noreen dot ..."."""
    for index in range(first - 1, max(after, first - _PLAIN) - 1, -1):
        if said[index] in _SITES:
            begin = index + 1
            while begin < first and said[begin] in _SITE_LINKS:
                begin += 1
            return begin
        if said[index] in _PARTS or said[index] in "@/:.":
            break
    return first


def _scheme(said: list[str], first: int) -> int:
    """Take "http colon slash slash" with the link."""
    index = first
    while index > 0 and said[index - 1] in ("/", ":", "colon", "http", "https"):
        index -= 1
    return index


def _path(said: list[str], end: int) -> int:
    """The symbol after the path, if a slash follows the host."""
    if end >= len(said) or said[end] != "/":
        return end
    plain, after = 0, end
    while after < min(len(said), end + _LONGEST):
        symbol = said[after]
        if symbol in _PARTS or (symbol in _PATH_STOPS and said[after - 1] not in _MARKS):
            break
        if symbol in _MARKS:
            plain = 0
        elif len(symbol) > 1 and symbol not in _NUMBERS and not symbol.isdecimal():
            plain += 1
            if plain > _PLAIN:
                break
        after += 1
    while said[after - 1] in _MARKS and after - 1 > end:
        after -= 1
    return after
