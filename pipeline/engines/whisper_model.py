"""Loads a faster-whisper model from a directory, and never from anywhere else."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.types import SAMPLE_RATE

_NEEDED = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")

# Silero VAD. Of 370 recordings of commands and wake words, clean and in noise down to 6 dB,
# the one with least speech has 0.35 s over 0.3; white, pink and brown noise have 0.03 s.
_SPEECH_SCORE = 0.3


def load(model_dir: Path) -> Any:  # noqa: ANN401  # untyped library
    """Load a model: a `faster_whisper.WhisperModel` whose `encode` is an `EncodeOnce`.

    Raises ModelError where the library or a file is missing or no good.
    """
    _check_files(model_dir)
    # Nothing may be fetched: every file is here, and the hub's client is told so as well.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        import faster_whisper.transcribe  # noqa: PLC0415  # an extra, and slow to import
    except ImportError as error:
        raise ModelError(
            "the whisper recognizer needs faster-whisper: pip install 'sotto-voice[whisper]'"
        ) from error
    # tqdm starts a monitor thread and a semaphore even for bars that are switched off.
    faster_whisper.transcribe.tqdm.monitor_interval = 0
    faster_whisper.transcribe.tqdm.set_lock(threading.RLock())
    logging.getLogger("faster_whisper").setLevel(logging.ERROR)
    try:
        model = faster_whisper.WhisperModel(
            str(model_dir),
            device="cpu",
            compute_type="int8",
            cpu_threads=_threads(),
            local_files_only=True,
        )
    except Exception as error:
        raise ModelError(_damaged(model_dir, "it cannot be loaded")) from error
    bands = len(model.feature_extractor.mel_filters)
    if bands != model.model.n_mels:
        reason = f"preprocessor_config.json is missing or wrong ({bands} mel bands)"
        raise ModelError(_damaged(model_dir, reason))
    model.encode = EncodeOnce(model.encode)
    return model


class EncodeOnce:
    """Remembers the last window and what the encoder made of it, which is most of the work."""

    def __init__(self, encode: Callable[[NDArray[np.float32]], object]) -> None:
        self._encode = encode
        self._features: NDArray[np.float32] | None = None
        self._encoded: object = None

    def __call__(self, features: NDArray[np.float32]) -> object:
        """Give the encoder's output for a window."""
        if self._features is None or not np.array_equal(self._features, features):
            self._encoded = self._encode(features)
            self._features = features
        return self._encoded

    def forget(self) -> None:
        """Let go of the window, which is somebody's voice."""
        self._features = self._encoded = None


def speech_seconds(audio: NDArray[np.float32]) -> float:
    """Give the seconds of speech in 16 kHz audio, by the Silero VAD in faster-whisper's wheel."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

    options = VadOptions(
        threshold=_SPEECH_SCORE, neg_threshold=0.2, min_silence_duration_ms=100, speech_pad_ms=0
    )
    spans = get_speech_timestamps(audio, options)
    return float(sum(span["end"] - span["start"] for span in spans)) / SAMPLE_RATE


def _check_files(model_dir: Path) -> None:
    if not model_dir.is_dir():
        raise ModelError(_damaged(model_dir, "there is no such directory"))
    missing = [name for name in _NEEDED if not (model_dir / name).is_file()]
    if not any((model_dir / name).is_file() for name in _VOCABULARIES):
        missing.append(" or ".join(_VOCABULARIES))
    if missing:
        raise ModelError(_damaged(model_dir, f"{', '.join(missing)} missing"))


def _damaged(model_dir: Path, reason: str) -> str:
    return (
        f"whisper model {model_dir}: {reason}; `sotto models list` shows the models there are, "
        f"`sotto models fetch NAME` fetches one"
    )


def _threads() -> int:
    """All cores but one, up to 4: a team with one thread waiting for a busy core stands still."""
    return max(1, min(4, len(os.sched_getaffinity(0)) - 1))
