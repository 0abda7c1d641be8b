"""How many sentences are still understood when they are mumbled, and what redaction damages.

Sentences are drawn from the installed templates with the house's own things and numbers. Each is
parsed clean and without redaction; then noise of each kind is added, and it is redacted and parsed
as in the pipeline. It is understood if the intent and its closed slots are the same, and the same
slots hold free words.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from assistant import build
from assistant.bench.misheard import Misheard
from assistant.bench.sampled import Sampler
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import RedactedIntent, RedactedTranscript, Transcript, Words
from pipeline.detectors import find_all
from pipeline.engines.sphinx import dictionary
from pipeline.intents import IntentParser
from pipeline.ports import Parser
from pipeline.reading_needs import Needs
from pipeline.redact import redact
from policies.share import closed_slots

CLEAN = "clean"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--limit", type=int, default=500, metavar="N", help="sentences (default: 500)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print what was not understood")


@dataclass(slots=True)
class Tally:
    """What became of the sentences with one kind of noise."""

    sentences: int = 0
    understood: int = 0
    without_redaction: int = 0
    damaged: int = 0
    """Understood, had nothing been redacted."""
    milliseconds: list[float] = field(default_factory=list)
    """CPU, of redaction and parsing."""

    def figures(self) -> dict[str, float]:
        """Percent, counts and milliseconds."""
        ordered = sorted(self.milliseconds)
        count = max(1, self.sentences)
        return {
            "sentences": self.sentences,
            "understood %": round(100 * self.understood / count, 1),
            "without redaction %": round(100 * self.without_redaction / count, 1),
            "damaged": self.damaged,
            "p50 ms": round(ordered[len(ordered) // 2], 1) if ordered else 0.0,
            "p99 ms": round(ordered[len(ordered) * 99 // 100], 1) if ordered else 0.0,
        }


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Measure, and print a table unless JSON is asked for."""
    mind = build.mind(settings)
    parts = mind.parts
    parser = IntentParser(mind.files, mind.things, settings.home.area)
    needs = Needs(parser)
    noise = Misheard(dictionary(), arguments.seed)
    tallies = {kind: Tally() for kind in (CLEAN, *noise.kinds)}
    sampler = Sampler(mind.files[:1], mind.things, arguments.seed)
    gc.collect()
    gc.freeze()  # as the daemon does
    for text, meant in islice(_understood(sampler, parser), arguments.limit):
        words = text.split()
        free = _free(words, meant)
        for kind, tally in tallies.items():
            noisy = words if kind == CLEAN else noise.kinds[kind](words, free)
            if noisy is None:
                continue
            said = " ".join(noisy)
            transcript = _transcript(said)
            started = time.process_time()
            findings = find_all(parts.detectors(), transcript)
            redacted, _ = redact(transcript, needs.spare(findings, [(0, transcript)]))
            found = parser.parse(redacted)
            tally.milliseconds.append((time.process_time() - started) * 1000)
            bare = parser.parse(_bare(said))
            tally.sentences += 1
            tally.understood += (whole := _is_same(meant, found))
            tally.without_redaction += (unredacted := _is_same(meant, bare))
            tally.damaged += unredacted and not whole
            if arguments.show and not whole:
                print(f"{kind}: {text} -> {redacted.text}")
    figures: dict[str, object] = {kind: tally.figures() for kind, tally in tallies.items()}
    if not arguments.json:
        _print(tallies)
    return figures


def _understood(sampler: Sampler, parser: Parser) -> Iterator[tuple[str, RedactedIntent]]:
    """Sentences, each once, with what they mean where nothing is redacted."""
    seen: set[str] = set()
    for text in sampler.sentences():
        meant = None if text in seen else parser.parse(_bare(text))
        seen.add(text)
        if meant is not None:
            yield text, meant


def _free(words: Sequence[str], meant: RedactedIntent) -> list[bool]:
    """Which words are free speech."""
    free = [False] * len(words)
    lowered = [word.lower() for word in words]
    for slot in meant.slots.values():
        value = slot.value.lower().split() if isinstance(slot, Words) else []
        for at in range(len(words) - len(value) + 1):
            if value and lowered[at : at + len(value)] == value:
                free[at : at + len(value)] = [True] * len(value)
    return free


def _is_same(meant: RedactedIntent, found: RedactedIntent | None) -> bool:
    if found is None or found.name != meant.name or found.slots.keys() != meant.slots.keys():
        return False
    free = {name for name, slot in meant.slots.items() if isinstance(slot, Words)}
    one, other = closed_slots(meant), closed_slots(found)
    return all(one[name] == other.get(name) for name in one.keys() - free)


def _transcript(text: str) -> Transcript:
    return Transcript(0, Private(text), 1.0)


def _bare(text: str) -> RedactedTranscript:
    """The text as if nothing in it were private."""
    return redact(_transcript(text), ())[0]


def _print(tallies: dict[str, Tally]) -> None:
    columns = list(Tally().figures())
    print(f"{'noise':<16}" + "".join(f"{column:>21}" for column in columns))
    for kind, tally in tallies.items():
        print(f"{kind:<16}" + "".join(f"{value:>21}" for value in tally.figures().values()))
