"""Weighted word automata: determinised, minimised, spliced into one another.

Weights are probabilities. Determinisation keeps the language exactly and projects the
distribution onto the new states: an arc's weight is the share of all paths through its state
that take it (the maximum-likelihood fit of a deterministic automaton, as in Mohri, "Weighted
automata algorithms", 2009, but without requiring that every sentence keeps its exact weight).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

EPSILON = ""


@dataclass(slots=True)
class Network:
    """A non-deterministic, acyclic automaton under construction; labels are words."""

    arcs: list[list[tuple[str, int, float]]] = field(default_factory=list)
    """By state: (label, next state, weight)."""

    def state(self) -> int:
        """Add a state."""
        self.arcs.append([])
        return len(self.arcs) - 1

    def arc(self, start: int, label: str, end: int, weight: float = 1.0) -> None:
        """Add an arc."""
        self.arcs[start].append((label, end, weight))


@dataclass(frozen=True, slots=True)
class Automaton:
    """A minimal, trimmed automaton. State 0 is the start."""

    arcs: tuple[tuple[tuple[str, int, float], ...], ...]
    """By state: (word, next state, probability), in the order of the words."""
    final: tuple[float, ...]
    """By state: the probability that a sentence ends here; 0: it can't."""


def determinise(network: Network, start: int, final: int) -> Automaton:
    """Give the minimal automaton for the paths from `start` to `final` (epsilon is free)."""
    subsets = _Subsets(network, final)
    order, arcs, ends = subsets.explore(start)
    masses = _masses(subsets, order, arcs, ends, start)
    return _minimise(arcs, ends, masses)


class _Subsets:
    """The subset construction."""

    def __init__(self, network: Network, final: int) -> None:
        self._network = network
        self.final = final
        self._closures: dict[int, tuple[tuple[int, float], ...]] = {}

    def closure(self, state: int) -> tuple[tuple[int, float], ...]:
        """The states reached from `state` for free which have words (or are final)."""
        known = self._closures.get(state)
        if known is not None:
            return known
        reached: dict[int, float] = defaultdict(float)
        arcs = self._network.arcs[state]
        if state == self.final or any(label for label, _, _ in arcs):
            reached[state] = 1.0
        for label, end, weight in arcs:
            if not label:
                for inner, share in self.closure(end):
                    reached[inner] += weight * share
        result = tuple(sorted(reached.items()))
        self._closures[state] = result
        return result

    def words(self, subset: frozenset[int]) -> dict[str, frozenset[int]]:
        """The subsets that follow, by word."""
        following: dict[str, set[int]] = defaultdict(set)
        for state in subset:
            for label, end, _ in self._network.arcs[state]:
                if label:
                    following[label].update(inner for inner, _ in self.closure(end))
        return {word: frozenset(states) for word, states in following.items() if states}

    def explore(self, start: int) -> tuple[list[frozenset[int]], list[dict[str, int]], list[bool]]:
        """Name every reachable subset."""
        first = frozenset(state for state, _ in self.closure(start))
        names = {first: 0}
        order = [first]
        arcs: list[dict[str, int]] = []
        for subset in order:
            leaving: dict[str, int] = {}
            for word, target in sorted(self.words(subset).items()):
                if target not in names:
                    names[target] = len(order)
                    order.append(target)
                leaving[word] = names[target]
            arcs.append(leaving)
        return order, arcs, [self.final in subset for subset in order]

    def flow(self, mass: Mapping[int, float]) -> dict[str, dict[int, float]]:
        """Where the mass that lies on states goes, by word."""
        moved: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for state, amount in mass.items():
            for label, end, weight in self._network.arcs[state]:
                if label:
                    target = moved[label]
                    for inner, share in self.closure(end):
                        target[inner] += amount * weight * share
        return moved


def _masses(
    subsets: _Subsets,
    order: Sequence[frozenset[int]],
    arcs: Sequence[Mapping[str, int]],
    ends: Sequence[bool],
    start: int,
) -> list[tuple[dict[str, float], float]]:
    """By state: how much mass leaves by each word, and how much ends."""
    held: list[dict[int, float]] = [defaultdict(float) for _ in order]
    for state, share in subsets.closure(start):
        held[0][state] += share
    result: list[tuple[dict[str, float], float]] = [({}, 0.0)] * len(order)
    for state in _topological(arcs):
        leaving: dict[str, float] = {}
        for word, moved in subsets.flow(held[state]).items():
            if word in arcs[state]:
                target = held[arcs[state][word]]
                for inner, amount in moved.items():
                    target[inner] += amount
                leaving[word] = sum(moved.values())
        result[state] = (leaving, held[state].get(subsets.final, 0.0) if ends[state] else 0.0)
        held[state] = {}
    return result


def _topological(arcs: Sequence[Mapping[str, int]]) -> list[int]:
    incoming = [0] * len(arcs)
    for leaving in arcs:
        for end in leaving.values():
            incoming[end] += 1
    ready = [state for state, count in enumerate(incoming) if count == 0]
    for state in ready:
        for end in arcs[state].values():
            incoming[end] -= 1
            if incoming[end] == 0:
                ready.append(end)
    return ready


def _minimise(
    arcs: Sequence[Mapping[str, int]],
    ends: Sequence[bool],
    masses: Sequence[tuple[Mapping[str, float], float]],
) -> Automaton:
    """Merge states with the same futures (Revuz, 1992: an acyclic automaton, from its ends)."""
    register: dict[tuple[bool, tuple[tuple[str, int], ...]], int] = {}
    merged: list[int] = [-1] * len(arcs)
    shapes: list[tuple[tuple[str, int], ...]] = []
    for state in reversed(_topological(arcs)):
        shape = tuple((word, merged[end]) for word, end in arcs[state].items() if merged[end] >= 0)
        if not shape and not ends[state]:
            continue
        key = (ends[state], shape)
        if key not in register:
            register[key] = len(shapes)
            shapes.append(shape)
        merged[state] = register[key]
    return _weighted(merged, shapes, masses)


def _weighted(
    merged: Sequence[int],
    shapes: Sequence[tuple[tuple[str, int], ...]],
    masses: Sequence[tuple[Mapping[str, float], float]],
) -> Automaton:
    if not merged or merged[0] < 0:
        return Automaton(((),), (0.0,))
    leaving: list[dict[str, float]] = [defaultdict(float) for _ in shapes]
    ending = [0.0] * len(shapes)
    for state, name in enumerate(merged):
        if name >= 0:
            for word, mass in masses[state][0].items():
                leaving[name][word] += mass
            ending[name] += masses[state][1]
    last = len(shapes) - 1  # the start was merged last: give it the number 0
    rows = []
    finals = []
    for name in range(last, -1, -1):
        total = sum(leaving[name][word] for word, _ in shapes[name]) + ending[name] or 1.0
        rows.append(
            tuple((word, last - end, leaving[name][word] / total) for word, end in shapes[name])
        )
        finals.append(ending[name] / total)
    return Automaton(tuple(rows), tuple(finals))


def merge(automaton: Automaton) -> Automaton:
    """The same sentences with the same weights, from fewer states.

    States are one where they end alike and have the same arcs to states that are one: Moore,
    "Gedanken-experiments on sequential machines", 1956, with the weights as part of the words.
    """
    classes: list[int] = [0] * len(automaton.arcs)
    count = 0
    while True:
        names: dict[tuple[object, ...], int] = {}
        merged = []
        for state, leaving in enumerate(automaton.arcs):
            arcs = tuple(sorted((word, classes[end], share) for word, end, share in leaving))
            key = (classes[state], automaton.final[state], arcs)
            merged.append(names.setdefault(key, len(names)))
        classes = merged
        if len(names) == count:
            break
        count = len(names)
    first = {name: state for state, name in reversed(list(enumerate(classes)))}
    rows = (
        tuple((word, classes[end], share) for word, end, share in automaton.arcs[first[name]])
        for name in range(count)
    )
    return Automaton(tuple(rows), tuple(automaton.final[first[name]] for name in range(count)))


def splice(automaton: Automaton, parts: Mapping[str, Automaton]) -> Automaton:
    """Replace every arc whose word names a part by that part."""
    arcs: list[list[tuple[str, int, float]]] = [[] for _ in automaton.arcs]
    final = list(automaton.final)
    for state, leaving in enumerate(automaton.arcs):
        for word, end, weight in leaving:
            part = parts.get(word)
            if part is None:
                arcs[state].append((word, end, weight))
            else:
                _insert(arcs, final, part, state, end, weight)
    return Automaton(tuple(tuple(leaving) for leaving in arcs), tuple(final))


def _insert(
    arcs: list[list[tuple[str, int, float]]],
    final: list[float],
    part: Automaton,
    start: int,
    end: int,
    weight: float,
) -> None:
    """Copy a part between two states; its own start is never an end (no part is empty)."""
    copies = {0: start}
    for state in range(1, len(part.arcs)):
        if part.arcs[state]:
            copies[state] = len(arcs)
            arcs.append([])
            final.append(0.0)
    for state, copy in copies.items():
        scale = weight if state == 0 else 1.0 / (1.0 - part.final[state])
        for word, target, share in part.arcs[state]:
            if part.final[target] > 0:
                arcs[copy].append((word, end, scale * share * part.final[target]))
            if target in copies:
                stays = 1.0 - part.final[target]
                arcs[copy].append((word, copies[target], scale * share * stays))
