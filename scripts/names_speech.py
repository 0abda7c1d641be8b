"""English as it is spoken: sentences, and how often words are said.

Both come from the language model and the dictionary that pocketsphinx carries (BSD licence).
"""

from __future__ import annotations

import math
import random
import re
from functools import cache
from pathlib import Path

import pocketsphinx

_FOLDER = Path(pocketsphinx.get_model_path()) / "en-us"
_BASE = 1.0001
"""Base of pocketsphinx's logarithms."""
_START, _END = "<s>", "</s>"
_LONGEST, _SHORTEST = 16, 3
_OPTIONS = 150
"""Words that may follow a word, at most."""
_LOGARITHMS = pocketsphinx.LogMath(_BASE)
"""The model uses it as long as it lives, and does not keep it alive."""


@cache
def _model() -> pocketsphinx.NGramModel:
    path = _FOLDER / "en-us.lm.bin"
    return pocketsphinx.NGramModel(pocketsphinx.Config(), _LOGARITHMS, str(path))


def _chance(*words: str) -> float:
    """How likely the first word is after the others, the nearest of them first."""
    return math.exp(_model().prob(list(words)) * math.log(_BASE))


@cache
def pronunciations() -> dict[str, tuple[str, ...]]:
    """The sounds of each word of the CMU pronouncing dictionary."""
    lines = (_FOLDER / "cmudict-en-us.dict").read_text("utf-8").splitlines()
    parts = (line.split() for line in lines)
    return {word: tuple(sounds) for word, *sounds in parts if "(" not in word}


@cache
def plain_words(count: int) -> tuple[str, ...]:
    """Of as many usual words those without an apostrophe: none is a name with "'s"."""
    return tuple(word for word in usual_words(count) if word.isalpha())


@cache
def usual_words(count: int) -> tuple[str, ...]:
    """The words that are said most often, the most frequent one first."""
    least = _chance("a word that nobody ever says")
    chances = {
        word: chance
        for word in pronunciations()
        if re.fullmatch(r"[a-z]+('[a-z]+)?", word)
        and (len(word) > 1 or word in "aio")
        and (chance := _chance(word)) > least
    }
    return tuple(sorted(chances, key=lambda word: (-chances[word], word))[:count])


def is_bent(word: str) -> bool:
    """Whether English bends the word as a verb; names it leaves alone."""
    stem, known = word.removesuffix("e"), pronunciations()
    return f"{stem}ed" in known and f"{stem}ing" in known


def is_inflected(word: str) -> bool:
    """Whether the word is a verb or made of one: "purchase", "reader"."""
    stems = (word.removesuffix(end) for end in ("s", "er", "ers", "ing", "ed", "ly", "y", "ness"))
    return is_bent(word) or any(is_bent(stem) for stem in stems if stem != word and len(stem) > 2)


@cache
def conversation(count: int, words: int) -> tuple[tuple[str, ...], ...]:
    """Sentences of the `words` most frequent words; the same ones each time."""
    speech = Speech(random.Random(words), words)
    return tuple(tuple(speech.sentence()) for _ in range(count))


class Speech:
    """Sentences that somebody might say: each word follows the two before it."""

    def __init__(self, rng: random.Random, words: int) -> None:
        """Make sentences of the `words` most frequent words."""
        self._rng = rng
        self._words = (*usual_words(words), _END)
        self._options: dict[str, list[str]] = {}
        self._chances: dict[tuple[str, ...], list[float]] = {}

    def sentence(self) -> list[str]:
        """Words in lower case."""
        while True:
            said = [_START]
            while len(said) <= _LONGEST and said[-1] != _END:
                said.append(self._next(tuple(reversed(said[-2:]))))
            words = [word for word in said[1:] if word != _END]
            if len(words) >= _SHORTEST:
                return words

    def _next(self, before: tuple[str, ...]) -> str:
        options = self._options.get(before[0])
        if options is None:
            chances = [(_chance(word, before[0]), word) for word in self._words]
            options = [word for _, word in sorted(chances, reverse=True)[:_OPTIONS]]
            self._options[before[0]] = options
        if before not in self._chances:
            self._chances[before] = [_chance(word, *before) for word in options]
        return self._rng.choices(options, self._chances[before])[0]
