"""Guesses pronunciations from letters, for machines without espeak-ng."""

from __future__ import annotations

from collections.abc import Sequence

_RULES = {
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH",
    "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R",
    "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip


def guess(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give a pronunciation for every word that has letters."""
    return {w: (" ".join(_RULES[c] for c in w if c in _RULES),) for w in words}
