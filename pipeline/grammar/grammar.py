"""A compiled grammar: a value that can be walked, written to disk and given to a decoder."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from typing import Any

from pipeline.grammar.automaton import Automaton

_MANY = math.log(100)
"""The entropy of a choice among a hundred."""
VERSION = 4
"""Raised when what a compile gives for the same inputs changes."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """Every sentence that can be recognised. State 0 is the start."""

    automaton: Automaton
    pronunciations: Mapping[str, tuple[str, ...]]
    """By word of the automaton: ARPAbet phones, separated by spaces, likeliest first."""
    guessed: tuple[str, ...]
    """Words whose pronunciation is a guess."""
    wake: tuple[str, ...] = ()
    """ARPAbet of the wake words, whose end may stand before a sentence."""
    each_word: float = 1.0
    """What a decoder multiplies the probability of every word with; less hears fewer words."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a grammar says of words."""

    complete: bool
    """They are a sentence."""
    extendable: bool
    """A longer sentence begins with them."""


class Reader:
    """Walks a grammar, which may have several ways for the same words."""

    def __init__(self, grammar: Grammar) -> None:
        self._automaton = grammar.automaton
        self._final = grammar.automaton.final
        self._next: list[dict[str, tuple[int, ...]]] = []
        known: dict[tuple[int, ...], tuple[int, ...]] = {}
        for leaving in grammar.automaton.arcs:
            following: dict[str, tuple[int, ...]] = {}
            for word, end, _ in leaving:
                ends = (*following.get(word, ()), end)
                following[word] = known.setdefault(ends, ends)  # most are the same few
            self._next.append(following)

    def read(self, words: Iterable[str]) -> Reading:
        """Say whether words are a sentence, and whether a longer one begins with them."""
        states = {0}
        for word in words:
            states = {end for state in states for end in self._next[state].get(word, ())}
        return Reading(
            complete=any(self._final[state] > 0 for state in states),
            extendable=any(self._next[state] for state in states),
        )

    def likelihood(self, words: Iterable[str]) -> float:
        """Give the log probability of a sentence, in nats; minus infinity where it is none.

        Of a choice among very many, such as the names of a large house, no more is charged than
        of one among a hundred: a house does not become harder to command by being large.
        """
        states = {0: 1.0}
        total = 0.0
        for word in words:
            after: dict[int, float] = defaultdict(float)
            for state, share in states.items():
                for said, end, chance in self._automaton.arcs[state]:
                    if said == word:
                        after[end] += share * chance
            total += self._charge(states, sum(after.values()))
            states = _shared(after)
        return total + self._charge(states, sum(p * self._final[s] for s, p in states.items()))

    def _charge(self, states: Mapping[int, float], chance: float) -> float:
        if chance <= 0:
            return -math.inf
        excess = sum(p * max(0.0, self._surprise(s) - _MANY) for s, p in states.items())
        return min(0.0, math.log(chance) + excess)

    def _surprise(self, state: int) -> float:
        """The entropy of what may follow a state, in nats."""
        shares = [chance for _, _, chance in self._automaton.arcs[state]]
        shares.append(self._final[state])
        return -sum(share * math.log(share) for share in shares if share > 0)


def _shared(weights: Mapping[int, float]) -> dict[int, float]:
    """The same weights, of which the sum is 1."""
    total = sum(weights.values())
    return {state: weight / total for state, weight in weights.items()} if total else {}


def fingerprint(*inputs: object) -> str:
    """A name for the inputs of a compile, the same in every process."""
    text = json.dumps([VERSION, *inputs], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def save(grammar: Grammar, path: Path) -> None:
    """Write a grammar, whole or not at all."""
    value = {
        "version": VERSION,
        "arcs": grammar.automaton.arcs,
        "final": grammar.automaton.final,
        "pronunciations": dict(grammar.pronunciations),
        "guessed": grammar.guessed,
        "wake": grammar.wake,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, separators=(",", ":")), encoding="utf-8")
    part.replace(path)


def load(path: Path) -> Grammar | None:
    """Read a saved grammar; None where there is none that can be used."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return _grammar(value) if value["version"] == VERSION else None
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _grammar(value: Mapping[str, Any]) -> Grammar:
    # The same words stand on thousands of arcs: one copy of each is enough.
    arcs = tuple(
        tuple((intern(str(word)), int(end), float(share)) for word, end, share in leaving)
        for leaving in value["arcs"]
    )
    final = tuple(float(share) for share in value["final"])
    if len(final) != len(arcs) or any(not 0 <= e < len(arcs) for row in arcs for _, e, _ in row):
        raise ValueError("arcs that lead nowhere")
    return Grammar(
        Automaton(arcs, final),
        {str(word): _texts(variants) for word, variants in value["pronunciations"].items()},
        _texts(value["guessed"]),
        _texts(value["wake"]),
    )


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
