"""What keeps silence, noise and loops from becoming words: plain functions over sound and text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from assistant.types import SAMPLE_RATE

_BLOCK = SAMPLE_RATE // 50
"""Samples in 20 ms, the step in which loudness is measured."""
_PAUSE_BLOCKS = 10
_LOUD_BLOCKS = 3
_CLEAR_DECIBELS = 6.0
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def samples(pcm: bytes) -> NDArray[np.float32]:
    """Turn int16 bytes into floats in -1..1; half a sample at the end is dropped."""
    whole = memoryview(pcm)[: len(pcm) // 2 * 2]
    return np.frombuffer(whole, dtype="<i2").astype(np.float32) / np.float32(32768)


def speech_went_on(pcm: bytes, pause: int) -> bool:
    """Whether there is speech in `pcm` after its first `pause` bytes, which end in a pause.

    Three 20 ms blocks in a row that are louder than half way, in decibels, between the pause
    (the last 0.2 s before it) and the loudest of what came before. Where the pause does not
    stand out by 6 dB, nothing can be said, and the answer is yes.
    """
    before = _decibels(pcm[:pause])
    after = _decibels(pcm[pause:])
    if len(before) < _PAUSE_BLOCKS:
        return True
    speech = float(np.percentile(before, 95))
    quiet = float(np.median(before[-_PAUSE_BLOCKS:]))
    if speech - quiet < _CLEAR_DECIBELS:
        return True
    loud = after > (speech + quiet) / 2
    runs = np.convolve(loud, np.ones(_LOUD_BLOCKS), mode="valid") if len(loud) else loud
    return bool(np.any(runs >= _LOUD_BLOCKS))


def _decibels(pcm: bytes) -> NDArray[np.float64]:
    """Give the loudness of every whole 20 ms block, in dB of full scale."""
    blocks = samples(pcm)[: len(pcm) // 2 // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = np.mean(np.square(blocks, dtype=np.float64), axis=1)
    return np.asarray(10 * np.log10(power + 1e-10))


def words_of(text: str) -> list[str]:
    """Give the words of a text in lower case, without punctuation."""
    return _WORD.findall(text.casefold())


def is_loop(text: str) -> bool:
    """Whether one to six words come four times in a row, as a decoder that is stuck writes.

    Digits alone are not a loop: "1 1 1 1" may be a PIN.
    """
    words = words_of(text)
    for length in range(1, 7):
        run = 0
        for index in range(length, len(words)):
            run = run + 1 if words[index] == words[index - length] else 0
            phrase = "".join(words[index - length + 1 : index + 1])
            if run >= 3 * length and any(map(str.isalpha, phrase)):
                return True
    return False


def is_echo(text: str, hotwords: Sequence[str]) -> bool:
    """Whether the text is two or more hotwords in the order they were given: the prompt itself."""
    words = words_of(text)
    names = [words_of(name) for name in hotwords]
    for first in range(len(names)):
        joined: list[str] = []
        for count, name in enumerate(names[first:], start=1):
            joined += name
            if count > 1 and joined == words:
                return True
            if joined != words[: len(joined)]:
                break
    return False


def is_too_fast(text: str, speech_seconds: float) -> bool:
    """Whether nobody speaks that fast: over 30 characters a second, and a word to spare."""
    return len(text) > 12 + 30 * speech_seconds


def without_wake_word(text: str, phrases: Sequence[str]) -> str:
    """Drop a wake phrase from the start, whole or as much of its end as the pre-roll kept."""
    words = text.split()
    for phrase in phrases:
        target = words_of(phrase.replace("_", " "))
        for count in range(min(len(target), len(words)), 0, -1):
            pairs = zip(words[:count], target[-count:], strict=True)
            if all(_sounds_like(heard, meant) for heard, meant in pairs):
                return " ".join(words[count:])
    return text


def _sounds_like(heard: str, meant: str) -> bool:
    word = "".join(words_of(heard))
    if len(word) >= 3 and meant.endswith(word):
        return True
    return SequenceMatcher(None, word, meant).ratio() >= 0.65
