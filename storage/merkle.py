"""A Merkle tree over a growing list, hashed as RFC 6962 says, with its two kinds of proof.

Source: RFC 6962 section 2.1 (hashing, audit paths, consistency proofs); the checks follow
RFC 9162 sections 2.1.3.2 and 2.1.4.2, which state them as algorithms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree with no leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Hash an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the full subtrees of a growing tree: all it takes to append and give the root.

    At most one hash a bit of the size; an append costs two hashes on average.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        """Leaves so far."""
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        carried = leaf
        size = self.size
        while size & 1:
            carried = node_hash(self._peaks.pop(), carried)
            size >>= 1
        self._peaks.append(carried)
        self.size += 1

    def root(self) -> bytes:
        """Give the root of the tree so far, 32 bytes."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> Frontier:
        """Give one that grows on its own from here."""
        return Frontier(self.size, self._peaks)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The siblings on the way from a leaf to the root over these leaf hashes, lowest first.

    Raises IndexError where there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} among {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low = middle
    return tuple(reversed(path))


def consistency_proof(leaves: Sequence[bytes], old: int) -> tuple[bytes, ...]:
    """What shows that the tree over these leaf hashes continues the one over the first `old`.

    Raises IndexError where `old` is not from 0 to the number of leaves.
    """
    if not 0 <= old <= len(leaves):
        raise IndexError(f"no tree of {old} leaves in one of {len(leaves)}")
    if old in (0, len(leaves)):
        return ()
    proof: list[bytes] = []
    low, high, is_whole = 0, len(leaves), True
    while old - low != high - low:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(root_of(leaves[middle:high]))
            high = middle
        else:
            proof.append(root_of(leaves[low:middle]))
            low, is_whole = middle, False
    if not is_whole:
        proof.append(root_of(leaves[low:high]))
    return tuple(reversed(proof))


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at `index` in the tree of this size and root."""
    if not 0 <= index < size:
        return False
    place, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = node_hash(sibling, value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and value == root


def is_consistent(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `size` continues the tree of `old` leaves."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not proof and old_root == (EMPTY_ROOT if old == 0 else root)
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_value = value = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_value = node_hash(sibling, old_value)
            value = node_hash(sibling, value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old_value == old_root and value == root


def _split(count: int) -> int:
    """The largest power of two below the count."""
    return 1 << (count - 1).bit_length() - 1
