"""How soon after its last word a command is closed, and whether any is cut short."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import build, state
from assistant.errors import AssistantError, SourceError
from assistant.settings import Settings
from assistant.types import FRAME_BYTES, SAMPLE_RATE, AudioFrame, ClosedBy
from pipeline.engines.sphinx_align import Aligner
from pipeline.listen import Heard, Listener
from pipeline.sources.file import read_samples
from pipeline.sources.mix import mix

Samples = NDArray[np.int16]

LONGEST_CLIP = 60.0
CUT = 0.05
"""Seconds before the end of the last word at which a closed utterance counts as cut short."""
SLICE = SAMPLE_RATE // 10
_BELOW = 10 ** (-25 / 10)
_ABOVE = 10 ** (8 / 10)


@dataclass(frozen=True, slots=True)
class Clip:
    """A recorded command."""

    path: Path
    samples: Samples
    said: float
    """Seconds at which its last word ends."""
    is_aligned: bool
    """Whether that was found by alignment, or by energy alone."""


@dataclass(frozen=True, slots=True)
class Closing:
    """How an utterance came to its end."""

    delay: float
    """Seconds from the end of the last word; negative: it was cut short."""
    closed_by: ClosedBy | None
    """None: nothing was heard."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "folder",
        type=Path,
        help="labels.json files ([{audio, text}, ...]) with their recordings, at any depth; "
        "things.yaml beside them is the house",
    )
    parser.add_argument("--noise", type=Path, metavar="FILE", help="also with this noise")
    parser.add_argument("--snr", type=float, default=12.0, metavar="DB", help="(default: 12)")
    parser.add_argument(
        "--talker", type=Path, metavar="FOLDER", help="recordings of other people, to talk over"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only so many recordings")


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Measure; raises SourceError where the folder has no recordings with labels."""
    things = arguments.folder / "things.yaml"
    if settings.home.things is None and things.is_file():
        home = settings.home.model_copy(update={"things": things})
        settings = settings.model_copy(update={"home": home})
    clips = list(_clips(arguments.folder))[: arguments.limit]
    if not clips:
        raise SourceError(f"{arguments.folder}: no labels.json that names recordings and texts")
    ear = build.ear(settings, build.mind(settings), state.directory(arguments.state), wake=False)
    limit = settings.listen.longest
    talk = _talk(arguments.talker, clips)
    conditions: dict[str, object] = {"quiet": _measure(ear, clips, None, 0.0, limit)}
    for below in (20, 10):
        name = f"another talker at -{below} dB"
        conditions[name] = _measure(ear, clips, talk, float(below), limit)
    if arguments.noise is not None:
        noise = read_samples(arguments.noise, LONGEST_CLIP)
        conditions[f"noise at {arguments.snr:g} dB"] = _measure(
            ear, clips, [noise], arguments.snr, limit
        )
    aligned = sum(clip.is_aligned for clip in clips)
    figures: dict[str, object] = {
        "clips": len(clips),
        "last word found by": {"alignment": aligned, "energy": len(clips) - aligned},
        "conditions": conditions,
    }
    if not arguments.json:
        _print(figures)
    return figures


def _clips(folder: Path) -> Iterator[Clip]:
    aligner = Aligner()
    for labels in sorted(folder.rglob("labels.json")):
        for label in _labels(labels):
            path = labels.parent / str(label["audio"])
            samples = read_samples(path, LONGEST_CLIP)
            said = aligner.last_word_end(samples.tobytes(), str(label["text"]))
            yield Clip(path, samples, _last_sound(samples) if said is None else said, bool(said))


def _labels(path: Path) -> list[dict[str, object]]:
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceError(f"{path}: not JSON: {error}") from None
    return [label for label in labels if label.get("text") and label.get("audio")]


def _last_sound(samples: Samples) -> float:
    """The end of the last 50 ms within 25 dB of the loudest and 8 dB over the quietest."""
    step = SAMPLE_RATE // 20
    whole = samples[: len(samples) // step * step].astype(np.float64).reshape(-1, step)
    power = whole.var(axis=1)
    limit = max(power.max() * _BELOW, power.min() * _ABOVE)
    return float((np.nonzero(power >= limit)[0][-1] + 1) * step / SAMPLE_RATE)


def _talk(folder: Path | None, clips: Sequence[Clip]) -> list[Samples]:
    """What another person says: recordings of the folder, or else the other commands."""
    if folder is None:
        return [_voiced(clip.samples) for clip in clips]
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".flac", ".wav", ".ogg"})
    pieces = []
    for path in paths:
        try:
            pieces.append(_voiced(read_samples(path, LONGEST_CLIP)))
        except AssistantError as error:
            raise SourceError(f"--talker: {error}") from None
    return pieces


def _voiced(samples: Samples) -> Samples:
    """The recording without its silent tenths of a second, at a common level."""
    whole = samples[: len(samples) // SLICE * SLICE].reshape(-1, SLICE).astype(np.float64)
    if not len(whole):
        return samples[:0]
    power = whole.var(axis=1)
    voiced = whole[power > power.max() * _BELOW].ravel()
    gain = 2_000 / max(float(np.sqrt(power.max())), 1.0)
    return np.asarray(voiced * gain, np.int16)


def _measure(
    ear: Listener, clips: Sequence[Clip], other: list[Samples] | None, snr: float, limit: float
) -> dict[str, object]:
    closings = []
    for number, clip in enumerate(clips):
        live = np.concatenate((clip.samples, _going_on(clip.samples, limit)))
        if other is not None:
            live = mix(live, _someone(other, number, len(live)), snr, number)
        closings.append(_close(ear, live, clip.said))
    delays = [closing.delay for closing in closings if closing.delay >= -CUT]
    by_itself = sum(closing.closed_by in ("silence", "complete") for closing in closings)
    return {
        "p50": round(float(np.percentile(delays, 50)), 2) if delays else None,
        "p95": round(float(np.percentile(delays, 95)), 2) if delays else None,
        "cut short": len(closings) - len(delays),
        "closed before the limit": f"{by_itself} of {len(closings)}",
        "complete": sum(closing.closed_by == "complete" for closing in closings),
    }


def _going_on(samples: Samples, seconds: float) -> Samples:
    """A live microphone goes on: the recording's quietest 0.3 s, back and forth."""
    length = 3 * SLICE
    starts = range(0, max(1, len(samples) - length), SLICE)
    quietest = min(starts, key=lambda at: float(samples[at : at + length].astype(float).var()))
    piece = samples[quietest : quietest + length]
    both = np.concatenate((piece, piece[::-1]))
    return np.tile(both, int(seconds * SAMPLE_RATE / len(both)) + 1)


def _someone(pieces: list[Samples], number: int, length: int) -> Samples:
    """Talk without a pause, never the clip itself at its own place."""
    order = np.random.default_rng(number).permutation(len(pieces))
    joined = np.concatenate([pieces[index] for index in order if index != number] or pieces)
    return np.resize(joined, length)


def _close(ear: Listener, samples: Samples, said: float) -> Closing:
    pcm = samples.astype("<i2").tobytes()
    ear.open()
    for index in range(len(pcm) // FRAME_BYTES):
        frame = AudioFrame(index, pcm[index * FRAME_BYTES : (index + 1) * FRAME_BYTES])
        for event in ear.feed(frame):
            ear.reset()
            if isinstance(event, Heard):
                event.decoding.abandon()
                utterance = event.utterance
                return Closing(utterance.end - said, utterance.closed_by)
            return Closing(-said, None)
    ear.reset()
    return Closing(len(samples) / SAMPLE_RATE - said, "end")


def _print(figures: dict[str, object]) -> None:
    print(f"{figures['clips']} clips; last word found by {figures['last word found by']}")
    print(f"{'':<26}{'p50':>6}{'p95':>6}{'cut':>5}{'complete':>10}  before the limit")
    conditions = figures["conditions"]
    assert isinstance(conditions, dict)
    for name, row in conditions.items():
        print(
            f"{name:<26}{row['p50']!s:>6}{row['p95']!s:>6}{row['cut short']:>5}"
            f"{row['complete']:>10}  {row['closed before the limit']}"
        )
