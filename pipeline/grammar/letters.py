"""Guesses pronunciations from letters, for machines without espeak-ng.

The rules in `letters.txt` are learned by `scripts/train_letters.py`: for each letter the widest
context that is known says which phones it stands for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_WIDEST = 3
"""Letters on each side that a rule may look at."""


def guess(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Give a pronunciation for every word that has letters."""
    guesses = {word: _say(word) for word in words}
    return {word: (phones,) for word, phones in guesses.items() if phones}


def _say(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.lower())
    letters = "".join(letter for letter in plain if "a" <= letter <= "z")
    rules = _rules()
    padded = "#" * _WIDEST + letters + "#" * _WIDEST
    phones = (_unit(padded, place + _WIDEST, rules) for place in range(len(letters)))
    return " ".join(phone for phone in phones if phone)


def _unit(padded: str, place: int, rules: dict[str, str]) -> str:
    for before, after in reversed(_contexts()):
        name = (
            f"{padded[place - before : place]}[{padded[place]}]"
            f"{padded[place + 1 : place + 1 + after]}"
        )
        if name in rules:
            return rules[name]
    return ""


@cache
def _contexts() -> tuple[tuple[int, int], ...]:
    """Letters before and after the letter, narrow to wide, as the rules were learned."""
    return ((0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3))


@cache
def _rules() -> dict[str, str]:
    text = (Path(__file__).parent / "letters.txt").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())
