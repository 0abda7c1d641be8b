"""How often a wake word is missed, and how often something else wakes Sotto."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import SettingsError, SourceError
from assistant.hearing import FLUSH_FRAMES
from assistant.settings import Settings
from assistant.types import FRAME_BYTES, AudioFrame
from pipeline.engines.wake import wake_detector
from pipeline.sources.file import read_samples
from pipeline.sources.mix import mix
from pipeline.wake import Phrase, WakeCascade, WakeWatch

Samples = NDArray[np.int16]

ENDINGS = {".flac", ".wav", ".ogg"}
LONGEST_CLIP = 60.0
LONGEST_NOISE = 600.0
THRESHOLDS = tuple(round(step / 20, 2) for step in range(1, 20))


@dataclass(frozen=True, slots=True)
class Group:
    """Recordings of one folder."""

    name: str
    phrase: str | None
    """The wake word that is said in them; None: nothing in them may wake."""
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Peaks:
    """The best score of each phrase in each recording of a group."""

    group: Group
    condition: str
    scores: tuple[Mapping[str, float], ...]

    def count(self, phrase: str, threshold: float) -> int:
        """Recordings in which the phrase was missed, or woke where it was not said."""
        awake = sum(scores[phrase] >= threshold for scores in self.scores)
        return len(self.scores) - awake if self.group.phrase == phrase else awake


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "folder",
        type=Path,
        help="recordings (FLAC, WAV, OGG): each folder in it that is called like a wake word "
        "of the settings, alexa/ say, holds recordings of just that word; noise/ holds noise; "
        "everything else, at any depth, must not wake",
    )
    parser.add_argument("--snr", type=float, default=10.0, metavar="DB", help="(default: 10)")
    parser.add_argument(
        "--rounds", type=int, default=1, metavar="N", help="mixes of each recording with noise"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only so many of each folder")


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Measure; raises SourceError where the folder has no recordings."""
    detector = wake_detector(settings.wake)
    if detector is None:
        raise SettingsError("wake.engine is none: there is no wake word to measure")
    names = [phrase.name for phrase in detector.phrases]
    groups = _groups(arguments.folder, names, arguments.limit)
    noises = [read_samples(path, LONGEST_NOISE) for path in noises_in(arguments.folder)]
    measured = [_measure(detector, group, "as recorded", None) for group in groups]
    if noises:
        for turn in range(arguments.rounds):
            mixer = _Mixer(noises, arguments.snr, turn)
            condition = f"noise at {arguments.snr:g} dB, mix {turn + 1}"
            measured += [_measure(detector, group, condition, mixer) for group in groups]
    if not arguments.json:
        for phrase in detector.phrases:
            _print(phrase, measured)
    return {
        phrase.name: {"threshold": phrase.threshold, "groups": _figures(phrase, measured)}
        for phrase in detector.phrases
    }


class _Mixer:
    """Noise for recordings, another stretch for each."""

    def __init__(self, noises: Sequence[Samples], snr_db: float, turn: int) -> None:
        self._noises = noises
        self._snr_db = snr_db
        self._turn = turn

    def mix(self, samples: Samples, number: int) -> Samples:
        noise = self._noises[number % len(self._noises)]
        return mix(samples, noise, self._snr_db, seed=10_000 * self._turn + number)


def _groups(folder: Path, phrases: Sequence[str], limit: int | None) -> list[Group]:
    found: dict[tuple[str, str | None], list[Path]] = {}
    for path in recordings_in(folder):
        parents = path.relative_to(folder).parts[:-1]
        said = next((phrase for phrase in phrases if phrase in parents), None)
        found.setdefault(("/".join(parents) or folder.name, said), []).append(path)
    if not found:
        raise SourceError(f"{folder}: no FLAC, WAV or OGG recordings in it")
    return [
        Group(name, phrase, tuple(islice(paths, limit))) for (name, phrase), paths in found.items()
    ]


def recordings_in(folder: Path) -> list[Path]:
    """All recordings at any depth, but those in a folder called noise."""
    return [path for path in _audio(folder) if not _is_noise(path, folder)]


def noises_in(folder: Path) -> list[Path]:
    """All recordings in a folder called noise."""
    return [path for path in _audio(folder) if _is_noise(path, folder)]


def _audio(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS)


def _is_noise(path: Path, folder: Path) -> bool:
    return "noise" in path.relative_to(folder).parts[:-1]


def _measure(
    detector: WakeCascade | WakeWatch, group: Group, condition: str, mixer: _Mixer | None
) -> Peaks:
    scores = []
    for number, path in enumerate(group.paths):
        samples = read_samples(path, LONGEST_CLIP)
        scores.append(_peaks(detector, mixer.mix(samples, number) if mixer else samples))
    return Peaks(group, condition, tuple(scores))


def _peaks(detector: WakeCascade | WakeWatch, samples: Samples) -> dict[str, float]:
    """The best score of each phrase in a recording and the silence that follows it."""
    detector.reset()
    peaks = {phrase.name: 0.0 for phrase in detector.phrases}
    for frame in frames(samples.tobytes(), FLUSH_FRAMES):
        for name, score in detector.score(frame).items():
            peaks[name] = max(peaks[name], score)
    return peaks


def frames(pcm: bytes, silent: int = 0) -> Iterator[AudioFrame]:
    """Give mono 16 kHz audio as frames, filled up with silence, then `silent` frames more."""
    count = -(-len(pcm) // FRAME_BYTES) + silent
    padded = pcm.ljust(count * FRAME_BYTES, b"\0")
    for index in range(count):
        yield AudioFrame(index, padded[index * FRAME_BYTES : (index + 1) * FRAME_BYTES])


def _figures(phrase: Phrase, measured: Sequence[Peaks]) -> list[dict[str, object]]:
    return [
        {
            "folder": peaks.group.name,
            "condition": peaks.condition,
            "recordings": len(peaks.scores),
            _counts(phrase, peaks): peaks.count(phrase.name, phrase.threshold),
            "curve": {str(at): peaks.count(phrase.name, at) for at in THRESHOLDS},
            "worst": round(_worst(phrase, peaks), 3),
        }
        for peaks in measured
    ]


def _counts(phrase: Phrase, peaks: Peaks) -> str:
    return "missed" if peaks.group.phrase == phrase.name else "false wakes"


def _worst(phrase: Phrase, peaks: Peaks) -> float:
    """The score nearest to a mistake: the lowest of the word, the highest of the rest."""
    scores = [scores[phrase.name] for scores in peaks.scores]
    return min(scores) if peaks.group.phrase == phrase.name else max(scores)


def _print(phrase: Phrase, measured: Sequence[Peaks]) -> None:
    shown = THRESHOLDS[1::2]
    print(f"\n{phrase.name}: wakes at {phrase.threshold:g}; mistakes there and at other thresholds")
    heads = "".join(f"{at:>5.1f}" for at in shown)
    print(f"{'recordings':<44}{'of':>5}  {'mistakes':<18}{'worst':>6} |{heads}")
    for peaks in measured:
        count = peaks.count(phrase.name, phrase.threshold)
        mistakes = f"{count} {_counts(phrase, peaks)}"
        curve = "".join(f"{peaks.count(phrase.name, at):>5}" for at in shown)
        name = f"{peaks.group.name}, {peaks.condition}"
        worst = _worst(phrase, peaks)
        print(f"{name:<44}{len(peaks.scores):>5}  {mistakes:<18}{worst:>6.3f} |{curve}")
