"""`sotto faults`: break real processes on purpose, and see that they get well again."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
from collections import Counter
from typing import Any

from assistant.errors import SettingsError
from assistant.settings import Settings

_WIDTHS = (22, 34, 10, 9)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="faults whose names begin so"
    )
    parser.add_argument("--list", action="store_true", help="name them, and do nothing")
    parser.add_argument(
        "--schedule", type=int, metavar="N", help="so many at random, instead of each once"
    )
    parser.add_argument("--seed", type=int, default=1, help="of what is random (default: 1)")


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Do it in a temporary directory; 1 where something did not hold."""
    # It asks the daemon as other commands do, so it stands above them.
    faults = importlib.import_module("assistant.faults.running")
    chosen = faults.chosen(parsed.only)
    if parsed.list:
        for fault in chosen:
            print(f"{fault.name:<{_WIDTHS[0]}}{fault.lack() or fault.what}")
        return 0
    lack = importlib.import_module("assistant.faults.pulse").missing()
    if lack is not None:
        raise SettingsError(f"faults: the household has no microphone without PulseAudio: {lack}")
    if not parsed.json:
        print(_row("fault", "what is done", "recovery", "verdict", "what happened"), flush=True)
    outcomes = (
        faults.one_by_one(chosen, parsed.seed)
        if parsed.schedule is None
        else faults.schedule(chosen, parsed.schedule, parsed.seed)
    )
    count: Counter[str] = Counter()
    slowest = 0.0
    for outcome in outcomes:
        count[outcome.verdict] += 1
        slowest = max(slowest, outcome.recovery or 0.0)
        _tell(outcome, as_json=parsed.json)
    if not parsed.json:
        counted = ", ".join(f"{number} {verdict}" for verdict, number in count.items())
        print(f"\n{counted}; slowest recovery {slowest:.1f} s")
    return 1 if count["broken"] else 0


def _tell(outcome: Any, *, as_json: bool) -> None:  # noqa: ANN401  # a class from above us
    if as_json:
        print(json.dumps(dataclasses.asdict(outcome)), flush=True)
        return
    recovery = "-" if outcome.recovery is None else f"{outcome.recovery:.1f} s"
    happened = "; ".join(part for part in (outcome.happened, *outcome.problems) if part)
    print(_row(outcome.fault, outcome.what, recovery, outcome.verdict, happened), flush=True)
    for line in outcome.said:
        print(f"    {line}", flush=True)


def _row(*cells: str) -> str:
    return (
        "".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=False))
        + (cells[-1])
    )
