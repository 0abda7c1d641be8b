"""What it takes to be listening: seconds, and the environment on disk."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.bench.daemon import daemon, missing
from assistant.bench.processes import footprint
from assistant.settings import Settings

_CHILD = """
import json, sys, time
started = time.perf_counter()
from pathlib import Path
from assistant import build, settings_file
settings = settings_file.load(Path(sys.argv[1]) if sys.argv[1] else None)
assistant = build.assistant(settings, state=Path(sys.argv[2]), report=lambda event: None, wake=True)
print(json.dumps(time.perf_counter() - started))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=5, help="starts to take the median of")


def run(arguments: argparse.Namespace, _settings: Settings) -> dict[str, object]:
    """Start the parts, and the daemon with a microphone, cold and with a warm cache."""
    config, rounds = arguments.config, arguments.rounds
    with TemporaryDirectory(prefix="sotto-bench-") as state:
        parts = [_parts(str(config or ""), state) for _ in range(1 + rounds)]
    figures: dict[str, object] = {
        "parts, first start, seconds": round(parts[0], 2),
        "parts, later starts, seconds (median)": round(statistics.median(parts[1:]), 2),
    }
    lack = missing()
    if lack is None:
        with daemon(config) as one:
            starts, processor = [], []
            for _ in range(1 + rounds):
                starts.append(one.start())
                processor.append(footprint(one.program.process).processor)
                one.program.stop()
        figures["sotto run to listening, first start, seconds"] = round(starts[0], 2)
        later = round(statistics.median(starts[1:]), 2)
        figures["sotto run to listening, later starts, seconds (median)"] = later
        figures["of it processor seconds (median)"] = round(statistics.median(processor[1:]), 2)
    else:
        figures["sotto run"] = lack
    figures["environment on disk, MB"] = round(_environment_bytes() / 1e6)
    if not arguments.json:
        for name, value in figures.items():
            print(f"{name:<60}{value}")
    return figures


def _parts(config: str, state: str) -> float:
    """Seconds from nothing to an assistant that could listen, in a process of its own."""
    command = [sys.executable, "-c", _CHILD, config, state]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    seconds: float = json.loads(output)
    return seconds


def _environment_bytes() -> int:
    """Bytes of everything under this environment's prefix."""
    return sum(path.lstat().st_size for path in Path(sys.prefix).rglob("*") if path.is_file())
