"""Ways to say a template: one walk each through it, however many there would be."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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

from pipeline.sentences import SentenceFile, built_in, merge

SAMPLES = 12
"""Ways of saying each template that are tried."""
ANYTHING = "something"
"""What is said where any words may stand."""
_LONGEST = 60
"""Pieces of one way to say it; a longer walk is given up."""

Lists = Mapping[str, Sequence[str]]
"""By list, what can be said for it: the house's names, areas and floors."""


def samples(
    files: Sequence[SentenceFile], house: Lists, most: int = SAMPLES
) -> Iterator[tuple[str, str, str]]:
    """Intent, template and text: ways to say the sentences of these files, the same each time."""
    shared = merge((*built_in(), *files))
    for file in files:
        for name, intent in file.values["intents"].items():
            for block in intent["data"]:
                lists = {
                    **shared["lists"],
                    **file.values.get("lists", {}),
                    **block.get("lists", {}),
                }
                rules = {
                    **shared["expansion_rules"],
                    **file.values.get("expansion_rules", {}),
                    **block.get("expansion_rules", {}),
                }
                for template in block["sentences"]:
                    walk = _Walk(lists, rules, house)
                    for text in walk.several(template, most):
                        yield name, template, text


class _Walk:
    """Walks a template, by chance where it forks."""

    def __init__(self, lists: Mapping[str, Any], rules: Mapping[str, str], house: Lists) -> None:
        self._lists = lists
        self._rules = rules
        self._house = house
        self._chance = random.Random(0)  # noqa: S311  # the same samples each time
        self._pieces = 0

    def several(self, template: str, most: int) -> list[str]:
        """At most `most` different texts."""
        expression = parse_sentence(template).expression
        texts: dict[str, None] = {}
        for _ in range(2 * most):
            self._pieces = 0
            text = " ".join(self._say(expression).split())
            if self._pieces <= _LONGEST and text:
                texts[text] = None
            if len(texts) == most:
                break
        return list(texts)

    def _say(self, expression: Expression) -> str:  # noqa: PLR0911  # a kind, an answer
        self._pieces += 1
        if self._pieces > _LONGEST:
            return ""
        if isinstance(expression, TextChunk):
            return str(expression.original_text)
        if isinstance(expression, Alternative):
            return self._say(self._chance.choice(expression.items))
        if isinstance(expression, Permutation):
            order = self._chance.sample(expression.items, len(expression.items))
            return " ".join(map(self._say, order))
        if isinstance(expression, Group):
            return "".join(map(self._say, expression.items))
        if isinstance(expression, RuleReference):
            return self._say(parse_sentence(self._rules[expression.rule_name]).expression)
        return f" {self._value(expression)} " if isinstance(expression, ListReference) else ""

    def _value(self, reference: ListReference) -> str:
        name = reference.list_name
        if self._house.get(name):
            return self._chance.choice(self._house[name])
        bounds = reference.get_inline_range()
        values = self._lists.get(
            name, {"range": {"from": bounds[0], "to": bounds[1]}} if bounds else {}
        )
        if "values" in values:
            value = self._chance.choice(values["values"])
            return self._say(parse_sentence(value["in"]).expression)
        if "range" in values:
            limits = values["range"]
            return str(
                self._chance.randrange(limits["from"], limits["to"] + 1, limits.get("step", 1))
            )
        return ANYTHING
