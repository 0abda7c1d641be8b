"""Other ways to read a text: without fillers and stutters, with words that sound the same.

A recognizer writes "turn turn on the hall lite um four to minutes". What may have been said is a
lattice of words; the readings are its cheapest paths along which every word may follow the one
before it in some sentence (`pipeline.reading_follow`). Uniform-cost search (Dijkstra, 1959), with
a limit on its steps.
"""

from __future__ import annotations

import heapq
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.reading_follow import END, NUMBER, START, Follow
from pipeline.reading_sounds import ALIKE, AS_NUMBER, FILLERS, HESITATIONS, LONGEST_FILLER

MOST_STEPS = 1_500
"""States that the search looks at; a text that needs more is no command."""
MOST_READINGS = 3
DROPPED, CORRECTED, FREE, JOINED, REPLACED = 0.3, 0.4, 0.5, 0.75, 1.0
"""What it costs to leave out a filler or a repeated word, to take a word that no sentence has for
one that sounds the same, to take a word for free speech, to join or split words, and to take a
word that sentences have for another one."""
DEAREST = 4.0
"""Changes of a reading cost at most as much, and at most `SHARE` for a word."""
SHARE = 0.6
LONGEST_REPEAT = 4
"""Words that may be said twice."""
MOST_WAYS = 3
"""Readings by which the search may come to one state."""
_SIGNS = "%\u00b0"
_TOKEN = re.compile(
    r"[A-Z]+(?:_[A-Z]+)*_\d+|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+(?:[.,/]\d+)*|[%\u00b0]"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A word of a reading, and the place of what it was read from."""

    word: str
    start: int
    end: int


Reading = tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class _Arc:
    """From one place between words to a later one, and what is read on the way."""

    end: int
    words: Reading
    cost: float


@dataclass(frozen=True, slots=True)
class _State:
    """How far the search has come, as what the last word was taken, and which word it was."""

    at: int
    kind: str
    inside: str
    """The word after which a value of the list `kind` goes on; "": it is over."""


def said(text: str) -> Reading:
    """The words, numbers and signs of a text with their places."""
    return tuple(Said(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text))


def written(reading: Reading) -> str:
    """The reading as text: a space before each word, none before a sign."""
    return "".join(_spaced(word, at) for at, word in enumerate(reading))


def places(reading: Reading, phrases: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where phrases of a reading stand in the text that was read; None: that can't be told.

    A phrase stands wherever its words follow each other, or else wherever one of its words is.
    """
    keys = [_key(word) for word in reading]
    found: list[tuple[int, int]] = []
    for phrase in phrases:
        wanted = [_key(word) for word in said(phrase)]
        size = len(wanted)
        starts = [at for at in range(len(keys)) if wanted and keys[at : at + size] == wanted]
        if not starts and not set(wanted) <= set(keys):
            return None
        if not starts:
            starts, size = [at for at, key in enumerate(keys) if key in wanted], 1
        found += [(reading[at].start, reading[at + size - 1].end) for at in starts]
    return found


def _key(word: Said) -> str:
    return unicodedata.normalize("NFC", word.word).casefold().replace("\u2019", "'")


def _is_in(word: Said, places: Sequence[tuple[int, int]]) -> bool:
    return any(start < word.end and word.start < end for start, end in places)


def _spaced(word: Said, at: int) -> str:
    return word.word if at == 0 or word.word in _SIGNS else f" {word.word}"


class Reader:
    """Reads a text in other ways than it was written. Built once, then only read."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._hesitations = frozenset(word for word in HESITATIONS if not follow.knows(word))
        self._fillers = HESITATIONS.union(*FILLERS)

    def without_hesitations(self, text: str) -> Reading | None:
        """The words of the text without "um" and "uh"; None where it has none of them."""
        words = said(text)
        rest = tuple(word for word in words if word.word.casefold() not in self._hesitations)
        return None if len(rest) == len(words) else rest

    def kept(
        self, text: str, reading: Reading, free: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, int]]:
        """The places of the words of a reading of the text that lie in no free place.

        What a reading leaves out counts if it is a filler, or sounds as a word that counts. A
        place goes on to the next word if that counts too.
        """
        words = said(text)
        covered = {at for word in reading for at in range(word.start, word.end)}
        spoken = {_key(word) for word in words if word.start in covered and not _is_in(word, free)}
        spoken |= {other for key in spoken for other in ALIKE.get(key, ())}
        counts = [
            not _is_in(word, free)
            and (word.start in covered or _key(word) in spoken | self._fillers)
            for word in words
        ]
        for at, word in enumerate(words):
            if counts[at]:
                goes_on = at + 1 < len(words) and counts[at + 1]
                yield word.start, words[at + 1].start if goes_on else word.end

    def readings(self, text: str, free: int | None = None) -> Iterator[Reading]:
        """The cheapest readings that may fit a sentence, other than the text, the cheapest first.

        `free`: how many words of the text as it is are free speech; then only readings that cost
        no more than to leave them that.
        """
        words = self.without_hesitations(text)
        words = said(text) if words is None else words
        most = max(REPLACED, min(DEAREST, SHARE * len(words)))
        limit = math.inf if free is None else FREE * free
        seen = {written(words).casefold()}
        for cost, reading in _Search(self._follow, words, most).paths():
            if cost > limit or len(seen) > MOST_READINGS:
                return
            if (letters := written(reading).casefold()) not in seen:
                seen.add(letters)
                yield reading


class _Search:
    """One search through the lattice of one text."""

    def __init__(self, follow: Follow, words: Reading, most: float) -> None:
        self._follow = follow
        self._words = words
        self._keys = [_key(word) for word in words]
        self._most = most
        self._arcs: dict[int, list[_Arc]] = {}

    def paths(self) -> Iterator[tuple[float, Reading]]:
        """Costs and readings, the cheapest first."""
        start = _State(0, START, "")
        heap: list[tuple[float, int, float, _State, Reading]] = [(0.0, 0, 0.0, start, ())]
        ways: dict[_State, set[Reading]] = defaultdict(set)
        pushed = 0
        for _ in range(MOST_STEPS):
            if not heap:
                return
            cost, _, changes, state, reading = heapq.heappop(heap)
            if reading in ways[state] or len(ways[state]) == MOST_WAYS:
                continue
            ways[state].add(reading)
            if state.at == len(self._words):
                if not state.inside and self._follow.allows(state.kind, END):
                    yield cost, reading
                continue
            for arc in self._arcs_from(state.at):
                if changes + arc.cost > self._most:
                    continue
                for kind, inside, extra in self._take(state, arc.words):
                    pushed += 1
                    following = _State(arc.end, kind, inside)
                    if len(ways[following]) < MOST_WAYS:
                        total = cost + arc.cost + extra
                        path = (*reading, *arc.words)
                        heapq.heappush(heap, (total, pushed, changes + arc.cost, following, path))

    def _take(self, state: _State, words: Reading) -> Iterator[tuple[str, str, float]]:
        """As what the words may be taken after this state, and at which cost."""
        if not words:
            yield state.kind, state.inside, 0.0
            return
        for kind, inside, cost in self._take_one(state, words[0].word.casefold()):
            if len(words) == 1:
                yield kind, inside, cost
            else:
                for last, still, more in self._take(_State(0, kind, inside), words[1:]):
                    yield last, still, cost + more

    def _take_one(self, state: _State, word: str) -> Iterator[tuple[str, str, float]]:
        follow = self._follow
        if state.inside:
            if follow.goes_on(state.inside, word):
                yield state.kind, word, 0.0
                if state.kind in follow.ends(word):
                    yield state.kind, "", 0.0
            return
        before = state.kind
        if before in follow.free:
            yield before, "", FREE
        ends = follow.ends(word)
        for kind in follow.begins(word):
            if not follow.allows(before, kind) or kind in follow.free:
                continue
            if kind.startswith("{"):
                if kind in ends:
                    yield kind, "", 0.0
                yield kind, word, 0.0
            else:
                yield from ((last, "", 0.0) for last in ends if not last.startswith("{"))
        for kind in follow.free:
            if kind != before and follow.allows(before, kind):
                yield kind, "", FREE

    def _arcs_from(self, at: int) -> list[_Arc]:
        if at not in self._arcs:
            self._arcs[at] = [*self._kept(at), *self._dropped(at), *self._changed(at)]
        return self._arcs[at]

    def _kept(self, at: int) -> Iterator[_Arc]:
        yield _Arc(at + 1, (self._words[at],), 0.0)

    def _dropped(self, at: int) -> Iterator[_Arc]:
        """Fillers, and what is said again at once: "turn turn on", "in the in the kitchen"."""
        keys = self._keys
        for size in range(1, min(LONGEST_FILLER, len(keys) - at) + 1):
            if tuple(keys[at : at + size]) in FILLERS:
                yield _Arc(at + size, (), DROPPED)
        for size in range(1, (len(keys) - at) // 2 + 1):
            if size <= LONGEST_REPEAT and keys[at : at + size] == keys[at + size : at + 2 * size]:
                yield _Arc(at + size, (), DROPPED)
        if at and keys[at] == "and" and keys[at - 1] in ("hundred", "thousand"):
            yield _Arc(at + 1, (), DROPPED)
        if at + 1 < len(keys) and self._is_slip(keys[at], keys[at + 1]):
            yield _Arc(at + 1, (), DROPPED)

    def _is_slip(self, word: str, following: str) -> bool:
        """Whether a word is the start of the next ("kit kitchen") or sounds as it ("two to")."""
        begun = following != word and following.startswith(word) and not self._follow.knows(word)
        numbers = NUMBER in self._follow.begins(word) or NUMBER in self._follow.begins(following)
        return begun or (following in ALIKE.get(word, ()) and not numbers)

    def _changed(self, at: int) -> Iterator[_Arc]:
        """Words that sound the same, two words that are one, one word that is two."""
        follow = self._follow
        key, word = self._keys[at], self._words[at]
        cost = REPLACED if follow.knows(key) else CORRECTED
        for other in (*ALIKE.get(key, ()), *AS_NUMBER.get(key, ())):
            if follow.knows(other):
                yield _Arc(at + 1, (Said(other, word.start, word.end),), cost)
        if at + 1 < len(self._keys) and follow.knows(whole := key + self._keys[at + 1]):
            yield _Arc(at + 2, (Said(whole, word.start, self._words[at + 1].end),), JOINED)
        if not follow.knows(key):
            for cut in range(2, len(key) - 1):
                if follow.knows(key[:cut]) and follow.knows(key[cut:]):
                    first = Said(key[:cut], word.start, word.start + cut)
                    yield _Arc(at + 1, (first, Said(key[cut:], first.end, word.end)), JOINED)
