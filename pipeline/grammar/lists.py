"""What a list label stands for: values, numbers as words, or a vocabulary for free speech."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hassil.expression import INLINE_RANGE_PATTERN
from hassil.intents import RangeFractionType
from hassil.numbers import get_rbnf_engine

from pipeline.grammar.automaton import Automaton, Network, determinise
from pipeline.grammar.expand import Labels, Spelling

Value = Mapping[str, Any]
"""A value of a list in hassil's format: `in`, perhaps `out` and `context`."""


def fits(value: Value | str, required: Mapping[str, Any], excluded: Mapping[str, Any]) -> bool:
    """Whether a value's context allows it in a sentence, by hassil's rules."""
    context = {} if isinstance(value, str) else value.get("context") or {}
    if not context:
        return True
    for key, wanted in required.items():
        allowed = _allowed(wanted)
        if allowed and str(context.get(key)) not in allowed:
            return False
    return all(
        str(context.get(key)) not in _allowed(unwanted) for key, unwanted in excluded.items()
    )


def _allowed(wanted: object) -> set[str]:
    if isinstance(wanted, Mapping):
        wanted = wanted.get("value")
    if wanted is None:
        return set()
    if isinstance(wanted, str | int | float | bool):
        return {str(wanted)}
    return {str(item) for item in wanted} if isinstance(wanted, Sequence) else set()


def values(items: Sequence[Value | str], labels: Labels, rules: Mapping[str, str]) -> Automaton:
    """The automaton of a list of values; raises ValueError where a template is broken."""
    spelling = Spelling(labels, rules)
    for item in items:
        if isinstance(item, str):
            spelling.add(item)
        elif item.get("plain"):
            spelling.add_text(str(item["in"]))
        else:
            spelling.add(str(item["in"]))
    return determinise(*spelling.words())


def numbers(low: int, high: int, step: int, fractions: str | None, language: str) -> Automaton:
    """The automaton of numbers as words, worded as hassil reads them."""
    engine = get_rbnf_engine(language)
    network = Network()
    start, final = network.state(), network.state()
    for number in _numbers(low, high, step, fractions):
        wordings = set(engine.format_number(number).text_by_ruleset.values())
        for wording in sorted(wordings):
            words = wording.replace("-", " ").split()
            state = start
            for index, word in enumerate(words):
                end = final if index == len(words) - 1 else network.state()
                network.arc(state, word, end, _familiarity(number) if index == 0 else 1.0)
                state = end
    return determinise(network, start, final)


def _numbers(low: int, high: int, step: int, fractions: str | None) -> Iterator[int | float]:
    parts = RangeFractionType.get_fractions(RangeFractionType(fractions)) if fractions else ()
    for whole in range(low, high + 1, step):
        yield whole
        if whole < high:
            yield from (whole + part for part in parts)


def _familiarity(number: float) -> float:
    """How much likelier people say round and small numbers than others (a mild prior)."""
    if number != int(number):
        return 0.5
    if number % 10 == 0 and number > 0:
        return 4.0
    return 2.0 if number % 5 == 0 or number <= 12 else 1.0


def inline_range(name: str) -> dict[str, Any]:
    """The range that hassil reads in `{1..20}` or `{0..100,5}`; KeyError: it is none."""
    match = INLINE_RANGE_PATTERN.match(name)
    if match is None:
        raise KeyError(name)
    low, high, step = match.groups()
    return {"range": {"from": int(low), "to": int(high), "step": int(step or 1)}}
