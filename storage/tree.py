"""A key for every minute, of which any may be destroyed: a puncturable GGM tree.

The construction is that of Goldreich, Goldwasser and Micali (How to construct random functions,
1986): a random root, and of each node's key two children's keys by a one-way function; the
leaves are the minutes. To puncture a minute its ancestors are thrown away and the siblings of
those ancestors (the co-path) kept (Boneh and Waters 2013; Green and Miers 2015 use it for
deletion): every other leaf can still be derived, and that one by nobody, from nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

DEPTH = 26
"""Levels under the root."""
MINUTES = 1 << DEPTH
"""Leaves: unix minutes from 1970 to August 2097 (127 years)."""

Node: TypeAlias = tuple[int, int]
"""Depth (0: the root) and index from the left at that depth."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A node that a puncture took away, with everything under it."""

    first: int
    last: int
    """The minutes under it, both included."""
    key: bytes = field(repr=False)


def span(node: Node) -> tuple[int, int]:
    """The first and the last minute under a node."""
    depth, index = node
    below = DEPTH - depth
    return index << below, ((index + 1) << below) - 1


class Tree:
    """The nodes that are left. It never changes: a puncture gives another tree."""

    def __init__(self, nodes: Mapping[Node, bytes]) -> None:
        """Nodes none of which lies under another."""
        self._nodes = dict(nodes)
        self._last = 0
        self._top = DEPTH + 1
        self._path = [b""] * (DEPTH + 1)

    @classmethod
    def planted(cls, root: bytes) -> Tree:
        """A whole tree over a random root of 32 bytes."""
        return cls({(0, 0): root})

    @property
    def nodes(self) -> Mapping[Node, bytes]:
        """What is left, with the keys."""
        return self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def leaf(self, minute: int) -> bytes | None:
        """The 32-byte key of this minute, or None where it was destroyed.

        Neighbours of the last minute asked for are quick: the way down to it is remembered.
        """
        if not 0 <= minute < MINUTES:
            return None
        shared = DEPTH - (minute ^ self._last).bit_length()
        if shared < self._top:
            node = self._above(minute)
            if node is None:
                return None
            shared = self._top = node[0]
            self._path[shared] = self._nodes[node]
        for depth in range(shared + 1, DEPTH + 1):
            bit = minute >> (DEPTH - depth) & 1
            self._path[depth] = _child(self._path[depth - 1], bit)
        self._last = minute
        return self._path[DEPTH]

    def has(self, minute: int) -> bool:
        """Whether this minute's key can still be derived."""
        return self._above(minute) is not None

    def first_from(self, minute: int) -> int | None:
        """The first minute at or after this one that still has a key."""
        spans = (span(node) for node in self._nodes)
        return min((max(low, minute) for low, high in spans if high >= minute), default=None)

    def punctured(self, first: int, last: int) -> tuple[Tree, tuple[Destroyed, ...]]:
        """The tree without the minutes from `first` to `last`, both included; and what went."""
        kept: dict[Node, bytes] = {}
        gone: list[Destroyed] = []
        waiting = list(self._nodes.items())
        while waiting:
            node, key = waiting.pop()
            low, high = span(node)
            if high < first or low > last:
                kept[node] = key
            elif first <= low and high <= last:
                gone.append(Destroyed(low, high, key))
            else:
                depth, index = node
                waiting += [((depth + 1, index * 2 + bit), _child(key, bit)) for bit in (0, 1)]
        return Tree(kept), tuple(sorted(gone, key=lambda node: node.first))

    def thinned(self, used: Collection[int], before: int) -> tuple[Tree, tuple[Destroyed, ...]]:
        """The tree without the nodes that lie wholly before a minute and have no `used` one."""
        kept: dict[Node, bytes] = {}
        gone: list[Destroyed] = []
        needed = {self._above(minute) for minute in used}
        for node, key in self._nodes.items():
            low, high = span(node)
            if high >= before or node in needed:
                kept[node] = key
            else:
                gone.append(Destroyed(low, high, key))
        return Tree(kept), tuple(sorted(gone, key=lambda node: node.first))

    def _above(self, minute: int) -> Node | None:
        if not 0 <= minute < MINUTES:
            return None
        for depth in range(DEPTH + 1):
            node = (depth, minute >> (DEPTH - depth))
            if node in self._nodes:
                return node
        return None


def _child(key: bytes, bit: int) -> bytes:
    return hmac.digest(key, b"sotto tree right" if bit else b"sotto tree left", "sha256")
