"""`sotto parse`: what a text would mean, and whether it would be done."""

from __future__ import annotations

import argparse
import sys

from assistant import build
from assistant.commands import options, printing
from assistant.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "text", nargs="+", help="a sentence, or several in quotes; - reads a line each from stdin"
    )
    options.add_home(parser)


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Parse every sentence; one that means nothing is an answer, too."""
    report = printing.reporter(as_json=parsed.json, leaving=not parsed.json)
    mind = build.mind(options.apply(parsed, settings))
    for number, text in enumerate(_sentences(parsed.text), start=1):
        if not parsed.json:
            print()
        build.explain(mind, number, text, report)
    return 0


def _sentences(words: list[str]) -> list[str]:
    """Each argument in quotes is a sentence; bare words are one sentence together."""
    if words == ["-"]:
        return [line.strip() for line in sys.stdin if line.strip()]
    return words if any(" " in word for word in words) else [" ".join(words)]
