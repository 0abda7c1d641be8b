"""Finds the words that this household called private in its settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from assistant.types import Finding, Transcript

SCORE = 1.0
"""Somebody wrote the word down: there is no doubt."""


class HouseholdWords:
    """Finds given words, whole and in any case, whatever lies between them."""

    name = "household"
    cost = 0.01

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._types: dict[str, str] = {}
        for kind, phrases in words.items():
            self._types |= {_key(phrase): kind for phrase in phrases if _key(phrase)}
        self.types: Collection[str] = frozenset(self._types.values())
        self._pattern = _pattern(self._types)

    def find(self, transcript: Transcript) -> list[Finding]:
        """Every place where one of the words stands; of two that begin together, the longer."""
        if self._pattern is None:
            return []
        return [
            Finding(match.start(), match.end(), self._types[_key(match[0])], SCORE, self.name)
            for match in self._pattern.finditer(transcript.text.reveal())
            if _key(match[0]) in self._types
        ]


_BETWEEN = r"[\W_]{1,4}"
_WORD = re.compile(r"[^\W_]+")


def _key(phrase: str) -> str:
    return " ".join(word.lower() for word in _WORD.findall(phrase))


def _pattern(keys: Mapping[str, str]) -> re.Pattern[str] | None:
    if not keys:
        return None
    longest_first = sorted(keys, key=len, reverse=True)
    phrases = "|".join(_BETWEEN.join(map(re.escape, key.split())) for key in longest_first)
    return re.compile(rf"(?<![^\W_])(?:{phrases})(?![^\W_])", re.IGNORECASE)
