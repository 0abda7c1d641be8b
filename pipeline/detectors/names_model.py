"""A small convolutional tagger over words: numpy only, linear in the number of words.

A word is its own row and the mean of its n-grams' rows in a hashed table, its word lists and its
shape. Two convolutions of five words (the second dilated by two) and the mean and the maximum over
the window give each word its probabilities. Trained by `scripts/train_names.py`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelError
from pipeline.detectors.words import BUCKETS, SHAPES, Token, buckets, listed

Floats: TypeAlias = npt.NDArray[np.float32]

LABELS = (
    "",
    "PERSON",
    "LOCATION",
    "ORGANIZATION",
    "MEDICAL",
    "ADDRESS",
    "USERNAME",
    "SECRET",
    "EMAIL_ADDRESS",
    "URL",
    "CODE",
)
"""What a word can be; "" is public. CODE is any number or code that points to somebody."""
WINDOW = 64
"""Words that are looked at together; a longer text is cut into such windows."""
OVERLAP = 12
"""Words that two windows share, half of them decided by each."""
SHIFTS = (-2, -1, 0, 1, 2)
_AT_ONCE = 1 << 17
"""Multiplications in one product, at most: OpenBLAS starts threads from 1 << 18."""
MODEL = Path(__file__).parent.parent / "data" / "names.model"


class NamesModel:
    """The trained model, in memory (about 3 MiB)."""

    def __init__(self, path: Path = MODEL) -> None:
        """Read the model; raise ModelError where it is missing, damaged or of another form."""
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                self._take({name: file[name] for name in file.files})
        except FileNotFoundError:
            raise ModelError(
                f"{path}: no names model here; reinstall, or run 'make model'"
            ) from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ModelError(
                f"{path}: the names model is damaged; reinstall, or run 'make model'"
            ) from error

    def _take(self, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
        self._table = np.asarray(arrays["table"], np.int8)
        self._scale = np.asarray(arrays["scale"], np.float32)
        self._lists = dict(
            zip(
                np.asarray(arrays["list_keys"], np.uint32).tolist(),
                np.asarray(arrays["list_bits"], np.uint32).tolist(),
                strict=True,
            )
        )
        self._kinds = int(np.asarray(arrays["kinds"], np.int64))
        bits = 2 * self._table.shape[1] + self._kinds
        self._known = bits + np.asarray(arrays["known"], np.intp)
        weights = [np.asarray(arrays[name], np.float32) for name in _WEIGHTS]
        self._first, self._first_bias, self._second, self._pool, self._second_bias = weights[:5]
        self._out, self._out_bias = weights[5:]
        width = 2 * self._table.shape[1] + 2 * self._kinds + SHAPES
        if (
            self._table.shape[0] != BUCKETS
            or self._first.shape[0] != width * len(SHIFTS)
            or self._out.shape[1] != len(LABELS)
        ):
            raise ValueError("arrays of another model")

    def inputs(self, words: Sequence[Token]) -> Floats:
        """What the first layer sees of each word (one at least), shape (words, features)."""
        rows = [buckets(word.key) for word in words]
        sizes = [len(row) for row in rows]
        starts = np.cumsum([0, *sizes[:-1]])
        flat = np.array([bucket for row in rows for bucket in row], np.intp)
        vectors = self._table[flat].astype(np.float32) * self._scale[flat, None]
        own = vectors[starts]
        sums = np.add.reduceat(vectors, starts)
        parts = (sums - own) / (np.array(sizes, np.float32)[:, None] - 1.0)
        bits = listed([word.key for word in words], self._lists, self._kinds)
        shapes = np.array([word.shape for word in words], np.float32)
        return np.concatenate((own, parts, bits, shapes), axis=1)

    def is_known(self, words: Sequence[Token], inputs: Floats) -> list[bool]:
        """For each word whether everybody knows its phrase or its shop ("wendy's")."""
        return [
            bool(known) or (word.is_possessive and crc32(f"{word.key}'s".encode()) in self._lists)
            for word, known in zip(words, inputs[:, self._known].max(1), strict=True)
        ]

    def probabilities(self, inputs: Floats) -> Floats:
        """For each word the probability of each label, shape (words, labels)."""
        if len(inputs) <= WINDOW:
            return self._tag(inputs)
        half = OVERLAP // 2
        parts: list[Floats] = []
        at = 0
        while True:
            window = self._tag(inputs[at : at + WINDOW])
            last = at + WINDOW >= len(inputs)
            parts.append(window[half if at else 0 : None if last else WINDOW - half])
            if last:
                return np.concatenate(parts)
            at += WINDOW - OVERLAP

    def _tag(self, inputs: Floats) -> Floats:
        hidden = np.maximum(_convolved(inputs, self._first, 1) + self._first_bias, 0.0)
        both = np.concatenate((hidden.mean(0), hidden.max(0)))
        pooled = np.einsum("i,ij->j", both, self._pool)
        more = _convolved(hidden, self._second, 2) + (pooled + self._second_bias)
        scores = (hidden + np.maximum(more, 0.0)) @ self._out + self._out_bias
        scores = np.exp(scores - scores.max(1, keepdims=True))
        tagged: Floats = scores / scores.sum(1, keepdims=True)
        return tagged


_WEIGHTS = ("first", "first_bias", "second", "pool", "second_bias", "out", "out_bias")


def _convolved(inputs: Floats, weights: Floats, step: int) -> Floats:
    """The sum over SHIFTS of the rows that many times `step` away, each by its own weights.

    In products so small that BLAS does them at once: with threads of its own it waits for them,
    for tens of milliseconds where other programs have the cores.
    """
    count, width = inputs.shape
    margin = 2 * step
    padded = np.zeros((count + 2 * margin, width), np.float32)
    padded[margin : margin + count] = inputs
    found = np.zeros((count, weights.shape[1]), np.float32)
    most = max(1, _AT_ONCE // (width * weights.shape[1]))
    for at in range(0, count, most):
        last = min(at + most, count)
        for index, shift in enumerate(SHIFTS):
            first = margin + shift * step
            part = weights[index * width : (index + 1) * width]
            found[at:last] += padded[first + at : first + last] @ part
    return found
