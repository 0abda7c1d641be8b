"""What people say about nothing in particular, with and without names in it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Collection
from pathlib import Path

from names_lists import read_lines, read_lists
from names_speech import conversation, is_inflected, plain_words

Piece = tuple[str, str]

_SENTENCES, _WORDS, _EVERYDAY = 25_000, 12_000, 20_000
_PUBLIC = ("city", "country", "state", "brand", "team", "holiday", "language", "landmark", "hood")
_PLACES = ("city", "country", "state")
_PLAIN = ("noun", "verb", "adjective", "adverb", "common", "color", "animal", "food", "job", "kin",
          "month", "weekday", "ordinal", "unit")  # fmt: skip
_RARE = 400
"""Words that are said more often than this many others carry a sentence: they stay."""


class Talk:
    """Sentences of everyday words; a given name in one becomes any person's."""

    def __init__(
        self,
        rng: random.Random,
        data: Path,
        frame: Collection[str],
        fill: Callable[[str], list[Piece]],
    ) -> None:
        """`frame`: words that are in templates; `fill` gives the words of a slot."""
        self._rng = rng
        self._fill = fill
        lists: dict[str, list[str]] = {}
        for name in ("people", "public", "private", "words"):
            lists |= read_lists(data / f"{name}.txt")
        names = {*read_lines(data / "first.txt"), *read_lines(data / "last.txt")}
        names.update(*(lists[f"{kind}_{part}"] for kind in ("common", "world")
                       for part in ("first", "last")))  # fmt: skip
        given = {*lists["common_first"], *lists["world_first"]} - set(lists["word_first"])
        plain = set(frame).union(*(lists[name] for name in _PLAIN))
        public = {word for name in _PUBLIC for entry in lists[name] for word in entry.split()}
        public -= {*lists["common_first"], *lists["common_last"]}
        places = {word for name in _PLACES for entry in lists[name] for word in entry.split()}
        self.given = given - plain - places
        self.names = {
            word for word in names - plain - public - self.given if not is_inflected(word)
        }
        """Names of which it is not known whose they are."""
        self.everyday = [
            word for word in plain_words(_EVERYDAY)[_RARE:] if word not in self.names | self.given
        ]

    def pieces(self) -> list[Piece]:
        """A sentence, or a part of one."""
        while True:
            words = list(self._rng.choice(conversation(_SENTENCES, _WORDS)))
            if self._rng.random() < 0.4:
                first = self._rng.randrange(max(1, len(words) - 3))
                words = words[first : first + self._rng.randrange(2, 10)]
            named = [word.removesuffix("'s") for word in words]
            if self.names.isdisjoint(named) and not self._is_public_person(named):
                return [piece for word in words for piece in self._piece(word)]

    def _is_public_person(self, words: list[str]) -> bool:
        """Whether two names stand together: they are somebody's in the news."""
        names = [word in self.given for word in words]
        return any(one and other for one, other in itertools.pairwise(names))

    def _piece(self, word: str) -> list[Piece]:
        if word.removesuffix("'s") in self.given:
            found = self._fill("P")
            if word.endswith("'s"):
                found[-1] = (found[-1][0] + "'s", found[-1][1])
            return found
        if len(word) > 4 and "'" not in word and self._rng.random() < 0.1:
            return [(self._rng.choice(self.everyday), "")]
        return [(word, "")]
