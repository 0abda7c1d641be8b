"""Knows which words stand beside each other in the installed sentences.

For every template the words that may begin it, end it and follow one another are collected
(Glushkov, "The abstract theory of automata", 1961), rule by rule and list by list. What hassil
matches is always allowed here; what is allowed here need not match.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from hassil import (
    Expression,
    Group,
    Intents,
    ListReference,
    Permutation,
    RangeSlotList,
    RuleReference,
    Sentence,
    TextChunk,
    TextSlotList,
)
from hassil.expression import Alternative
from hassil.intents import SlotList

START, END, NUMBER = "^", "$", "{#}"
"""Before the first word, after the last one, and any number; `{name}` is a value of that list."""
NUMBER_WORDS = frozenset(
    """zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty
    ninety hundred thousand point minus half""".split()
)
SIGNS = frozenset("%\u00b0")
"""Written on what they follow."""
DEEPEST = 24
"""Rules inside rules; more is a rule that contains itself."""
_BREAKS = re.compile(r"[\s\-_]+")
_SILENT = re.compile(r"[.,;:!?\"()]")

Rules = Mapping[str, Sentence]
Lists = Mapping[str, SlotList]


@dataclass(frozen=True, slots=True)
class _Part:
    """How a part of a template begins and ends; a piece of it may be glued to its neighbour."""

    first: frozenset[tuple[bool, str]]
    """(a space stands before it, piece)"""
    last: frozenset[tuple[str, bool]]
    """(piece, a space stands after it)"""
    empty: frozenset[bool]
    """Whether it may be nothing (False) or no more than a space (True)."""


_NOTHING = _Part(frozenset(), frozenset(), frozenset({False}))


class Follow:
    """Tells whether one word may follow another in any of the sentences."""

    def __init__(self, intents: Intents, house: Lists, open_lists: Iterable[str] = ()) -> None:
        """Take the sentences, the lists of the house, and those that take a placeholder."""
        self._pairs: set[tuple[str, str]] = {(NUMBER, NUMBER)}
        self._glued: set[tuple[str, str]] = set()
        self._inside: set[tuple[str, str]] = set()
        self._starts: dict[str, set[str]] = defaultdict(set)
        self._ends: dict[str, set[str]] = defaultdict(set)
        self._free: set[str] = set()
        self._rules: dict[tuple[str, int], _Part] = {}
        self._texts: dict[str, _Part] = {}
        self._labels: dict[int, str] = {}
        self._depth = 0
        for intent in intents.intents.values():
            for block in intent.data:
                rules = {**intents.expansion_rules, **block.expansion_rules}
                lists = {**intents.slot_lists, **house, **block.slot_lists}
                scope = id(block) if block.expansion_rules or block.slot_lists else 0
                for sentence in block.sentences:
                    self._add(self._sentence(sentence.expression, rules, lists, scope))
        self._spell()
        for word in NUMBER_WORDS:
            self._starts[word].add(NUMBER)
            self._ends[word].add(NUMBER)
        self._placeholders = frozenset(f"{{{name}}}" for name in open_lists) | self._free
        self.free = frozenset(self._free)
        """Labels of the lists that take any words."""

    def knows(self, word: str) -> bool:
        """Whether the word stands in a sentence, a list or a number."""
        return word in self._starts or word in self._ends or word.isdigit()

    def begins(self, word: str) -> set[str] | frozenset[str]:
        """As what the word may begin something: itself, a number, values of lists."""
        return self._kinds(word, self._starts)

    def ends(self, word: str) -> set[str] | frozenset[str]:
        """As what the word may end something."""
        return self._kinds(word, self._ends)

    def allows(self, before: str, kind: str) -> bool:
        """Whether something of a kind may follow what ended with `before`, or stand on it."""
        return (before, kind) in self._pairs or (kind in SIGNS and (before, kind) in self._glued)

    def goes_on(self, word: str, following: str) -> bool:
        """Whether one word follows the other inside a value of a list."""
        return (word, following) in self._inside

    def _kinds(self, word: str, known: Mapping[str, set[str]]) -> set[str] | frozenset[str]:
        if is_placeholder(word):
            return self._placeholders
        if word[:1].isdigit():
            return known.get(word, set()) | {NUMBER}
        return known.get(word, frozenset())

    def _add(self, sentence: _Part) -> None:
        self._pairs.update((START, piece) for _, piece in sentence.first)
        self._pairs.update((piece, END) for piece, _ in sentence.last)

    def _sentence(self, expression: Expression, rules: Rules, lists: Lists, scope: int) -> _Part:
        """A whole sentence. Free words at its begin are not those that may stand at its end."""
        if isinstance(expression, Group) and isinstance(
            first := expression.items[0], ListReference
        ):
            label = self._label(first, rules, lists, scope)
            if label in self._free:
                rest = [self._part(item, rules, lists, scope) for item in expression.items[1:]]
                self._free.add(START + label)
                return reduce(self._join, rest, _one(START + label))
        return self._part(expression, rules, lists, scope)

    def _part(self, expression: Expression, rules: Rules, lists: Lists, scope: int) -> _Part:
        if isinstance(expression, TextChunk):
            return self._text(expression.text)
        if isinstance(expression, Group):
            return self._group(
                expression, [self._part(i, rules, lists, scope) for i in expression.items]
            )
        if isinstance(expression, ListReference):
            return _one(self._label(expression, rules, lists, scope))
        if isinstance(expression, RuleReference):
            return self._rule(expression.rule_name, rules, lists, scope)
        return _NOTHING

    def _group(self, group: Group, parts: list[_Part]) -> _Part:
        if isinstance(group, Alternative):
            return _any_of(parts)
        if isinstance(group, Permutation):
            return self._permutation(parts)
        return reduce(self._join, parts, _NOTHING)

    def _rule(self, name: str, rules: Rules, lists: Lists, scope: int) -> _Part:
        key = (name, scope)
        if key not in self._rules and name in rules and self._depth < DEEPEST:
            self._depth += 1
            self._rules[key] = self._part(rules[name].expression, rules, lists, scope)
            self._depth -= 1
        return self._rules.get(key, _NOTHING)

    def _text(self, text: str) -> _Part:
        if text not in self._texts:
            self._texts[text] = self._read(text)
        return self._texts[text]

    def _read(self, text: str) -> _Part:
        plain = _SILENT.sub("", _BREAKS.sub(" ", text.casefold().replace("\u2019", "'")))
        pieces = plain.split()
        if not pieces:
            return _Part(frozenset(), frozenset(), frozenset({bool(plain)}))
        self._pairs.update(itertools.pairwise(pieces))
        return _Part(
            frozenset({(plain[0] == " ", pieces[0])}),
            frozenset({(pieces[-1], plain[-1] == " ")}),
            frozenset(),
        )

    def _join(self, left: _Part, right: _Part) -> _Part:
        if left is _NOTHING:
            return right
        for piece, space_after in left.last:
            for space_before, following in right.first:
                pairs = self._pairs if space_after or space_before else self._glued
                pairs.add((piece, following))
        first = left.first | {(gap or s, p) for gap in left.empty for s, p in right.first}
        last = right.last | {(p, s or gap) for gap in right.empty for p, s in left.last}
        return _Part(first, last, frozenset(a or b for a in left.empty for b in right.empty))

    def _permutation(self, parts: list[_Part]) -> _Part:
        """Any order: each part may follow each other one, with a space between."""
        for one in parts:
            for other in parts:
                if one is not other:
                    self._pairs.update((p, q) for p, _ in one.last for _, q in other.first)
        every = _any_of(parts)
        nothing = all(part.empty for part in parts)
        return _Part(every.first, every.last, frozenset({True}) if nothing else frozenset())

    def _label(self, reference: ListReference, rules: Rules, lists: Lists, scope: int) -> str:
        values = lists.get(reference.list_name)
        if values is None or isinstance(values, RangeSlotList):
            return NUMBER
        known = self._labels.get(id(values))
        if known is not None:
            return known
        taken = f"{{{reference.list_name}}}" in self._labels.values()
        label = f"{{{reference.list_name}{len(self._labels) if taken else ''}}}"
        self._labels[id(values)] = label
        if isinstance(values, TextSlotList):
            for value in values.values:
                part = self._part(value.text_in, rules, lists, scope)
                for _, piece in part.first:
                    self._starts[piece].add(label)
                for piece, _ in part.last:
                    self._ends[piece].add(label)
                self._inside.update(_neighbours(value.text_in))
        else:
            self._free.add(label)
        return label

    def _spell(self) -> None:
        """Words are one piece, or some that are glued: light, light + s."""
        after: dict[str, set[str]] = defaultdict(set)
        for piece, following in self._glued:
            after[piece].add(following)
        pieces = {piece for pair in (*self._pairs, *self._glued) for piece in pair}
        for piece in pieces - {START, END}:
            if not _is_list(piece):
                self._spell_on(piece, piece, piece, after, 3)

    def _spell_on(
        self, word: str, first: str, last: str, after: Mapping[str, set[str]], left: int
    ) -> None:
        self._starts[word] |= {first, *(kind for kind in self._starts[first] if _is_list(kind))}
        self._ends[word] |= {last, *(kind for kind in self._ends[last] if _is_list(kind))}
        # A piece that ends a value of a list may be glued to what follows the list: "kitchen's".
        for following in after.get(last, ()) if left else ():
            if not _is_list(following):
                self._spell_on(word + following, first, following, after, left - 1)


def is_placeholder(word: str) -> bool:
    """Whether a word looks like what stands for something private: PERSON_1."""
    return "_" in word and word[-1].isdigit() and word.isupper()


def _is_list(kind: str) -> bool:
    return kind.startswith("{")


def _one(piece: str) -> _Part:
    return _Part(frozenset({(False, piece)}), frozenset({(piece, False)}), frozenset())


def _any_of(parts: Iterable[_Part]) -> _Part:
    several = tuple(parts)
    return _Part(
        frozenset().union(*(part.first for part in several)),
        frozenset().union(*(part.last for part in several)),
        frozenset().union(*(part.empty for part in several)),
    )


def _neighbours(expression: Expression) -> set[tuple[str, str]]:
    """Words that follow each other inside a value of a list, whatever is left out between."""
    words: list[str] = []
    _gather(expression, words)
    return {(one, other) for i, one in enumerate(words) for other in words[i + 1 :]}


def _gather(expression: Expression, words: list[str]) -> None:
    if isinstance(expression, TextChunk):
        words += _SILENT.sub("", _BREAKS.sub(" ", expression.text.casefold())).split()
    elif isinstance(expression, Group):
        for item in expression.items:
            _gather(item, words)
