"""What a recognizer writes for a name it does not know: words that sound like it."""

from __future__ import annotations

import random
import re
from functools import cache

from names_speech import pronunciations, usual_words

_CLASSES = {
    **dict.fromkeys(("P", "B"), "p"), **dict.fromkeys(("T", "D", "TH", "DH"), "t"),
    **dict.fromkeys(("K", "G"), "k"), **dict.fromkeys(("F", "V"), "f"),
    **dict.fromkeys(("S", "Z"), "s"), **dict.fromkeys(("SH", "ZH", "CH", "JH"), "j"),
    **dict.fromkeys(("M", "N"), "n"), "NG": "nk", "L": "l", "R": "r", "ER": "ar", "W": "w",
    "Y": "y", "HH": "",
}  # fmt: skip
"""Sounds that are easily taken for one another; all vowels are "a"."""
_SPELLED = (
    ("sch", "j"), ("tch", "j"), ("ph", "f"), ("sh", "j"), ("ch", "j"), ("th", "t"), ("ck", "k"),
    ("qu", "kw"), ("ng", "nk"), ("x", "ks"), ("wr", "r"), ("kn", "n"), ("dg", "j"),
)  # fmt: skip
_LETTERS = str.maketrans("bdgcqvzmeiouj", "ptkkkfsnaaaaj", "h")
_WORDS = 9_000
"""How many words a recognizer has in mind."""
_MOST_PARTS = 3


def sounds_of(word: str) -> str:
    """The word's sounds in classes, one "a" for vowels in a row; by its letters if it is new."""
    said = pronunciations().get(word)
    if said is not None:
        return _merged("".join(_CLASSES.get(sound, "a") for sound in said))
    for letters, sound in _SPELLED:
        word = word.replace(letters, sound)
    word = re.sub(r"(?<=[aeiou])y|y(?![aeiou])", "a", word)
    return _merged(re.sub(r"[^a-z]", "", word).translate(_LETTERS))


def _merged(sounds: str) -> str:
    return re.sub(r"(.)\1+", r"\1", sounds)


@cache
def _alike() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in usual_words(_WORDS):
        if "'" not in word:
            found.setdefault(sounds_of(word), []).append(word)
    return {sounds: words[:6] for sounds, words in found.items()}


def sound_alike(word: str, rng: random.Random) -> str:
    """Another word that sounds like this one, or the word where there is none."""
    words = _alike().get(sounds_of(word), [word])
    return rng.choice(words)


@cache
def _splits(sounds: str, parts: int) -> tuple[tuple[str, ...], ...]:
    """The ways to cut sounds into those of at most `parts` words that are known."""
    known = _alike()
    found = [(sounds,)] if sounds in known else []
    for cut in range(1, len(sounds)) if parts > 1 else ():
        if sounds[:cut] in known:
            found += [(sounds[:cut], *rest) for rest in _splits(sounds[cut:], parts - 1)]
    return tuple(found)


@cache
def _best_splits(sounds: str) -> tuple[tuple[str, ...], ...]:
    found = _splits(sounds, _MOST_PARTS)
    fewest = min(map(len, found), default=0)
    return tuple(split for split in found if len(split) == fewest)


def taken_apart(name: str, rng: random.Random) -> str:
    """Everyday words in the place of a name: "cath rin" and worse; the name where none fit."""
    options = _best_splits(sounds_of(name))
    if not options:
        return name
    return " ".join(rng.choice(_alike()[sounds]) for sounds in rng.choice(options))
