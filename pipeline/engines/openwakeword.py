"""openWakeWord through pyopen-wakeword: accurate, and dear to run all the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyopen_wakeword
from numpy.typing import NDArray
from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures

from assistant.types import FRAME_BYTES

BUILT_IN = tuple(model.value for model in Model)
"""Phrases whose models come with the library."""
WARM_UP_FRAMES = 27
"""Frames of silence until mel frames, embeddings and classifiers are full: 2.1 s."""

_MODELS = Path(pyopen_wakeword.__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class _Features:
    """What the feature extractor knows after long silence."""

    audio: NDArray[np.float32]
    samples: int
    """At the end of `audio`, not yet turned into mel frames."""
    mels: NDArray[np.float32]
    new: int
    """At the end of `mels`, not yet turned into embeddings."""


class OpenWakeWordScorer:
    """Scores any number of phrases on the embeddings of one feature extractor.

    `models` gives each phrase's .tflite file; files of the user's own are checked first
    (`tflite_check`), as the library crashes on a bad one. Restarting puts back the state
    that silence leaves behind, so a word at the very start is scored like any other.
    """

    def __init__(self, models: Mapping[str, Path]) -> None:
        self._features = OpenWakeWordFeatures.from_builtin()
        self._classifiers = {name: OpenWakeWord.from_model(path) for name, path in models.items()}
        self._features.new_audio_samples = 0
        for _ in range(WARM_UP_FRAMES):
            self.feed(bytes(FRAME_BYTES))
        self._quiet = _Features(
            self._features.audio.copy(),
            self._features.new_audio_samples,
            self._features.mels.copy(),
            self._features.new_mels,
        )
        self._quiet_embeddings = {
            name: (classifier.embeddings.copy(), classifier.new_embeddings)
            for name, classifier in self._classifiers.items()
        }

    def feed(self, pcm: bytes) -> Mapping[str, float]:
        """Take the next 80 ms; give each phrase's best score in them, 0..1."""
        best = dict.fromkeys(self._classifiers, 0.0)
        for embeddings in self._features.process_streaming(pcm):
            for name, classifier in self._classifiers.items():
                best[name] = max((best[name], *classifier.process_streaming(embeddings)))
        return best

    def restart(self) -> None:
        """Forget all audio, as if there had long been silence."""
        self._features.audio[:] = self._quiet.audio
        self._features.new_audio_samples = self._quiet.samples
        self._features.mels[:] = self._quiet.mels
        self._features.new_mels = self._quiet.new
        for name, classifier in self._classifiers.items():
            embeddings, new = self._quiet_embeddings[name]
            classifier.embeddings[:] = embeddings
            classifier.new_embeddings = new


def built_in(phrase: str) -> Path:
    """The file of a phrase in BUILT_IN."""
    return _MODELS / f"{phrase}.tflite"
