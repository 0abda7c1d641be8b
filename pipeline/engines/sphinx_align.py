"""Finds where the words of a known text lie in a recording, for measuring."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pocketsphinx

from assistant.types import SAMPLE_RATE
from pipeline.grammar import espeak, letters
from pipeline.grammar.pronounce import pronounce

_PADDING = np.random.default_rng(0).normal(0, 8, SAMPLE_RATE * 3 // 10).astype("<i2").tobytes()
"""Low noise around the recording; without it the first and last sounds are misplaced."""
_PADDING_SECONDS = len(_PADDING) / 2 / SAMPLE_RATE
_FRAMES_A_SECOND = 100
_LONGEST_WORD = 0.9
"""Seconds; a longer last word has taken in the silence that follows."""


class _Segment(Protocol):
    word: str
    start_frame: int
    end_frame: int


class _Decoder(Protocol):
    def lookup_word(self, word: str) -> str | None: ...
    def add_word(self, word: str, phones: str, update: bool) -> int: ...
    def set_align_text(self, text: str) -> None: ...
    def start_utt(self) -> None: ...
    def process_raw(self, data: bytes, no_search: bool, full_utt: bool) -> int: ...
    def end_utt(self) -> None: ...
    def seg(self) -> Iterable[_Segment] | None: ...


class Aligner:
    """Forced alignment with pocketsphinx and the English model of its wheel."""

    def __init__(self) -> None:
        """Load the acoustic model."""
        self._dictionary = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
        self._decoder = cast(
            _Decoder, pocketsphinx.Decoder(samprate=SAMPLE_RATE, lm=None, loglevel="FATAL")
        )

    def last_word_end(self, pcm: bytes, text: str) -> float | None:
        """Return the second at which the last word of `text` ends, or None if that is unclear."""
        words = self.words(pcm, text)
        if not words or words[-1][1] - words[-1][0] > _LONGEST_WORD:
            return None
        return words[-1][1]

    def words(self, pcm: bytes, text: str) -> list[tuple[float, float]]:
        """Return where each word of `text` starts and ends, in seconds; nothing if it doesn't fit.

        `pcm` is mono 16 kHz int16.
        """
        names = self._names(text)
        if not names:
            return []
        decoder = self._decoder
        try:
            decoder.set_align_text(" ".join(names))
            decoder.start_utt()
            decoder.process_raw(_PADDING + pcm + _PADDING, False, True)
            decoder.end_utt()
        except RuntimeError:  # no path through the words fits the sound
            return []
        spoken = [part for part in decoder.seg() or () if part.word.partition("(")[0] in names]
        if len(spoken) < len(names):
            return []
        return [(_seconds(part.start_frame), _seconds(part.end_frame + 1)) for part in spoken]

    def _names(self, text: str) -> list[str]:
        """Names under which the decoder knows the words, in order."""
        guess = espeak.guess if espeak.is_installed() else letters.guess
        written = text.lower().split()
        known, _ = pronounce(set(written), self._dictionary, lambda words: guess(list(words)))
        for word, variants in known.items():
            for number, phones in enumerate(variants, 1):
                name = f"{word}~" if number == 1 else f"{word}~({number})"
                if self._decoder.lookup_word(name) is None:
                    self._decoder.add_word(name, phones, True)
        return [f"{word}~" for word in written if word in known]


def _seconds(frame: int) -> float:
    return frame / _FRAMES_A_SECOND - _PADDING_SECONDS
