"""Names of people, and everyday words."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from pathlib import Path

from names_lists import bent, dictionary, prose, read_lines, read_lists
from names_numbers import Numbers
from names_speech import is_bent, plain_words

Piece = tuple[str, str]


class People(Numbers):
    """Fills slots of names and of everyday words, from what `allowed` lets through."""

    def __init__(self, rng: random.Random, data: Path, allowed: Callable[[str], bool]) -> None:
        super().__init__(rng)
        self.twin = ""
        """The name that is also a word in the sentence that is being made."""
        for name in ("people", "public", "private", "words"):
            self.lists |= read_lists(data / f"{name}.txt")
        self.lists["first"] = read_lines(data / "first.txt")
        self.lists["last"] = read_lines(data / "last.txt")
        for name in _SPLIT:
            self.lists[name] = [entry for entry in self.lists[name] if allowed(entry)]
        self.prose = prose()
        names = set(self.lists["first"]) | set(self.lists["last"])
        everyday = [word for word in plain_words(_EVERYDAY) if word not in names]
        self.lists["dictionary"] = [word for word in dictionary() if word not in names]
        self.lists["dictionary"] += everyday * 3
        self.lists["doing"] = [word for word in everyday if is_bent(word)]
        self._syllables = [
            word[at : at + rng.choice((2, 3))]
            for word in self.lists["first"][::7] + self.lists["last"][::7]
            for at in range(0, len(word) - 2, 3)
            if word.isalpha()
        ]

    def _made_up(self) -> str:
        count = self.rng.choice((2, 2, 3))
        return "".join(self.rng.choice(self._syllables) for _ in range(count))

    def _hidden_f(self) -> str:
        kind = self.rng.random()
        for until, name in _GIVEN:
            if kind < until:
                return self._pick(name)
        return self._made_up() if kind < 0.97 else self._pick("last")

    def _hidden_l(self) -> str:
        kind = self.rng.random()
        if kind < 0.3:
            return self._pick("common_last")
        if kind < 0.45:
            return self._pick("world_last")
        if kind < 0.52:
            return self._pick("word_first", "common_first")
        if kind < 0.92:
            return self._pick("last")
        return self._made_up()

    def _hidden_ls(self) -> str:
        """A family: "the okafors", "the joneses"."""
        name = self._hidden_l()
        return name + ("es" if name[-1] in "sxz" or name[-2:] in {"ch", "sh"} else "s")

    def _hidden_fs(self) -> str:
        """Somebody's, as a recognizer writes it: "matthews deadlines"."""
        return self._hidden_f() + "s"

    def _hidden_timename(self) -> str:
        return self._pick("time_name")

    def _hidden_twin(self) -> str:
        """A name that is a word as well, the same one in all of a sentence."""
        self.twin = self.twin or self._pick("word_first")
        return self.twin

    def _twin(self) -> str:
        """The same word where it is nobody's name."""
        return self._hidden_twin()

    def _given(self) -> str:
        """The name of somebody who is long dead."""
        return self._hidden_f()

    def _full(self) -> str:
        kind = self.rng.random()
        if kind < 0.86:
            return f"{self._hidden_f()} {self._hidden_l()}"
        if kind < 0.91:
            return (
                f"{self._hidden_f()} {self.rng.choice(string.ascii_lowercase)} {self._hidden_l()}"
            )
        if kind < 0.95:
            return f"{self._hidden_f()} {self._hidden_f()} {self._hidden_l()}"
        if kind < 0.965:
            return f"{self._hidden_f()} {self._hidden_l()} {self._hidden_l()}"
        if kind < 0.985:
            family, first = self._pick("world_last"), self._pick("world_first")
            return f"{family} {first} {self._pick('world_first')}"
        first = self._hidden_f()
        between = self.rng.choice(("van", "de", "von", "al", "bin", "da"))
        return f"{first} {between} {self._hidden_l()}"

    def _person(self) -> list[Piece]:
        kind = self.rng.random()
        if kind < 0.56:
            return self._private(self._hidden_f())
        if kind < 0.87:
            return self._private(self._full())
        if kind < 0.94:
            return [(self._pick("title"), ""), *self._private(self._hidden_l())]
        if kind < 0.97:
            return [(self._pick("kin_name"), ""), *self._private(self._hidden_f())]
        if kind < 0.99:
            return self._private(self._pick("artist", "star"))
        return self._private(self._pick("city", "noun", "country"))

    @staticmethod
    def _private(text: str) -> list[Piece]:
        return [(word, "PERSON") for word in text.split()]

    def _hidden_spelled(self) -> str:
        return " ".join(letter for letter in self._hidden_l() if letter.isalpha())

    def _hidden_spelledname(self) -> str:
        name = self._hidden_l()
        return f"{name} " + " ".join(letter for letter in name if letter.isalpha())

    def _noun(self) -> str:
        kind = self.rng.random()
        if kind < 0.24:
            return self.rng.choice(self.lists["dictionary"])
        if kind < 0.27:
            return self._made_up()
        if kind < 0.37:
            return self._pick("common")
        word = self._pick("noun")
        if kind < 0.5:
            return word + ("es" if word[-1] in "sxz" or word[-2:] in {"ch", "sh"} else "s")
        if kind < 0.54:
            return word + self._pick("noun")
        return (
            bent(self._pick("verb"), self.rng.choice(("er", "ing", "ers"))) if kind < 0.6 else word
        )

    def _usual(self) -> str:
        return self.rng.choice(self.lists["dictionary"])

    def _verb(self) -> str:
        kind = self.rng.random()
        word = self._pick("doing" if self.rng.random() < 0.25 else "verb")
        return bent(word, self.rng.choice(("ing", "ed", "s"))) if kind < 0.25 else word

    def _adjective(self) -> str:
        word = self._pick("adjective")
        kind = self.rng.random()
        if kind < 0.1:
            return self.rng.choice(self.lists["dictionary"])
        return bent(word, self.rng.choice(("er", "est", "ly"))) if kind < 0.25 else word

    def _phrase(self) -> str:
        a, b, c = self._adjective(), self._noun(), self._noun()
        name = self._hidden_f()
        return self.rng.choice(
            (f"the {b}s", f"{a} {b}", f"{b} {c}", f"the {a} {b}", f"{b} of {c}", f"{name}'s {b}",
             f"the {b} and the {c}", f"{self._verb()} the {b}", f"{name} {b}", f"{a} {name}")
        )  # fmt: skip


_EVERYDAY = 20_000
_SPLIT = ("first", "last", "common_first", "world_first", "word_first", "common_last", "world_last",
          "artist", "song", "film", "show", "star", "team", "city", "brand", "condition", "drug",
          "dish", "town", "book", "author")  # fmt: skip
_GIVEN = (
    (0.33, "common_first"),
    (0.48, "world_first"),
    (0.62, "word_first"),
    (0.69, "hard_first"),
    (0.89, "first"),
)
"""Where given names come from, up to each share of them."""
