"""The tree of keys: a punctured minute is gone for good, and no other notices."""

from __future__ import annotations

import hmac
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.tree import DEPTH, MINUTES, Node, Tree, span

ROOT = bytes(range(32))
NOW = 29_900_000

minutes = st.one_of(
    st.integers(0, MINUTES - 1),
    st.integers(NOW - 40, NOW + 40),
    st.sampled_from([0, 1, MINUTES // 2 - 1, MINUTES // 2, MINUTES - 2, MINUTES - 1]),
)
spans = st.lists(st.tuples(minutes, minutes).map(lambda pair: (min(pair), max(pair))), max_size=6)


def way_down(minute: int) -> list[bytes]:
    """Root, ..., leaf, worked out apart from the code."""
    keys = [ROOT]
    for depth in range(DEPTH):
        right = f"{minute:026b}"[depth] == "1"
        word = b"sotto tree right" if right else b"sotto tree left"
        keys.append(hmac.digest(keys[-1], word, "sha256"))
    return keys


def punctured(holes: list[tuple[int, int]]) -> Tree:
    tree = Tree.planted(ROOT)
    for first, last in holes:
        tree, _ = tree.punctured(first, last)
    return tree


def is_above(node: Node, minute: int) -> bool:
    low, high = span(node)
    return low <= minute <= high


def test_the_derivation_never_changes():
    leaf = Tree.planted(ROOT).leaf(NOW)
    assert leaf is not None
    assert leaf.hex() == "16a9bea633eaf0e637b4a4eccd43be41b16c5a2658fa31698ed390d1788ea1e3"


@given(spans, st.lists(minutes, min_size=1, max_size=8))
def test_a_punctured_minute_has_no_key_and_every_other_keeps_its_own(holes, asked):
    tree = punctured(holes)
    for minute in asked:
        is_gone = any(first <= minute <= last for first, last in holes)
        assert tree.leaf(minute) == (None if is_gone else way_down(minute)[-1])
        assert tree.has(minute) is not is_gone


@given(spans, minutes)
def test_nothing_that_is_left_leads_to_a_punctured_minute(holes, minute):
    tree = punctured([*holes, (minute, minute)])
    assert not any(is_above(node, minute) for node in tree.nodes)
    assert not set(way_down(minute)) & set(tree.nodes.values())


@given(spans)
def test_nodes_never_overlap_and_stand_for_exactly_what_is_left(holes):
    covered = sorted(span(node) for node in punctured(holes).nodes)
    assert all(one[1] < other[0] for one, other in pairwise(covered))
    gone = 0
    last_seen = -1
    for first, last in sorted(holes):
        gone += max(0, last - max(first, last_seen + 1) + 1)
        last_seen = max(last_seen, last)
    assert sum(high - low + 1 for low, high in covered) == MINUTES - gone


@given(spans, minutes, minutes)
def test_what_a_puncture_took_is_what_it_was_asked_for(holes, one, other):
    first, last = min(one, other), max(one, other)
    before = punctured(holes)
    after, gone = before.punctured(first, last)
    for node in gone:
        assert first <= node.first <= node.last <= last
        assert before.has(node.first)
        assert not after.has(node.first)
    assert after.punctured(first, last)[1] == ()


@given(minutes)
def test_a_tree_whose_past_is_gone_stays_small(minute):
    tree, _ = Tree.planted(ROOT).punctured(0, minute)
    assert len(tree) <= DEPTH
    assert tree.first_from(0) == (minute + 1 if minute < MINUTES - 1 else None)


@given(spans, st.lists(minutes, max_size=5), minutes)
def test_thinning_keeps_the_used_and_the_future(holes, used, before):
    tree = punctured(holes)
    thin, _ = tree.thinned(used, before)
    for minute in [*used, before, MINUTES - 1]:
        assert thin.leaf(minute) == tree.leaf(minute)
    assert set(thin.nodes) <= set(tree.nodes)


def test_thinning_drops_what_nobody_needs():
    tree = punctured([(NOW, NOW), (NOW + 100, NOW + 100)])
    thin, gone = tree.thinned({NOW + 50}, before=NOW + 101)
    assert thin.has(NOW + 50)
    assert not thin.has(NOW - 1)
    assert not thin.has(NOW + 99)
    assert len(thin) + len(gone) == len(tree)


def test_minutes_outside_the_horizon_have_no_key():
    tree = Tree.planted(ROOT)
    assert tree.leaf(5) is not None
    assert [tree.leaf(minute) for minute in (-1, -(1 << 40), MINUTES, 1 << 60)] == [None] * 4
