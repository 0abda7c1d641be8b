"""Draws sentences from hassil templates: the words, numbers and things that somebody could say."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hassil import (
    Alternative,
    Expression,
    Group,
    IntentData,
    Intents,
    ListReference,
    Permutation,
    RangeSlotList,
    RuleReference,
    TextChunk,
    TextSlotList,
)
from hassil.numbers import get_rbnf_engine

from pipeline.grammar.lists import fits
from pipeline.sentences import SentenceFile, merge
from pipeline.things import SpokenValue, Things

_FREE = {
    "search_query": ("abbey road", "nineteen eighty nine", "the daily", "bohemian rhapsody"),
    "message": ("dinner is ready", "the bus is here", "we leave now"),
    "timer_command": ("turn off the lights", "open the garage door", "lock the front door"),
    "timer_name": ("pizza", "laundry", "tea"),
}
_ITEMS = ("milk", "dish soap", "light bulbs", "take out the trash", "a birthday cake")
"""What free words stand for; of any other list than the above."""


class Sampler:
    """Draws sentences; the same seed draws the same ones."""

    def __init__(self, files: Sequence[SentenceFile], things: Things, seed: int) -> None:
        self._intents = Intents.from_dict(merge(files))
        self._house = things.lists()
        self._numbers = get_rbnf_engine("en")
        self._random = random.Random(seed)  # noqa: S311  # no secret

    def sentences(self) -> Iterator[str]:
        """Sentences without end: an intent, a block of it and a template of that at random."""
        intents = list(self._intents.intents.values())
        while True:
            block = self._random.choice(self._random.choice(intents).data)
            sentence = self._random.choice(block.sentences)
            scope = _Scope(self._intents, block)
            try:
                said = " ".join(self._say(sentence.expression, scope).split())
            except LookupError:
                continue  # the house has nothing that this sentence is for
            yield _as_written(said)

    def _say(self, expression: Expression, scope: _Scope) -> str:
        choice = self._random
        if isinstance(expression, TextChunk):
            return expression.original_text
        if isinstance(expression, Alternative):
            return self._say(choice.choice(expression.items), scope)
        if isinstance(expression, Permutation):
            return " ".join(self._say(item, scope) for item in choice.sample(expression.items, 2))
        if isinstance(expression, Group):
            return "".join(self._say(item, scope) for item in expression.items)
        if isinstance(expression, RuleReference):
            return self._say(scope.rules[expression.rule_name].expression, scope)
        if isinstance(expression, ListReference):
            return self._value(expression, scope)
        raise LookupError

    def _value(self, reference: ListReference, scope: _Scope) -> str:
        name = reference.list_name
        if name in self._house:
            return self._random.choice([v.text for v in self._house[name] if scope.takes(v)])
        values = scope.lists.get(name)
        if isinstance(values, TextSlotList):
            return self._say(self._random.choice(values.values).text_in, scope)
        if isinstance(values, RangeSlotList):
            return self._number(self._random.choice(list(values.get_numbers())))
        return self._random.choice(_FREE.get(name, _ITEMS))

    def _number(self, number: float) -> str:
        if self._random.random() < 0.5:
            return f"{number:g}"
        words = self._numbers.format_number(number).text
        return words.replace("-", " ")


class _Scope:
    """The lists and rules of a block, and what it needs of a thing."""

    def __init__(self, intents: Intents, block: IntentData) -> None:
        self.rules = {**intents.expansion_rules, **block.expansion_rules}
        self.lists: Mapping[str, Any] = {**intents.slot_lists, **block.slot_lists}
        self._required = block.requires_context
        self._excluded = block.excludes_context

    def takes(self, value: SpokenValue) -> bool:
        return fits({"context": dict(value.context)}, self._required, self._excluded)


def _as_written(said: str) -> str:
    """Nobody writes "nine%" or "nine-hour"."""
    for sign, spelled in (("%", " percent"), ("\u00b0", " degrees"), ("-", " ")):
        said = re.sub(rf"(?<=[a-z]) ?{sign}(?=[a-z]|\s|$)", spelled, said)
    return said
