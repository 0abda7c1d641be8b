"""Remembers, in memory only, which placeholder stands for whom while a conversation goes on."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from assistant.private import Private

MOST_NAMES = 512
"""Things with a placeholder that one conversation keeps apart; the oldest are forgotten."""
_LEAST_APART = 4
"""Letters of what is looked for letter by letter; shorter ones stand in other words by chance."""

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['\u2019]s\b", re.IGNORECASE)


class Conversation:
    """Gives the same placeholder to the same thing, over the utterances of one conversation.

    "Ada Lovelace", "ada" and "Ada's" are one person, unless two people here are called Ada.
    Numbers are never given twice, so a placeholder of an utterance long past stands for nothing
    new.
    """

    __slots__ = ("_counts", "_names", "_people", "_said")

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._said: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._people: dict[str, set[str]] = {}
        """By a word of a name, the full ways in which people of that name were called."""

    def placeholder(self, kind: str, original: str, spoken: Iterable[str]) -> str:
        """The placeholder for what was said.

        `spoken`: the words of the utterance in lower case. A placeholder that somebody said is
        not used there, so nothing that was said looks like one.
        """
        identity = (kind, identity_of(original))
        name = self._names.get(identity) or self._same_person(identity)
        if name is None or name.casefold() in spoken:
            name = self._next(kind, spoken)
            self._said[name] = original
        self._names[identity] = name
        self._names.move_to_end(identity)
        if kind == "PERSON":
            for word in identity[1].split():
                self._people.setdefault(word, set()).add(identity[1])
        while len(self._names) > MOST_NAMES:
            self._drop(*self._names.popitem(last=False))
        return name

    def restore(self, text: str) -> Private[str]:
        """The text with every placeholder of this conversation as it was first said."""
        pattern = placeholders(self._said)
        if pattern is None:
            return Private(text)
        return Private(pattern.sub(lambda match: self._said[match[0]], text))

    def told(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where a text tells what has a placeholder here: start, end (half-open), type.

        Letter by letter, whatever stands between them, and backwards too: "A-d-a", "ada", "adA".
        A part of a person's name counts where it is a word.
        """
        letters = [place for place, letter in enumerate(text) if letter.isalnum()]
        folded = "".join(text[place].casefold()[:1] for place in letters)
        for kind, said in self._names:
            for part in (said, *said.split()) if kind == "PERSON" else (said,):
                for start, end in _spelled(part, folded):
                    yield letters[start], letters[end - 1] + 1, kind
                for match in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE):
                    yield *match.span(), kind

    def forget(self) -> None:
        """Drop what was said; placeholders that were given stay as they are."""
        self._names.clear()
        self._said.clear()
        self._people.clear()

    def packed(self) -> dict[str, Any]:
        """All of it as plain values, for `unpacked`."""
        return {
            "names": [[*identity, name] for identity, name in self._names.items()],
            "said": self._said,
            "counts": self._counts,
            "people": {word: sorted(whom) for word, whom in self._people.items()},
        }

    @classmethod
    def unpacked(cls, packed: Mapping[str, Any]) -> Conversation:
        """The same conversation again."""
        made = cls()
        made._names.update({(kind, said): name for kind, said, name in packed["names"]})
        made._said.update(packed["said"])
        made._counts.update(packed["counts"])
        made._people.update({word: set(whom) for word, whom in packed["people"].items()})
        return made

    def __len__(self) -> int:
        return len(self._said)

    def __repr__(self) -> str:
        return f"Conversation({len(self)} hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a conversation is not pickled or copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a conversation is not pickled or copied")

    def _same_person(self, identity: tuple[str, str]) -> str | None:
        """The one person known by a part of this name, or whose name this is a part of."""
        kind, said = identity
        if kind != "PERSON" or not said:
            return None
        words = set(said.split())
        alike = {whom for word in words for whom in self._people.get(word, ())}
        known = {self._names[kind, whom] for whom in alike if _is_part(words, set(whom.split()))}
        return known.pop() if len(known) == 1 else None

    def _drop(self, identity: tuple[str, str], name: str) -> None:
        kind, said = identity
        if name not in self._names.values():
            self._said.pop(name, None)
        for word in set(said.split()) if kind == "PERSON" else ():
            self._people[word].discard(said)
            if not self._people[word]:
                del self._people[word]

    def _next(self, kind: str, spoken: Iterable[str]) -> str:
        while True:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            name = f"{kind}_{self._counts[kind]}"
            if name.casefold() not in spoken:
                return name


def identity_of(original: str) -> str:
    """What makes two ways to say a thing the same: its words, in lower case, without "'s"."""
    plain = _POSSESSIVE.sub("", original)
    return " ".join(word.casefold() for word in _WORD.findall(plain)) or original


def _spelled(words: str, folded: str) -> Iterator[tuple[int, int]]:
    """Where the letters of the words stand in a text that is nothing but letters."""
    wanted = "".join(letter for letter in words if letter.isalnum())
    for form in {wanted, wanted[::-1]} if len(wanted) >= _LEAST_APART else ():
        start = folded.find(form)
        while start >= 0:
            yield start, start + len(form)
            start = folded.find(form, start + 1)


def placeholders(names: Mapping[str, object]) -> re.Pattern[str] | None:
    """A pattern for any of the names as a whole word, or None where there are none."""
    if not names:
        return None
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")


def _is_part(one: set[str], other: set[str]) -> bool:
    return one <= other or other <= one
