"""How many commands are understood, clean and in noise, and how many sounds are taken for one."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

from assistant import build, state
from assistant.errors import SourceError
from assistant.events import Done, Event, Understood
from assistant.private import Private
from assistant.runtime import Assistant, understood
from assistant.settings import Settings
from assistant.types import Transcript
from pipeline.ports import Parser, Source
from pipeline.redact import redact
from pipeline.sources.file import FileSource
from pipeline.sources.noisy import NoisySource

AUDIO = (".flac", ".wav", ".ogg")
RATIOS = (6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0)
_SEED = 1


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and what it means; name None: nothing."""

    path: Path
    name: str | None
    slots: Mapping[str, object]
    only_labelled: bool
    """Whether slots beyond the labelled ones are neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a recording."""

    name: str | None
    slots: Mapping[str, object]
    seconds: float
    """From the close of the utterance to its text."""
    rtf: float


@dataclass(frozen=True, slots=True)
class Folder:
    """Recordings with labels, and what they are understood with."""

    path: Path
    settings: Settings
    labels: Sequence[Mapping[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "folder",
        type=Path,
        help="labels.json files ([{audio, text} or {audio, intent, slots}, ...]) with their "
        "recordings, at any depth; things.yaml beside or above them is the house, other YAML "
        "files beside them are sentences",
    )
    parser.add_argument("--noise", type=Path, metavar="FILE", help="also with this noise")
    parser.add_argument(
        "--snr", type=float, nargs="+", default=RATIOS, metavar="DB", help="(default: 6 ... 24)"
    )
    parser.add_argument(
        "--unrelated", type=Path, metavar="FOLDER", help="speech in which nobody commands"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only so many of each folder")


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Measure; raises SourceError where the folder has no recordings with labels."""
    folders = list(_folders(arguments.folder, settings))
    if not folders:
        raise SourceError(f"{arguments.folder}: no labels.json that names recordings")
    keep = state.directory(arguments.state)
    figures: dict[str, object] = {}
    for folder in folders:
        name = str(folder.path.relative_to(arguments.folder))
        figures[name] = asyncio.run(_measure(folder, arguments, keep))
        _print(name, figures[name], arguments.json)
    if arguments.unrelated is not None:
        figures["unrelated"] = asyncio.run(_unrelated(arguments, settings, keep))
        _print("unrelated", figures["unrelated"], arguments.json)
    return figures


def _folders(root: Path, settings: Settings) -> Iterator[Folder]:
    for path in sorted(root.rglob("labels.json")):
        labels = json.loads(path.read_text(encoding="utf-8"))
        above = [path.parent, *path.parent.parents]
        places = above[: above.index(root) + 1] if root in above else [path.parent]
        things = next((place / "things.yaml" for place in places if _is_house(place)), None)
        sentences = sorted(set(path.parent.glob("*.yaml")) - {path.parent / "things.yaml"})
        home: dict[str, Any] = {"sentences": (*settings.home.sentences, *sentences)}
        if settings.home.things is None and things is not None:
            home["things"] = things
        home_settings = settings.home.model_copy(update=home)
        yield Folder(path.parent, settings.model_copy(update={"home": home_settings}), labels)


def _is_house(place: Path) -> bool:
    return (place / "things.yaml").is_file()


class _Ears:
    """An assistant and the outcome of its last utterance."""

    def __init__(self, settings: Settings, keep: Path) -> None:
        mind = build.mind(settings)
        self.parser: Parser = mind.parts.parser
        self._assistant = Assistant(
            build.ear(settings, mind, keep, wake=False), mind.parts, self._note
        )
        self._meant: Understood | None = None
        self._done: Done | None = None

    def _note(self, event: Event) -> None:
        if isinstance(event, Understood):
            self._meant = event
        elif isinstance(event, Done):
            self._done = event

    async def hear(self, source: Source) -> Outcome:
        """Replay a recording as one utterance."""
        self._meant, self._done = None, None
        await self._assistant.replay(source, "", open_at_once=True)
        meant, done = self._meant, self._done
        return Outcome(
            meant.name if meant is not None else None,
            meant.slots if meant is not None else {},
            done.seconds["recognize"] if done is not None else 0.0,
            done.rtf if done is not None else 0.0,
        )


async def _measure(folder: Folder, arguments: argparse.Namespace, keep: Path) -> dict[str, object]:
    ears = _Ears(folder.settings, keep)
    clips = [_clip(folder.path, label, ears.parser) for label in folder.labels]
    random.Random(_SEED).shuffle(clips)  # noqa: S311  # a fair sample for --limit
    clips = clips[: arguments.limit]
    outcomes = [await ears.hear(FileSource(clip.path)) for clip in clips]
    figures: dict[str, object] = {"clips": len(clips), **_score(clips, outcomes)}
    if arguments.noise is not None:
        by_ratio = {}
        for ratio in arguments.snr:
            noisy = [
                await ears.hear(
                    NoisySource(FileSource(clip.path), arguments.noise, ratio, _SEED + index)
                )
                for index, clip in enumerate(clips)
            ]
            by_ratio[f"{ratio:g} dB"] = _score(clips, noisy)["right %"]
        figures |= by_ratio
        figures["mean in noise %"] = round(fmean(by_ratio.values()), 1)
    return figures


def _clip(folder: Path, label: Mapping[str, Any], parser: Parser) -> Clip:
    path = folder / str(label["audio"])
    if "intent" in label:
        return Clip(path, label["intent"], label.get("slots") or {}, only_labelled=True)
    if not label.get("text"):
        return Clip(path, None, {}, only_labelled=False)
    text, _ = redact(Transcript(0, Private(str(label["text"])), 1.0), ())
    meant = understood(0, parser.parse(text))
    return Clip(path, meant.name, meant.slots, only_labelled=False)


def _is_right(clip: Clip, outcome: Outcome) -> bool:
    if clip.name != outcome.name:
        return False
    if clip.only_labelled:
        return all(outcome.slots.get(slot) == value for slot, value in clip.slots.items())
    return dict(clip.slots) == dict(outcome.slots)


def _score(clips: Sequence[Clip], outcomes: Sequence[Outcome]) -> dict[str, float]:
    pairs = list(zip(clips, outcomes, strict=True))
    commands = [_is_right(clip, outcome) for clip, outcome in pairs if clip.name is not None]
    others = [outcome.name is None for clip, outcome in pairs if clip.name is None]
    seconds = sorted(outcome.seconds for outcome in outcomes)
    score = {"right %": round(100 * fmean(commands), 1)} if commands else {}
    if others:
        score["rejected %"] = round(100 * fmean(others), 1)
    score["rtf"] = round(fmean(outcome.rtf for outcome in outcomes), 3)
    if len(seconds) > 1:
        cuts = quantiles(seconds, n=20, method="inclusive")
        score |= {"result p50 s": round(cuts[9], 3), "result p95 s": round(cuts[18], 3)}
    return score


async def _unrelated(
    arguments: argparse.Namespace, settings: Settings, keep: Path
) -> dict[str, object]:
    paths = sorted(path for path in arguments.unrelated.rglob("*") if path.suffix in AUDIO)
    if not paths:
        raise SourceError(f"{arguments.unrelated}: no recordings")
    ears = _Ears(settings, keep)
    outcomes = [await ears.hear(FileSource(path)) for path in paths[: arguments.limit]]
    taken = sum(outcome.name is not None for outcome in outcomes)
    return {"utterances": len(outcomes), "false intents %": round(100 * taken / len(outcomes), 1)}


def _print(name: str, figures: object, as_json: bool) -> None:
    if as_json or not isinstance(figures, dict):
        return
    print(name)
    for key, value in figures.items():
        print(f"  {key:<18} {value}")
