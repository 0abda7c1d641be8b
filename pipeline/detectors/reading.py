"""Reads a raw text once for all rules: its words, where they stand, and what lies between."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W\d_]+)*")


@dataclass(slots=True)
class Reading:
    """A raw text as words. Word `i` is `text[starts[i]:ends[i]]`; `words[i]` is lower case."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]

    def __len__(self) -> int:
        return len(self.words)

    def gap(self, index: int) -> str:
        """What lies between word `index` and the next (to the end of the text after the last)."""
        following = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text)
        return self.text[self.ends[index] : following]

    def before(self, index: int) -> str:
        """What lies between word `index` and the one before it."""
        return self.text[self.ends[index - 1] if index else 0 : self.starts[index]]

    def has(self, index: int, phrase: tuple[str, ...]) -> bool:
        """Whether the words of the phrase stand at `index`."""
        return tuple(self.words[index : index + len(phrase)]) == phrase

    def ends_sentence(self, index: int) -> bool:
        """Whether a sentence ends after word `index`."""
        gap = self.gap(index)
        return any(mark in gap for mark in ".?!;\n") and gap[-1:].isspace()


def read(text: str) -> Reading:
    """Split a text into words."""
    matches = list(_WORD.finditer(text))
    return Reading(
        text,
        [match[0].lower().replace("\u2019", "'") for match in matches],
        [match.start() for match in matches],
        [match.end() for match in matches],
    )


def word_set(words: str) -> frozenset[str]:
    """The words of a text, as a set to look them up in."""
    return frozenset(words.split())
