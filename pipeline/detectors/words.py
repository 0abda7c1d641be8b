"""Cuts text into words, and describes a word to the names model in numbers.

The training script uses the very same functions, so what the model learned is what it sees.
The n-grams of letters follow Bojanowski et al., "Enriching Word Vectors with Subword
Information" (2017), hashed into a fixed table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 16
"""Rows of the table that letters and words are hashed into."""
LONGEST = 20
"""Letters of a word that count; a longer one is cut."""
PHRASE = 4
"""Words of the longest entry of the word lists."""
SHAPES = 14
"""Numbers in a word's shape."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_POSSESSIVE = ("'s", "\u2019s")


@dataclass(frozen=True, slots=True)
class Token:
    """A word and its place in the text."""

    key: str
    """In lower case, without accents and possessive s."""
    start: int
    end: int
    """Without the possessive s."""
    shape: tuple[float, ...]
    is_possessive: bool


def fold(word: str) -> str:
    """The word in lower case and without accents."""
    if word.isascii():
        return word.lower().replace("\u2019", "'")
    letters = unicodedata.normalize("NFKD", word.lower()).replace("\u2019", "'")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def tokens(text: str) -> list[Token]:
    """The words of the text, in order."""
    matches = list(_WORD.finditer(text))
    cased = sum(match[0][0].isupper() for match in matches)
    trusted = 0 < cased <= 0.6 * len(matches) + 1
    found: list[Token] = []
    for index, match in enumerate(matches):
        word, start, end = match[0], match.start(), match.end()
        key, possessive = _key(word)
        before = text[matches[index - 1].end() : start] if index else text[:start]
        after = text[end : matches[index + 1].start() if index + 1 < len(matches) else end + 3]
        shape = _shape(word, key, index, before, after, trusted, possessive)
        found.append(Token(key, start, end - 2 * possessive, shape, possessive))
    return found


def keys(text: str) -> list[str]:
    """The keys of the words of the text, and no more of them."""
    return [_key(word)[0] for word in _WORD.findall(text)]


def _key(word: str) -> tuple[str, bool]:
    """The key of a word, and whether it ends in a possessive."""
    possessive = len(word) > 3 and word[-2:].lower() in _POSSESSIVE
    return fold(word[:-2] if possessive else word), possessive


def _shape(
    word: str, key: str, index: int, before: str, after: str, trusted: bool, possessive: bool
) -> tuple[float, ...]:
    first = index == 0 or any(mark in before for mark in ".?!")
    upper = word[0].isupper()
    digits = sum(letter.isdigit() for letter in word)
    return (
        float(upper and trusted and not first),
        float(upper and trusted and first),
        float(not upper and trusted),
        float(digits == len(word)),
        float(0 < digits < len(word)),
        min(digits, 8) / 8,
        float(len(key) == 1),
        min(len(key), 12) / 12,
        float(possessive),
        float("," in before),
        float("," in after),
        float(any(mark in after for mark in ".?!")),
        float(any(mark in before + after for mark in "@_-/:#")),
        float(index == 0),
    )


def buckets(key: str) -> list[int]:
    """Rows of the table for a word: its own first, then those of its n-grams of 2 to 5 letters."""
    digits = key.isdigit()
    word = "0" * min(len(key), 6) if digits else key[:LONGEST]
    marked = f"<{word}>".encode()
    found = [crc32(b"=" + marked) % BUCKETS]
    length = len(marked)
    found += [crc32(marked[at : at + 3]) % BUCKETS for at in range(length - 2)]
    found += [crc32(marked[at : at + 4]) % BUCKETS for at in range(length - 3)]
    found.append(crc32(b"^" + marked[:3]) % BUCKETS)
    if length > 5:
        found.append(crc32(b"$" + marked[-5:]) % BUCKETS)
        found.append(crc32(b"^" + marked[:5]) % BUCKETS)
    return found


def listed(keys: Sequence[str], lists: Mapping[int, int], kinds: int) -> npt.NDArray[np.float32]:
    """Which word lists a word stands in, alone or as part of a phrase, shape (words, 2 * kinds).

    `lists` maps the CRC-32 of an entry to a bit set of its lists.
    """
    bits = np.zeros((len(keys), 2 * kinds), np.float32)
    for size in range(1, PHRASE + 1):
        for at in range(len(keys) - size + 1):
            mask = lists.get(crc32(" ".join(keys[at : at + size]).encode()), 0)
            kind = 0 if size == 1 else kinds
            while mask:
                if mask & 1:
                    bits[at : at + size, kind] = 1.0
                mask >>= 1
                kind += 1
    return bits
