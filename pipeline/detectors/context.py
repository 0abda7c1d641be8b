"""Knows what is public in a text: the user's own things, and what a command needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.detectors.words import Token, keys, tokens

_BEFORE_A_THING = frozenset(
    """the my our on off in open close lock unlock dim brighten start stop pause turn switch toggle
    set activate vacuum clean mow raise lower upstairs downstairs to at from""".split()
)
"""Words that say a thing is meant where its name alone could be somebody's."""
_TO_PEOPLE = frozenset(
    """call text tell ask message email phone ring remind invite meet thank with mr mrs ms miss
    mister misses doctor dr professor aunt uncle auntie""".split()
)
"""Words before somebody's name."""
_ABOUT_PEOPLE = _TO_PEOPLE | frozenset("my our voicemail messages emails contact note from".split())
"""Words that let a command be about somebody the speaker knows."""
_PUBLIC_COMMANDS = frozenset(
    """play shuffle queue stream listen hear watch weather forecast convert translate define
    score recipe""".split()
)
"""Words of commands whose names are known to everybody: artists, cities, teams."""
_TIMES = frozenset("dawn april may june august summer autumn sunday friday noon eve".split())
DATES = frozenset(
    """monday tuesday wednesday thursday saturday january february march july september october
    november december mondays tuesdays wednesdays thursdays fridays saturdays sundays today
    tomorrow tonight yesterday""".split()
)
"""Words that are hardly ever anything but a time."""
_MONTHS = frozenset(
    """january february march april may june july august september october november
    december""".split()
)
_DAYS = frozenset(
    """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth""".split()
)
_WHEN = frozenset("at in by on until till before since next last this every each".split())
"""Words before a time that could be a name as well: "at dawn", "next summer"."""
_FIRST = 6
"""Words in which a command says what it is, with "okay could you please" before it."""
LIKELY, UNLIKELY = 0.6, 0.3
"""How near the threshold comes to 0 where a name is likely, to 1 (as a share) where not."""
_SLOT = re.compile(r"\{[^{}]*\}|<[^<>]*>")


def literal_words(sentences: Iterable[str]) -> frozenset[str]:
    """The fixed words of sentences as hassil writes them: `turn on [the] {name}`.

    Expansion rules and values of lists are sentences too; what stands in a slot is not counted.
    """
    words: set[str] = set()
    for sentence in sentences:
        words.update(
            word.key for word in tokens(re.sub(r"[\[\]()|]", " ", _SLOT.sub(" ", sentence)))
        )
    return frozenset(words)


def thresholds(words: Sequence[Token], known: Sequence[bool], threshold: float) -> list[float]:
    """How sure the model must be of each word.

    Surer than `threshold` in commands about what everybody knows, and in phrases that everybody
    knows, and for times ("at dawn"); less sure just after "call" or "doctor".
    """
    higher = 1.0 - (1.0 - threshold) * UNLIKELY
    public = _is_public(words)
    found: list[float] = []
    for index, word in enumerate(words):
        if index and words[index - 1].key in _TO_PEOPLE:
            found.append(threshold * LIKELY)
        elif _is_time(words, index) or known[index] or (public and not word.is_possessive):
            found.append(higher)
        else:
            found.append(threshold)
    return found


def _is_time(words: Sequence[Token], index: int) -> bool:
    if words[index].key in DATES:
        return not words[index].is_possessive
    return index > 0 and words[index].key in _TIMES and words[index - 1].key in _WHEN


def dated(words: Sequence[Token]) -> list[bool]:
    """For each word whether it is a part of a date: "March 3rd, 2025", "the fifth of may"."""
    found = [False] * len(words)
    for index, word in enumerate(words):
        if word.key not in _MONTHS or word.is_possessive:
            continue
        before = index - 1 - (index > 1 and words[index - 1].key == "of")
        if before >= 0 and _is_day(words[before].key):
            found[before : index + 1] = [True] * (index + 1 - before)
        after = index + 1
        while after < len(words) and after < index + 3 and _is_day(words[after].key):
            found[index] = found[after] = True
            after += 1
    return found


def _is_day(word: str) -> bool:
    """Whether the word is a day of a month, or a year."""
    digits = word.removesuffix("st").removesuffix("nd").removesuffix("rd").removesuffix("th")
    return word in _DAYS or (digits.isdecimal() and len(digits) in (1, 2, 4))


def _is_public(words: Sequence[Token]) -> bool:
    return any(word.key in _PUBLIC_COMMANDS for word in words[:_FIRST]) and not any(
        word.key in _ABOUT_PEOPLE for word in words
    )


@dataclass(frozen=True, slots=True)
class _Node:
    """A tree of the things' words: a name may go on, or end here."""

    children: dict[str, _Node]
    ends: list[bool]


class PublicWords:
    """Finds the names of the user's devices, areas and other things in a text.

    A name of several words ("Ada's lamp") is a thing wherever it stands. A name of one word
    ("Summer") is one only after a word like "the" or "turn on", and never after "call".
    A text of which every word is such a name or one of the installed commands' own fixed words
    needs all of them, and holds nobody's name.
    """

    def __init__(self, things: Iterable[str], literals: Iterable[str] = ()) -> None:
        """Take names of things, and the fixed words of commands, as `literal_words` gives them."""
        self._literals = frozenset(literals)
        self._root = _Node({}, [])
        for thing in things:
            words = keys(thing)
            node = self._root
            for word in words:
                following = node.children.get(word)
                if following is None:
                    following = node.children[word] = _Node({}, [])
                node = following
            if words:
                node.ends.append(True)

    def mask(self, words: Sequence[Token]) -> list[bool]:
        """For each word whether it is a thing's name or a command's."""
        found = [False] * len(words)
        if self._root.children:
            at = 0
            while at < len(words):
                size = self._longest(words, at)
                if size > 1 or (size == 1 and _is_thing(words, at)):
                    found[at : at + size] = [True] * size
                at += max(size, 1)
        if self._literals and all(
            is_thing or word.key in self._literals
            for is_thing, word in zip(found, words, strict=True)
        ):
            return [True] * len(words)
        return found

    def _longest(self, words: Sequence[Token], at: int) -> int:
        node, longest = self._root, 0
        for size in range(1, len(words) - at + 1):
            following = node.children.get(words[at + size - 1].key)
            if following is None:
                break
            node = following
            if node.ends:
                longest = size
        return longest


def _is_thing(words: Sequence[Token], at: int) -> bool:
    before = [word.key for word in words[max(0, at - 2) : at]]
    if any(word in _TO_PEOPLE for word in before):
        return False
    return any(word in _BEFORE_A_THING for word in before)
