"""Walks hassil templates and gives the network of the words that somebody could say.

A template glues letters ("light[s]", "day[ ]light"), so it becomes a network of pieces and
spaces first, and of words then. Lists and ranges stay one label, `{key}`, until the network
is minimal. What can't be spoken ("%", "°") closes its path.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from hassil import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
    parse_sentence,
)
from hassil.parser import ParseError

from pipeline.grammar.automaton import EPSILON, Network

SPACE = " "
SKIPPED = 0.5
"""How likely an optional part is left out."""
DEEPEST = 32
"""Rules inside rules; more is a rule that contains itself."""
_UNSPEAKABLE = re.compile(r"[%°€$£\\+*=]|\d/\d|^[./]$")
_SILENT = re.compile(r"[.,;:!?\"()\[\]{}<>|*]")
_BREAKS = re.compile(r"[\s\-_\u2013\u2014]+")

Labels = Callable[[str], str | None]
"""Gives the label of a list, or None for one that can't be said; KeyError: no such list."""


class Spelling:
    """A network of pieces of words, spaces and list labels, built template by template."""

    def __init__(self, labels: Labels, rules: Mapping[str, str]) -> None:
        self._labels = labels
        self._rules = rules
        self._parsed: dict[str, Expression] = {}
        self._depth = 0
        self.network = Network()
        self.start = self.network.state()
        self.final = self.network.state()

    def add(self, template: str, weight: float = 1.0) -> bool:
        """Add a template; False: nobody could say it, or would (see `is_rare`).

        Raises ValueError where it is broken or names a list or rule that is not there.
        """
        expression = self._expression(template)
        begin = self.network.state()
        end = None if is_rare(expression) else self._walk(expression, begin)
        if end is None:
            return False
        self.network.arc(self.start, EPSILON, begin, weight)
        self.network.arc(end, EPSILON, self.final)
        return True

    def add_text(self, text: str, weight: float = 1.0) -> None:
        """Add plain words, in which brackets mean nothing."""
        begin = self.network.state()
        end = self._text(text, begin)
        if end is not None:
            self.network.arc(self.start, EPSILON, begin, weight)
            self.network.arc(end, EPSILON, self.final)

    @contextmanager
    def scope(self, labels: Labels, rules: Mapping[str, str]) -> Iterator[None]:
        """Use other lists and rules for the templates added inside."""
        before = self._labels, self._rules
        self._labels, self._rules = labels, rules
        try:
            yield
        finally:
            self._labels, self._rules = before

    def preface(self, texts: Sequence[str], share: float) -> None:
        """Let every sentence begin with one of these texts, `share` of the time."""
        inner, self.start = self.start, self.network.state()
        self.network.arc(self.start, EPSILON, inner, 1.0 - share)
        for text in texts:
            begin = self.network.state()
            self.network.arc(self.start, EPSILON, begin, share / len(texts))
            end = self._text(f"{text} ", begin)
            if end is not None:
                self.network.arc(end, EPSILON, inner)

    def words(self) -> tuple[Network, int, int]:
        """Give the same network with whole words on its arcs, its start and its end."""
        return _Speller(self.network, self.start, self.final).spell()

    def _expression(self, template: str) -> Expression:
        known = self._parsed.get(template)
        if known is None:
            try:
                known = parse_sentence(template).expression
            except ParseError:
                raise ValueError("the brackets of a template do not fit") from None
            self._parsed[template] = known
        return known

    def _walk(self, expression: Expression, state: int) -> int | None:
        """Add an expression after `state` and give where it ends; None: it can't be said."""
        if isinstance(expression, TextChunk):
            return self._text(expression.original_text, state)
        if isinstance(expression, Alternative):
            return self._alternative(expression, state)
        if isinstance(expression, Permutation):
            return self._permutation(expression, state)
        if isinstance(expression, Group):
            return self._sequence(expression.items, state)
        if isinstance(expression, ListReference):
            return self._list(expression, state)
        if isinstance(expression, RuleReference):
            return self._rule(expression.rule_name, state)
        raise ValueError(f"a template holds an unknown {type(expression).__name__}")

    def _text(self, text: str, state: int) -> int | None:
        if _UNSPEAKABLE.search(text):
            return None
        for piece in re.split(r"(\s)", _BREAKS.sub(SPACE, _SILENT.sub("", text.lower()))):
            if piece:
                end = self.network.state()
                self.network.arc(state, piece, end)
                state = end
        return state

    def _sequence(self, items: list[Expression], state: int) -> int | None:
        end: int | None = state
        for item in items:
            if end is None:
                return None
            end = self._walk(item, end)
        return end

    def _alternative(self, group: Alternative, state: int) -> int | None:
        begins = [self.network.state() for _ in group.items]
        ends = [self._walk(item, begin) for item, begin in zip(group.items, begins, strict=True)]
        open_ends = [index for index, end in enumerate(ends) if end is not None]
        if not open_ends:
            return None
        join = self.network.state()
        for index in open_ends:
            share = 1.0 / len(open_ends)
            if group.is_optional and len(open_ends) > 1:
                is_skip = index == len(group.items) - 1
                share = SKIPPED if is_skip else (1.0 - SKIPPED) / (len(open_ends) - 1)
            end = ends[index]
            assert end is not None
            self.network.arc(state, EPSILON, begins[index], share)
            self.network.arc(end, EPSILON, join)
        return join

    def _permutation(self, group: Permutation, state: int) -> int | None:
        orders = list(itertools.permutations(group.items))
        join = self.network.state()
        reached = False
        for order in orders:
            begin = self.network.state()
            end = self._sequence(list(order), begin)
            if end is not None:
                self.network.arc(state, EPSILON, begin, 1.0 / len(orders))
                self.network.arc(end, EPSILON, join)
                reached = True
        return join if reached else None

    def _list(self, reference: ListReference, state: int) -> int | None:
        try:
            label = self._labels(reference.list_name)
        except KeyError:
            raise ValueError(f"there is no list {{{reference.list_name}}}") from None
        if label is None:
            return None
        end = self.network.state()
        self.network.arc(state, label, end)
        return end

    def _rule(self, name: str, state: int) -> int | None:
        if name not in self._rules:
            raise ValueError(f"there is no rule <{name}>")
        if self._depth >= DEEPEST:
            raise ValueError(f"the rule <{name}> contains itself")
        self._depth += 1
        try:
            return self._walk(self._expression(self._rules[name]), state)
        finally:
            self._depth -= 1


def is_rare(expression: Expression) -> bool:
    """Whether a template changes a timer that it names by how long that was set for.

    "Take five minutes off my timer for one hour": a seventh of Home Assistant's sentences and
    a third of their network, for what hardly anybody says.
    """
    slots = {reference.slot_name for reference in _references(expression)}
    started = {slot for slot in slots if slot.startswith("start_")}
    return bool(started) and bool(slots - started)


def _references(expression: Expression) -> Iterator[ListReference]:
    if isinstance(expression, ListReference):
        yield expression
    elif isinstance(expression, Group):
        for item in expression.items:
            yield from _references(item)


class _Speller:
    """Puts pieces together to words: a state of the result is (state, letters so far)."""

    def __init__(self, spelling: Network, start: int, final: int) -> None:
        self._spelling = spelling
        self._final = final
        self._names: dict[tuple[int, str], int] = {}
        self._waiting: list[tuple[int, str]] = []
        self.network = Network()
        self.end = self.network.state()
        self.start = self._name(start, "")

    def spell(self) -> tuple[Network, int, int]:
        while self._waiting:
            state, letters = self._waiting.pop()
            here = self._names[state, letters]
            if state == self._final:
                self.network.arc(here, letters, self.end)
            for label, end, weight in self._spelling.arcs[state]:
                self._step(here, letters, label, end, weight)
        return self.network, self.start, self.end

    def _step(self, here: int, letters: str, label: str, end: int, weight: float) -> None:
        if label == SPACE:
            self.network.arc(here, letters, self._name(end, ""), weight)
        elif label.startswith("{"):
            if letters:
                between = self.network.state()
                self.network.arc(here, letters, between, weight)
                here, weight = between, 1.0
            self.network.arc(here, label, self._name(end, ""), weight)
        else:
            self.network.arc(here, EPSILON, self._name(end, letters + label), weight)

    def _name(self, state: int, letters: str) -> int:
        key = (state, letters)
        if key not in self._names:
            self._names[key] = self.network.state()
            self._waiting.append(key)
        return self._names[key]
