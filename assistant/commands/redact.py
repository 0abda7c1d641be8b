"""`sotto redact`: what is private in each line of stdin becomes a placeholder."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from assistant import build
from assistant.commands.reading import Line, lines
from assistant.errors import SettingsError
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import Finding, RedactedTranscript, Transcript
from pipeline.detectors.chosen import choose
from pipeline.ports import Detector, Parser
from pipeline.reading_needs import Needs
from pipeline.redactor import Redactor
from policies.share import sent_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.description = (
        "Reads stdin line by line: a sentence a line, or JSON with text (and an id), or JSON with "
        'the segments of one conversation: {"id": 1, "segments": ["my number is", "five five"]}.'
    )
    parser.add_argument(
        "--mode",
        choices=("text", "intent"),
        default="text",
        help="text: the scrubbed text (default); intent: no more than what a matched intent says",
    )
    parser.add_argument(
        "--explain", action="store_true", help="which detector and rule found it, and its score"
    )
    parser.add_argument("--types", metavar="TYPE,...", help="only these types (default: all)")
    parser.add_argument(
        "--threshold", type=float, default=0.0, metavar="0..1", help="only findings of this score"
    )


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Answer every line at once; a line that can't be read is named, and the rest goes on."""
    detectors = _detectors(parsed, settings)
    parts = build.mind(settings).parts if parsed.mode == "intent" else None
    needs = None if parts is None else parts.needs
    answer = _Answer(parsed.json, parsed.explain, None if parts is None else parts.parser)
    broken = 0
    for line in lines(sys.stdin.buffer):
        if line.problem:
            broken += 1
            print(f"sotto: line {line.number}: {line.problem}", file=sys.stderr, flush=True)
        else:
            answer(line, redact_segments(detectors, line.segments, needs))
    return 1 if broken else 0


def redact_segments(
    detectors: Sequence[Detector],
    segments: Sequence[Private[str]],
    needs: Needs | None = None,
) -> list[RedactedTranscript]:
    """Redact the segments of one conversation as they come, and give them back in order."""
    redactor = Redactor(detectors, needs=needs)
    redacted: list[RedactedTranscript] = []
    for index, segment in enumerate(segments):
        redacted += redactor.feed(Transcript(index, segment, 1.0))
    redacted += redactor.flush()
    redactor.forget()
    return redacted


class _Answer:
    """Prints the answer to a line: as JSON, or for people."""

    def __init__(self, as_json: bool, explain: bool, parser: Parser | None) -> None:
        self._as_json = as_json
        self._explain = explain
        self._parser = parser

    def __call__(self, line: Line, redacted: Sequence[RedactedTranscript]) -> None:
        """Print it at once."""
        if self._as_json:
            print(json.dumps({"id": line.id, **self._fields(line, redacted)}), flush=True)
            return
        for segment in redacted:
            text = segment.text if self._parser is None else " ".join(self._sent([segment]))
            print(_one_line(text), *self._reasons(segment), sep="\n  ", flush=True)

    def _fields(self, line: Line, redacted: Sequence[RedactedTranscript]) -> dict[str, Any]:
        fields: dict[str, list[Any]] = {}
        if self._parser is not None:
            fields["sent"] = self._sent(redacted)
        else:
            fields["redacted"] = [segment.text for segment in redacted]
            fields["spans"] = [
                [_place(finding) for finding in segment.findings] for segment in redacted
            ]
        if self._explain:
            fields["findings"] = [
                [_reason(finding) for finding in segment.findings] for segment in redacted
            ]
        if line.whole:
            return {key: values if key == "sent" else values[0] for key, values in fields.items()}
        return fields

    def _sent(self, redacted: Sequence[RedactedTranscript]) -> list[str]:
        if self._parser is None:
            return []
        intents = map(self._parser.parse, redacted)
        return [word for intent in intents if intent is not None for word in sent_words(intent)]

    def _reasons(self, segment: RedactedTranscript) -> Iterator[str]:
        for finding in segment.findings if self._explain else ():
            place = f"{finding.start}-{finding.end}"
            why = f"{finding.detector} {finding.rule}".rstrip()
            yield f"{place:<10}{finding.type:<20}{finding.score:.2f}  {why}"


def _place(finding: Finding) -> dict[str, object]:
    return {"start": finding.start, "end": finding.end, "type": finding.type}


def _reason(finding: Finding) -> dict[str, object]:
    return {
        **_place(finding),
        "score": round(finding.score, 3),
        "detector": finding.detector,
        "rule": finding.rule,
    }


def _one_line(text: str) -> str:
    """A line out for a line in, and nothing in it that UTF-8 can't say."""
    return " ".join(text.splitlines()).encode("utf-8", "replace").decode()


def _detectors(parsed: argparse.Namespace, settings: Settings) -> tuple[Detector, ...]:
    detectors = build.detectors(settings)
    if not 0 <= parsed.threshold <= 1:
        raise SettingsError("--threshold: expected a score from 0 to 1")
    if parsed.types is None:
        return choose(detectors, threshold=parsed.threshold)
    known = {kind for detector in detectors for kind in detector.types}
    types = {kind.strip().upper() for kind in parsed.types.split(",") if kind.strip()}
    if strange := types - known:
        raise SettingsError(
            f"--types: nothing finds {', '.join(sorted(strange))}; "
            f"the types are: {', '.join(sorted(known))}"
        )
    return choose(detectors, types, parsed.threshold)
