"""microWakeWord through pymicro-wakeword: hardly any work, so it can always listen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

BUILT_IN = tuple(model.value for model in Model)
"""Phrases whose models come with the library."""
WINDOW = 5
"""Scores, one in 30 ms, that are averaged: what all published models are made for."""


class MicroWakeWordScorer:
    """Scores any number of phrases on one feature extractor.

    `models` gives each phrase's .tflite file, or None for the one of that name that comes
    with the library. Files of the user's own are checked first (`tflite_check`).
    """

    def __init__(self, models: Mapping[str, Path | None]) -> None:
        self._features = MicroWakeWordFeatures()
        self._models = {name: _load(name, path) for name, path in models.items()}

    def __del__(self) -> None:
        # The library's extractor clears a pending exception as it is freed; here it can't,
        # because Python puts one aside while `__del__` runs.
        self.__dict__.pop("_features", None)

    def feed(self, pcm: bytes) -> Mapping[str, float]:
        """Take the next 80 ms; give each phrase's best score in them, 0..1."""
        best = dict.fromkeys(self._models, 0.0)
        for features in self._features.process_streaming(pcm):
            for name, model in self._models.items():
                best[name] = max(best[name], model.process_streaming_prob(features) or 0.0)
        return best

    def restart(self) -> None:
        """Forget all audio.

        The library can only do so by loading the models anew: 0.15 ms each on x86-64.
        """
        self._features.reset()
        for model in self._models.values():
            model.reset()


def published_threshold(phrase: str) -> float:
    """The score at which the model's author says a phrase in BUILT_IN wakes."""
    return MicroWakeWord.from_builtin(Model(phrase)).probability_cutoff


def _load(name: str, path: Path | None) -> MicroWakeWord:
    if path is None:
        return MicroWakeWord.from_builtin(Model(name))
    return MicroWakeWord(
        id=name,
        wake_word=name,
        tflite_model=path,
        probability_cutoff=0.0,
        sliding_window_size=WINDOW,
        trained_languages=[],
        libtensorflowlite_c_path=MicroWakeWord.from_builtin(Model.ALEXA).libtensorflowlite_c_path,
    )
