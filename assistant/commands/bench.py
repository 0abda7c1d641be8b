"""`sotto bench`: figures that anyone can measure on recordings of their own."""

from __future__ import annotations

import argparse
import importlib
import json

from assistant.settings import Settings

BENCHES = {
    "wake": "misses and false wakes",
    "endpoint": "how soon an utterance is closed",
    "commands": "commands understood, and the recognizer's speed",
    "redact": "what leaks from sentences with marked spans, and which commands are damaged",
    "understand": "commands still understood when mumbled, and those that redaction damages",
    "house": "a house of ten thousand entities: how soon it is known, how long a command takes",
    "idle": "what listening costs, beside microWakeWord and openWakeWord always on",
    "own": "what Sotto's own code costs, with stand-in engines",
    "storage": "a sealed insert beside plain SQLite, reading back, destroying a key",
    "sandbox": "what a skill's process costs, and what others feel of one that misbehaves",
    "door": "how long a release takes to the broker, on loopback",
    "startup": "seconds to listening, and the size of the environment",
    "memory": "memory and processor by process, beside linux-voice-assistant's loop; small boards",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a sub-command for each benchmark."""
    benches = parser.add_subparsers(dest="bench", metavar="NAME", required=True)
    for name, summary in BENCHES.items():
        sub = benches.add_parser(name, help=summary, description=summary.capitalize() + ".")
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        importlib.import_module(f"assistant.bench.{name}").add_arguments(sub)


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Measure, and print a table or one JSON object."""
    figures = importlib.import_module(f"assistant.bench.{parsed.bench}").run(parsed, settings)
    if parsed.json:
        print(json.dumps(figures))
    return 0
