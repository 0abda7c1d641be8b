"""Writes a sentence as a recognizer does when somebody mumbles: fillers, stutters, other words.

Which words sound the same comes from the CMU pronouncing dictionary, not from what the parser
knows about it.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hassil.numbers import get_rbnf_engine

Words = list[str]

_HESITATIONS = ("um", "uh", "er", "uhm")
_BEFORE = (
    "please",
    "can you",
    "could you",
    "could you please",
    "hey",
    "okay",
    "so",
    "hey can you",
    "okay so",
    "i want you to",
    "would you",
    "well",
)
_AFTER = ("please", "thanks", "thank you", "for me", "now", "okay", "actually", "you know")
_AMONG = ("like", "you know", "actually", "i mean", "just", "please", "well", "basically")
_COMPOUNDS = (
    *("bed room", "bath room", "hall way", "up stairs", "down stairs", "per cent", "play list"),
    *("thermo stat", "out door", "never mind", "pod cast", "tele vision", "day light", "un lock"),
)
"""Words that recognizers write apart, and the other way round."""
_PARTS_OF_NUMBERS = frozenset({"point", "hundred", "thousand", "1/2"})
"""What makes a number that is not rewritten here."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Misheard:
    """Makes noise of one kind after the other; the same seed makes the same noise."""

    def __init__(self, dictionary: Path, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # no secret
        self._same_sound = _same_sound(dictionary)
        self._numbers = get_rbnf_engine("en")
        self._digits = {self._spelled(number): str(number) for number in range(101)}
        self._compounds = {pair.replace(" ", ""): pair for pair in _COMPOUNDS}
        self.kinds: Mapping[str, Callable[[Words, Sequence[bool]], Words | None]] = {
            "hesitation": self._hesitate,
            "politeness": self._be_polite,
            "filler inside": self._fill,
            "stutter": self._stutter,
            "homophone": self._mishear,
            "compound": self._cut_or_glue,
            "number": self._rewrite_numbers,
            "shouted": lambda words, _: [word.upper() for word in words],
            "several": self._several,
        }
        """Each takes words and which of them are free speech, and gives None if it can't."""

    def _hesitate(self, words: Words, _free: Sequence[bool]) -> Words:
        for _ in range(self._random.choice((1, 1, 2))):
            at = self._random.randrange(len(words) + 1)
            words = [*words[:at], self._random.choice(_HESITATIONS), *words[at:]]
        return words

    def _be_polite(self, words: Words, _free: Sequence[bool]) -> Words:
        before, after = self._random.choice(_BEFORE).split(), self._random.choice(_AFTER).split()
        which = self._random.randrange(3)
        return [*(before if which != 1 else ()), *words, *(after if which else ())]

    def _fill(self, words: Words, free: Sequence[bool]) -> Words | None:
        gaps = [at for at in range(1, len(words)) if not (free[at - 1] or free[at])]
        if not gaps:
            return None
        at = self._random.choice(gaps)
        return [*words[:at], *self._random.choice(_AMONG).split(), *words[at:]]

    def _stutter(self, words: Words, free: Sequence[bool]) -> Words | None:
        places = [at for at in range(len(words)) if not free[at]]
        if not places:
            return None
        at = self._random.choice(places)
        end = at + 2 if at + 1 in places and self._random.random() < 0.3 else at + 1
        return [*words[:end], *words[at:end], *words[end:]]

    def _mishear(self, words: Words, free: Sequence[bool]) -> Words | None:
        places = [
            at for at, word in enumerate(words) if not free[at] and word.lower() in self._same_sound
        ]
        if not places:
            return None
        at = self._random.choice(places)
        other = self._random.choice(self._same_sound[words[at].lower()])
        return [*words[:at], other, *words[at + 1 :]]

    def _cut_or_glue(self, words: Words, free: Sequence[bool]) -> Words | None:
        text = " ".join(
            "\0" if is_free else w.lower() for w, is_free in zip(words, free, strict=True)
        )
        for whole, pair in self._compounds.items():
            for one, other in ((whole, pair), (pair, whole)):
                if found := re.search(rf"\b{one}\b", text):
                    at = text[: found.start()].count(" ")
                    end = at + len(one.split())
                    return [*words[:at], *other.split(), *words[end:]]
        return None

    def _rewrite_numbers(self, words: Words, free: Sequence[bool]) -> Words | None:
        if _PARTS_OF_NUMBERS.intersection(words):
            return None
        result: Words = []
        at = 0
        while at < len(words):
            size, other = self._number(words[at : at + 3]) if not free[at] else (1, words[at])
            result += other.split()
            at += size
        return result if result != words else None

    def _number(self, words: Words) -> tuple[int, str]:
        """How many words are a number, and its other form; else one word as it is."""
        for size in range(len(words), 0, -1):
            if (digits := self._digits.get(" ".join(words[:size]))) is not None:
                return size, digits
        spelled = _NUMBER.sub(lambda match: f" {self._spelled(float(match[0]))} ", words[0])
        if spelled != words[0]:
            spelled = spelled.replace("%", "percent").replace("\u00b0", "degrees").replace("-", " ")
        return 1, spelled

    def _spelled(self, number: float) -> str:
        whole = int(number) if number == int(number) else number
        return self._numbers.format_number(whole).text.replace("-", " ")

    def _several(self, words: Words, free: Sequence[bool]) -> Words | None:
        """A homophone, a repeated word, a hesitation and a courtesy, all at once."""
        if (misheard := self._mishear(words, free)) is None:
            return None
        at = self._random.choice([at for at in range(len(words)) if not free[at]])
        stuttered = [*misheard[: at + 1], *misheard[at:]]
        return self._be_polite(self._hesitate(stuttered, ()), ())


def _same_sound(dictionary: Path) -> dict[str, tuple[str, ...]]:
    """By word, the other words that the dictionary pronounces alike."""
    by_sound: dict[str, list[str]] = defaultdict(list)
    with dictionary.open(encoding="utf-8") as lines:
        for line in lines:
            head, _, sound = line.strip().partition(" ")
            word = head.partition("(")[0]
            if word.isalpha():
                by_sound[sound].append(word)
    found: dict[str, set[str]] = defaultdict(set)
    for words in by_sound.values():
        for word in words:
            found[word].update(other for other in words if other != word)
    return {word: tuple(sorted(others)) for word, others in found.items() if others}
