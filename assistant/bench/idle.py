"""What listening costs: processor seconds for each second of sound."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

from assistant.bench.wake import LONGEST_CLIP, LONGEST_NOISE, frames, noises_in, recordings_in
from assistant.errors import SettingsError, SourceError
from assistant.settings import Settings
from assistant.types import SAMPLE_RATE, AudioFrame
from pipeline.engines.wake import wake_detector
from pipeline.sources.file import read_samples

Samples = NDArray[np.int16]
LOOP = "linux-voice-assistant's loop"
"""pymicro-wakeword always on, with one model; it listens for nothing else."""

SHIPPED = Path(__file__).parent.parent / "recordings"
HISS = 300.0
"""Loudness of the synthesised noise, in 16-bit steps (RMS)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=SHIPPED,
        help="recordings of talk (FLAC, WAV, OGG), at any depth; those in folders called like a "
        "wake word, alexa/ say, are left out; noise/ holds noise (default: those of the demo)",
    )
    parser.add_argument(
        "--seconds", type=float, default=120.0, metavar="S", help="of each sound (default: 120)"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Measure; raises SourceError where the folder has no recordings."""
    configured = wake_detector(settings.wake)
    always = wake_detector(settings.wake.model_copy(update={"engine": "openwakeword"}))
    if configured is None or always is None:
        raise SettingsError("wake.engine is none: listening for nothing costs nothing")
    sounds = _sounds(arguments.folder, settings, round(arguments.seconds * SAMPLE_RATE))
    detectors = {
        settings.wake.engine: configured,
        LOOP: _Loop(),
        "openwakeword, always on": always,
    }
    figures = {
        name: {label: round(_cost(detector, samples), 4) for label, detector in detectors.items()}
        for name, samples in sounds.items()
    }
    if not arguments.json:
        _print(figures)
        print("\nprocessor seconds for each hour of sound: these times 3600")
    return {"CPU seconds per second of sound": figures}


class _Detector(Protocol):
    def feed(self, frame: AudioFrame) -> object: ...
    def reset(self) -> None: ...


class _Loop:
    """Every 10 ms of features to one model, as they do it."""

    def __init__(self) -> None:
        self._features = MicroWakeWordFeatures()
        self._model = MicroWakeWord.from_builtin(Model.ALEXA)

    def feed(self, frame: AudioFrame) -> None:
        for features in self._features.process_streaming(frame.pcm):
            self._model.process_streaming(features)

    def reset(self) -> None:
        self._features.reset()
        self._model.reset()


def _sounds(folder: Path, settings: Settings, length: int) -> dict[str, Samples]:
    phrases = {phrase.phrase for phrase in settings.wake.phrases}
    talk = [path for path in recordings_in(folder) if not phrases & set(path.parts[:-1])]
    if not talk:
        raise SourceError(f"{folder}: no FLAC, WAV or OGG recordings of talk in it")
    hiss = np.random.default_rng(0).normal(0, HISS, length).astype(np.int16)
    sounds = {"silence": np.zeros(length, np.int16), "white noise": hiss}
    for path in noises_in(folder):
        sounds[path.stem] = np.resize(read_samples(path, LONGEST_NOISE), length)
    sounds["talk"] = _joined(talk, length)
    return sounds


def _joined(paths: list[Path], length: int) -> Samples:
    """Recordings from all over the list, one after the other."""
    order = np.random.default_rng(0).permutation(len(paths))
    pieces: list[Samples] = []
    for index in cycle(order):
        pieces.append(read_samples(paths[index], LONGEST_CLIP))
        if sum(map(len, pieces)) >= length:
            break
    return np.concatenate(pieces)[:length]


def _cost(detector: _Detector, samples: Samples) -> float:
    """Processor seconds of this process, all threads, for each second of sound."""
    detector.reset()
    sound = list(frames(samples.tobytes()))
    started = time.process_time()
    for frame in sound:
        detector.feed(frame)
    return (time.process_time() - started) / (len(samples) / SAMPLE_RATE)


def _print(figures: Mapping[str, Mapping[str, float]]) -> None:
    labels = list(next(iter(figures.values())))
    print("processor seconds for each second of sound\n")
    print(f"{'sound':<20}" + "".join(f"{label:>30}" for label in labels))
    for name, costs in figures.items():
        print(f"{name:<20}" + "".join(f"{costs[label]:>30.4f}" for label in labels))
