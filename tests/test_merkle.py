"""The Merkle tree is RFC 6962's, and its proofs prove what they say and nothing else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import merkle
from storage.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    root_of,
)

# The eight leaves, roots and paths of the reference vectors that Certificate Transparency's
# implementations share.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                 "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def by_definition(hashes: list[bytes]) -> bytes:
    """The root as RFC 6962 defines it, by recursion."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    left, right = by_definition(hashes[:half]), by_definition(hashes[half:])
    return hashlib.sha256(b"\1" + left + right).digest()


def numbered(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def test_the_roots_are_those_of_certificate_transparency():
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT == hashlib.sha256(b"").digest()
    for hashed, root in zip(HASHES, ROOTS, strict=True):
        frontier.append(hashed)
        assert frontier.root().hex() == root


def test_a_known_path_is_the_reference_s():
    path = [sibling.hex() for sibling in inclusion_proof(HASHES, 0)]
    assert path == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@given(st.integers(0, 70))
def test_a_root_that_grows_is_the_root_as_it_is_defined(size):
    assert root_of(numbered(size)) == by_definition(numbered(size))


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proven_and_only_at_its_place(size, data):
    hashes = numbered(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(hashes, index), root_of(hashes)
    assert is_included(hashes[index], index, size, proof, root)
    other = data.draw(st.integers(-1, size + 1))
    if other != index:
        assert not is_included(hashes[index], other, size, proof, root)
    assert not is_included(leaf_hash(b"forged"), index, size, proof, root)
    assert not is_included(hashes[index], index, size, (*proof, root), root)
    if proof:
        assert not is_included(hashes[index], index, size, proof[1:], root)


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_tree_that_grew_is_consistent_with_itself(old, more):
    hashes = numbered(old + more)
    proof = consistency_proof(hashes, old)
    before, after = root_of(hashes[:old]), root_of(hashes)
    assert is_consistent(old, before, old + more, after, proof)


@given(st.integers(1, 70), st.integers(1, 70), st.data())
def test_a_tree_with_another_past_is_not(old, more, data):
    hashes = numbered(old + more)
    proof, after = consistency_proof(hashes, old), root_of(hashes)
    changed = data.draw(st.integers(0, old - 1))
    past = [*hashes[:changed], leaf_hash(b"changed"), *hashes[changed + 1 : old]]
    assert not is_consistent(old, root_of(past), old + more, after, proof)
    assert not is_consistent(old, root_of(hashes[:old]), old + more, leaf_hash(b""), proof)
    assert not is_consistent(old, root_of(hashes[:old]), old + more, after, (*proof, after))
    assert not is_consistent(old, root_of(hashes[:old]), old + more, after, proof[1:])


def test_what_is_not_there_has_no_proof():
    for index in (-1, 8):
        with pytest.raises(IndexError):
            inclusion_proof(HASHES, index)
    for old in (-1, 9):
        with pytest.raises(IndexError):
            consistency_proof(HASHES, old)
    assert not is_consistent(9, EMPTY_ROOT, 8, EMPTY_ROOT, ())


def test_a_copy_of_a_frontier_grows_on_its_own():
    frontier = merkle.Frontier()
    frontier.append(HASHES[0])
    copy = frontier.copy()
    copy.append(HASHES[1])
    assert (frontier.size, frontier.root().hex()) == (1, ROOTS[0])
    assert (copy.size, copy.root().hex()) == (2, ROOTS[1])
