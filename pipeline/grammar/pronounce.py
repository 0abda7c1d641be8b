"""Pronunciations in ARPAbet: dictionary first, then letters and digits, then a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from hassil.numbers import get_rbnf_engine

Guess = Callable[[Iterable[str]], dict[str, tuple[str, ...]]]
"""Guesses pronunciations of plain words (lower-case letters and apostrophes)."""

_PARTS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:\.\d+)?|&|\+|'s", re.UNICODE)
_SYMBOLS = {"&": ("and",), "+": ("plus",)}
_POSSESSIVE = ("Z", "S", "IH Z")
_VARIANTS = 4
"""Pronunciations kept for a word."""


def lexicon(path: Path, wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The pronunciations that a CMU dictionary file has for these words."""
    missing = set(wanted)
    found: dict[str, list[str]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            head, _, phones = line.partition(" ")
            word = head.split("(", 1)[0]
            if word in missing:
                found.setdefault(word, []).append(phones.strip())
    return {word: tuple(variants) for word, variants in found.items()}


def pronounce(
    words: Iterable[str], dictionary: Path, guess: Guess
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Give pronunciations for words as they are written, and which of them are guesses."""
    parts = {word: _spoken_parts(word) for word in words}
    plain = {part for spoken in parts.values() for part in spoken}
    known = lexicon(dictionary, plain)
    unknown = sorted(plain - known.keys())
    known |= _initials(unknown, dictionary)
    guesses = guess([word for word in unknown if word not in known]) if unknown else {}
    known |= guesses
    result = {
        word: variants for word, spoken in parts.items() if (variants := _joined(spoken, known))
    }
    guessed = tuple(
        word for word, spoken in parts.items() if any(part in guesses for part in spoken)
    )
    return result, guessed


def _spoken_parts(word: str) -> tuple[str, ...]:
    """The plain words in which a word is said: `a/c` gives a, c; `21` twenty, one."""
    parts: list[str] = []
    for part in _PARTS.findall(word.lower()):
        if part in _SYMBOLS:
            parts.extend(_SYMBOLS[part])
        elif part[0].isdigit():
            number = float(part) if "." in part else int(part)
            text = get_rbnf_engine("en").format_number(number).text
            parts.extend(text.replace("-", " ").split())
        else:
            parts.append(part)
    return tuple(parts)


def _initials(unknown: Iterable[str], dictionary: Path) -> dict[str, tuple[str, ...]]:
    """Spell out what has no vowel: `hdmi` is said letter by letter."""
    spelled = [word for word in unknown if not re.search(r"[aeiouy]", word) and word.isascii()]
    letters = lexicon(dictionary, [f"{letter}." for word in spelled for letter in word])
    result: dict[str, tuple[str, ...]] = {}
    for word in spelled:
        names = [letters.get(f"{letter}.", ("",))[0] for letter in word]
        if all(names):
            result[word] = (" ".join(names),)
    return result


def _joined(parts: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Every way to say the parts one after the other."""
    ways: list[str] = [""]
    for part in parts:
        variants = known.get(part, ())
        ways = [f"{way} {variant}".strip() for way in ways for variant in variants]
        ways = ways[:_VARIANTS]
    return tuple(dict.fromkeys(way for way in ways if way))
