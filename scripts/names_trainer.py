"""The names model while it learns: forward, backward and update by hand in numpy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from names_generator import Sentence
from names_lexicon import KNOWN, LISTS

from pipeline.detectors.names_model import LABELS, SHIFTS
from pipeline.detectors.words import BUCKETS, SHAPES, buckets, listed, tokens

WIDTH = 32
HIDDEN = 96
GAP = 4
"""Empty rows between two sentences of a batch."""
BATCH = 64
SMOOTHING = 0.02


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences one behind the other, with GAP empty rows around each."""

    lengths: np.ndarray
    begins: np.ndarray
    """Where each sentence begins among the words."""
    at: np.ndarray
    """The row of each word, among words and gaps."""
    total: int
    """Rows of words and gaps."""
    unique: np.ndarray
    """The different words."""
    inverse: np.ndarray
    """For each word its place in `unique`."""
    labels: np.ndarray
    bits: np.ndarray
    shapes: np.ndarray

    def placed(self, rows: np.ndarray) -> np.ndarray:
        """Rows of words with the gaps between the sentences."""
        full = np.zeros((self.total, rows.shape[1]), np.float32)
        full[self.at] = rows
        return full


@dataclass(frozen=True, slots=True)
class Kept:
    """Columns of ones and zeros: what of each word is seen this time."""

    own: np.ndarray
    parts: np.ndarray
    bits: np.ndarray
    case: np.ndarray


class Batches:
    """Sentences as arrays."""

    def __init__(self, sentences: Iterable[Sentence], lists: dict[int, int]) -> None:
        self.words: dict[str, int] = {}
        self.rows: list[list[int]] = []
        self.ids: list[np.ndarray] = []
        self.bits: list[np.ndarray] = []
        self.shapes: list[np.ndarray] = []
        self.labels: list[np.ndarray] = []
        for sentence in sentences:
            found = tokens(sentence.text)
            if not found:
                continue
            self.ids.append(np.array([self._word(token.key) for token in found]))
            self.bits.append(listed([t.key for t in found], lists, len(LISTS)).astype(np.uint8))
            self.shapes.append(np.array([token.shape for token in found], np.float32))
            self.labels.append(np.array([label(sentence, t.start, t.end) for t in found]))

    def _word(self, key: str) -> int:
        if key not in self.words:
            self.words[key] = len(self.rows)
            self.rows.append(buckets(key))
        return self.words[key]

    def batch(self, chosen: np.ndarray) -> Batch:
        """The chosen sentences together."""
        lengths = np.array([len(self.ids[i]) for i in chosen])
        offsets = np.cumsum([GAP, *(lengths[:-1] + GAP)])
        unique, inverse = np.unique(
            np.concatenate([self.ids[i] for i in chosen]), return_inverse=True
        )
        return Batch(
            lengths=lengths,
            begins=np.cumsum([0, *lengths[:-1]]),
            at=np.concatenate([np.arange(o, o + n) for o, n in zip(offsets, lengths, strict=True)]),
            total=int(offsets[-1] + lengths[-1] + GAP),
            unique=unique,
            inverse=inverse,
            labels=np.concatenate([self.labels[i] for i in chosen]),
            bits=np.concatenate([self.bits[i] for i in chosen]).astype(np.float32),
            shapes=np.concatenate([self.shapes[i] for i in chosen]),
        )


class _Words:
    """Vectors of the different words of a batch, and where in the table they come from."""

    def __init__(self, table: np.ndarray, rows: Sequence[Sequence[int]]) -> None:
        self._sizes = np.array([len(row) for row in rows])
        self._starts = np.cumsum([0, *self._sizes[:-1]])
        self.flat = np.array([bucket for row in rows for bucket in row])
        vectors = table[self.flat]
        self.own = vectors[self._starts]
        sums = np.add.reduceat(vectors, self._starts) - self.own
        self.parts = sums / (self._sizes[:, None] - 1)

    def gradients(self, d_own: np.ndarray, d_parts: np.ndarray) -> np.ndarray:
        """What flows back to each row of `flat`."""
        flat = np.repeat(d_parts / (self._sizes[:, None] - 1), self._sizes, axis=0)
        flat[self._starts] = d_own
        return flat


def label(sentence: Sentence, start: int, end: int) -> int:
    """The label of a word at this place."""
    for first, last, kind in sentence.spans:
        if first < end and start < last:
            return LABELS.index(kind)
    return 0


class Trainer:
    """The model while it learns."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        features = 2 * WIDTH + 2 * len(LISTS) + SHAPES
        reach = len(SHIFTS)
        self.table = self._random(BUCKETS, WIDTH, 0.1)
        self.weights = {
            "first": self._random(features * reach, HIDDEN, (2 / (features * 2)) ** 0.5 / 2),
            "first_bias": np.zeros(HIDDEN, np.float32),
            "second": self._random(HIDDEN * reach, HIDDEN, (1 / (HIDDEN * reach)) ** 0.5),
            "pool": self._random(2 * HIDDEN, HIDDEN, (1 / (2 * HIDDEN)) ** 0.5 / 2),
            "second_bias": np.zeros(HIDDEN, np.float32),
            "out": self._random(HIDDEN, len(LABELS), (1 / HIDDEN) ** 0.5),
            "out_bias": np.zeros(len(LABELS), np.float32),
        }
        self.moments = {
            name: (np.zeros_like(w), np.zeros_like(w)) for name, w in self.weights.items()
        }
        self.table_moments = (np.zeros_like(self.table), np.zeros_like(self.table))
        self.mean = {name: w.copy() for name, w in self.weights.items()}
        self.steps = 0

    def _random(self, rows: int, columns: int, scale: float) -> np.ndarray:
        return (self.rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    def step(self, data: Batches, chosen: np.ndarray, rate: float) -> float:
        """One batch: forward, backward, update; gives the loss."""
        batch = data.batch(chosen)
        words = _Words(self.table, [data.rows[i] for i in batch.unique])
        keep = self._dropped(batch)
        shapes = batch.shapes.copy()
        shapes[:, :3] *= keep.case
        x = np.concatenate(
            (
                words.own[batch.inverse] * keep.own,
                words.parts[batch.inverse] * keep.parts,
                batch.bits * keep.bits,
                shapes,
            ),
            1,
        )
        grads, d_x, loss = self._learn(batch, x)
        d_own = np.zeros_like(words.own)
        np.add.at(d_own, batch.inverse, d_x[:, :WIDTH] * keep.own)
        d_parts = np.zeros_like(words.parts)
        np.add.at(d_parts, batch.inverse, d_x[:, WIDTH : 2 * WIDTH] * keep.parts)
        self._update(grads, words.flat, words.gradients(d_own, d_parts), rate)
        return loss

    def _dropped(self, batch: Batch) -> Kept:
        """Take away at random what a word is called and its lists: context and letters must do."""
        rng, count, private = self.rng, len(batch.labels), batch.labels > 0
        lists = np.repeat(rng.random(len(batch.lengths)) > 0.15, batch.lengths)
        lists &= rng.random(count) > np.where(private, 0.35, 0.15)
        return Kept(
            own=_column(rng.random(count) > np.where(private, 0.5, 0.12)),
            parts=_column(rng.random(count) > 0.05),
            bits=_column(lists),
            case=_column(np.repeat(rng.random(len(batch.lengths)) > 0.35, batch.lengths)),
        )

    def _learn(
        self, batch: Batch, x: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, float]:
        """Gradients of the weights and of the input, and the loss."""
        w, at, lengths, begins = self.weights, batch.at, batch.lengths, batch.begins
        count = len(batch.labels)
        sentence = np.repeat(np.arange(len(lengths)), lengths)
        around_x = _spread(batch.placed(x), 1)[at]
        first = around_x @ w["first"] + w["first_bias"]
        keep = ((self.rng.random(first.shape) > 0.1) / 0.9).astype(np.float32)
        hidden = np.maximum(first, 0) * keep
        mean = np.add.reduceat(hidden, begins) / lengths[:, None]
        top = np.maximum.reduceat(hidden, begins)
        pooled = np.concatenate((mean, top), 1)
        around_hidden = _spread(batch.placed(hidden), 2)[at]
        second = around_hidden @ w["second"] + (pooled @ w["pool"])[sentence] + w["second_bias"]
        last = hidden + np.maximum(second, 0)
        chances = _softmax(last @ w["out"] + w["out_bias"])
        loss = float(-np.log(chances[np.arange(count), batch.labels] + 1e-9).mean())

        # label smoothing (Szegedy and others 2016) keeps the probabilities honest
        target = np.full_like(chances, SMOOTHING / chances.shape[1])
        target[np.arange(count), batch.labels] += 1 - SMOOTHING
        d_scores = (chances - target) / count
        d_last = d_scores @ w["out"].T
        d_second = d_last * (second > 0)
        d_sentence = np.add.reduceat(d_second, begins)
        d_pooled = d_sentence @ w["pool"].T
        d_hidden = d_last + (d_pooled[:, :HIDDEN] / lengths[:, None])[sentence]
        d_hidden += d_pooled[:, HIDDEN:][sentence] * ((hidden == top[sentence]) & (hidden > 0))
        d_hidden += _gather(d_second @ w["second"].T, at, batch.total, 2)[at]
        d_first = d_hidden * keep * (first > 0)
        grads = {
            "out": last.T @ d_scores,
            "out_bias": d_scores.sum(0),
            "second": around_hidden.T @ d_second,
            "second_bias": d_second.sum(0),
            "pool": pooled.T @ d_sentence,
            "first": around_x.T @ d_first,
            "first_bias": d_first.sum(0),
        }
        return grads, _gather(d_first @ w["first"].T, at, batch.total, 1)[at], loss

    def _update(
        self, grads: dict[str, np.ndarray], flat: np.ndarray, d_flat: np.ndarray, rate: float
    ) -> None:
        self.steps += 1
        fix = (1 - 0.999**self.steps) ** 0.5 / (1 - 0.9**self.steps)
        for name, grad in grads.items():
            m, v = self.moments[name]
            m += 0.1 * (grad - m)
            v += 0.001 * (grad * grad - v)
            self.weights[name] -= rate * fix * m / (np.sqrt(v) + 1e-8)
            if not name.endswith("bias"):
                self.weights[name] *= 1 - rate * 0.01
            self.mean[name] += 0.003 * (self.weights[name] - self.mean[name])
        order = np.argsort(flat, kind="stable")
        rows, begins = np.unique(flat[order], return_index=True)
        grad = np.add.reduceat(d_flat[order], begins)
        m, v = self.table_moments
        m[rows] += 0.1 * (grad - m[rows])
        v[rows] += 0.001 * (grad * grad - v[rows])
        self.table[rows] -= rate * fix * m[rows] / (np.sqrt(v[rows]) + 1e-8)

    def save(self, path: Path, lists: dict[int, int]) -> None:
        """Write the model: the table in 8 bits a number, the rest in 16."""
        scale = np.abs(self.table).max(1) / 127 + 1e-12
        table = np.round(self.table / scale[:, None]).astype(np.int8)
        keys = np.array(sorted(lists), np.uint32)
        np.savez_compressed(
            path.with_suffix(".npz"),
            table=table,
            scale=scale.astype(np.float16),
            list_keys=keys,
            list_bits=np.array([lists[int(key)] for key in keys], np.uint32),
            kinds=np.array(len(LISTS)),
            known=np.array(KNOWN),
            **{name: weight.astype(np.float16) for name, weight in self.mean.items()},
        )
        path.with_suffix(".npz").rename(path)


def _column(kept: np.ndarray) -> np.ndarray:
    return kept.astype(np.float32)[:, None]


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _spread(rows: np.ndarray, step: int) -> np.ndarray:
    """Each row beside its neighbours; the gaps between sentences are wide enough."""
    return np.concatenate([np.roll(rows, -shift * step, axis=0) for shift in SHIFTS], 1)


def _gather(grads: np.ndarray, at: np.ndarray, total: int, step: int) -> np.ndarray:
    """The reverse of `_spread`: what flows back to each row."""
    width = grads.shape[1] // len(SHIFTS)
    out = np.zeros((total, width), np.float32)
    for index, shift in enumerate(SHIFTS):
        full = np.zeros((total, width), np.float32)
        full[at] = grads[:, index * width : (index + 1) * width]
        out += np.roll(full, shift * step, axis=0)
    return out
