"""What leaks, what is damaged, what it costs: on sets of sentences with marked places."""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from assistant import build
from assistant.bench import redact_cost
from assistant.bench.leaks import Place, Score, Sentence, Tally, load
from assistant.bench.plot import Curve, draw
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import RedactedTranscript, Transcript
from pipeline.detectors import find_all
from pipeline.ports import Detector
from pipeline.redact import redact
from pipeline.redactor import Redactor, redact_utterance
from policies.share import sent_words

Find: TypeAlias = Callable[[Sentence], Sequence[Place]]

THRESHOLDS = tuple(step / 20 for step in range(21))
_COLUMNS = (
    "leak_rate",
    "gross_leak",
    "span_recall",
    "char_recall",
    "char_precision",
    "collateral",
    "command_damage",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET.jsonl")
    parser.add_argument(
        "--core", action="store_true", help="direct identifiers only: no ages, places, firms, dates"
    )
    parser.add_argument(
        "--mode", choices=("text", "intent"), default="text", help="which way out is measured"
    )
    parser.add_argument(
        "--cut", action="store_true", help="cut every sentence once inside a place, in two segments"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.svg|png", help="leak against damage over thresholds"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Measure, and print tables unless JSON is asked for."""
    sentences = load(arguments.sets)
    if arguments.mode == "intent":
        return _tell(arguments, {"intent mode": _intents(sentences, settings, arguments.core)})
    detectors = build.detectors(settings)
    texts = [sentence.text for sentence in sentences]
    score, cost = _measure(sentences, arguments.core, partial(_whole, detectors))
    systems = {"sotto": score}
    costs = {"sotto": {**cost, **redact_cost.measure(texts, arguments.config)}}
    if arguments.cut:
        find = Cut(detectors)
        systems["sotto, cut in two"], costs["sotto, cut in two"] = _measure(
            sentences, arguments.core, find
        )
    if arguments.plot:
        draw(arguments.plot, _curves(sentences, detectors, arguments.core))
    if (presidio := build.presidio()) is not None:
        systems["presidio"], costs["presidio"] = _measure(
            sentences, arguments.core, partial(_whole, (presidio,))
        )
    return _tell(arguments, systems, costs)


def _measure(sentences: Sequence[Sentence], core: bool, find: Find) -> tuple[Score, dict[str, Any]]:
    score = Score(core)
    milliseconds: list[float] = []
    for sentence in sentences:
        started = time.process_time()
        found = find(sentence)
        milliseconds.append((time.process_time() - started) * 1000)
        score.add(sentence, found)
    milliseconds.sort()
    return score, {
        "p50 CPU ms": round(_quantile(milliseconds, 0.5), 3),
        "p99 CPU ms": round(_quantile(milliseconds, 0.99), 3),
        "longest CPU ms": round(milliseconds[-1], 3),
    }


def _whole(detectors: Sequence[Detector], sentence: Sentence) -> list[Place]:
    redacted, originals = redact_utterance(detectors, _transcript(sentence.text))
    originals.forget()
    return places(redacted, 0)


def places(redacted: RedactedTranscript, offset: int) -> list[Place]:
    """Where the placeholders' words stood, `offset` characters into a longer text."""
    return [
        Place(start=finding.start + offset, end=finding.end + offset, type=finding.type)
        for finding in redacted.findings
    ]


class Cut:
    """Feeds each sentence in two segments: a pause lies inside one of its places.

    The pause stands at a space inside a place, if any has one; else just before one (after "my
    name is"). The choice is the same in every run.
    """

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = detectors

    def __call__(self, sentence: Sentence) -> list[Place]:
        """The places that were redacted, in the whole sentence."""
        cut = cut_of(sentence)
        if cut is None:
            return _whole(self._detectors, sentence)
        redactor = Redactor(self._detectors)
        parts = (sentence.text[:cut], sentence.text[cut + 1 :])
        ready = [*redactor.feed(_transcript(parts[0])), *redactor.feed(_transcript(parts[1], 1))]
        ready += redactor.flush()
        return [p for one in ready for p in places(one, (cut + 1) * one.utterance_id)]


def cut_of(sentence: Sentence) -> int | None:
    """The offset of the space at which a sentence is cut, or None where it has none."""
    text = sentence.text
    inside = [
        index
        for place in sentence.spans
        for index in range(place.start + 1, place.end - 1)
        if text[index] == " "
    ]
    before = [p.start - 1 for p in sentence.spans if p.start > 1 and text[p.start - 1] == " "]
    spaces = inside or before
    return random.Random(sentence.id).choice(spaces) if spaces else None  # noqa: S311  # no secret


def _intents(sentences: Sequence[Sentence], settings: Settings, core: bool) -> Score:
    mind = build.mind(settings)
    score = Score(core)
    for sentence in sentences:
        transcript = _transcript(sentence.text)
        redacted, originals = redact_utterance(
            mind.parts.detectors(), transcript, needs=mind.parts.needs
        )
        originals.forget()
        intent = mind.parts.parser.parse(redacted)
        score.add_sent(sentence, [] if intent is None else sent_words(intent))
    return score


def _curves(
    sentences: Sequence[Sentence], detectors: Sequence[Detector], core: bool
) -> list[Curve]:
    """A curve for all sentences and one for each style: (damage, leak) by threshold."""
    transcripts = [_transcript(sentence.text) for sentence in sentences]
    findings = [find_all(detectors, transcript) for transcript in transcripts]
    points: dict[str, list[tuple[float, float, float]]] = {}
    for threshold in THRESHOLDS:
        score = Score(core)
        for sentence, transcript, found in zip(sentences, transcripts, findings, strict=True):
            kept = [finding for finding in found if finding.score >= threshold]
            redacted, _ = redact(transcript, kept)
            score.add(sentence, places(redacted, 0))
        for name, tally in _by_style(score).items():
            figures = tally.figures()
            leak, damage = figures["leak_rate"], figures["command_damage"]
            if leak is not None and damage is not None:
                points.setdefault(name, []).append((damage, leak, threshold))
    return [Curve(name, tuple(values)) for name, values in points.items()]


def _by_style(score: Score) -> dict[str, Tally]:
    prefix = "style="
    styles = {
        name.removeprefix(prefix): tally
        for name, tally in score.groups.items()
        if name.startswith(prefix)
    }
    return {"all": score.total, **styles}


def _transcript(text: str, number: int = 0) -> Transcript:
    return Transcript(number, Private(text), 1.0)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.floor(len(ordered) * share))]


def _tell(
    arguments: argparse.Namespace,
    systems: Mapping[str, Score],
    costs: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, object]:
    figures: dict[str, object] = {
        name: {**score.figures(), "cost": dict((costs or {}).get(name, {}))}
        for name, score in systems.items()
    }
    if not arguments.json:
        for name, score in systems.items():
            _print(name, score, (costs or {}).get(name, {}))
    return figures


def _print(name: str, score: Score, cost: Mapping[str, Any]) -> None:
    total = score.total
    print(f"{name}: {total.sentences} sentences with marked places, {total.commands} without")
    print(f"{'percent':<26}" + "".join(f"{column:>16}" for column in _COLUMNS))
    for label, tally in {"all": total, **dict(sorted(score.groups.items()))}.items():
        figures = tally.figures()
        cells = ("-" if figures[column] is None else figures[column] for column in _COLUMNS)
        print(f"{label:<26}" + "".join(f"{cell:>16}" for cell in cells))
    for kind, tally in sorted(score.types.items()):
        figures = tally.figures()
        print(f"{kind:<26}{figures['span_recall']:>10} % gone altogether of {tally.places}")
    for label, value in cost.items():
        print(f"{label:<26}{value:>10}")
    print()
