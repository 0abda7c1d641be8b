"""What it takes to be listening: seconds, memory, and the environment on disk."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from assistant.settings import Settings

_CHILD = """
import json, sys, time
started = time.perf_counter()
from pathlib import Path
from assistant import build, settings_file
settings = settings_file.load(Path(sys.argv[1]) if sys.argv[1] else None)
assistant = build.assistant(settings, state=Path(sys.argv[2]), report=lambda event: None, wake=True)
ready = time.perf_counter() - started
status = Path("/proc/self/status").read_text()
rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
print(json.dumps({"seconds": ready, "mebibytes": rss / 1024}))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=5, help="starts to take the median of")


def run(arguments: argparse.Namespace, _settings: Settings) -> dict[str, object]:
    """Start the assistant's parts in processes of their own, cold and with a warm cache."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415  # only this benchmark needs it

    config = str(arguments.config or "")
    with TemporaryDirectory(prefix="sotto-bench-") as state:
        first = _start(config, state)
        rest = [_start(config, state) for _ in range(arguments.rounds)]
    figures: dict[str, object] = {
        "first start, seconds": round(first["seconds"], 2),
        "later starts, seconds (median)": round(statistics.median(r["seconds"] for r in rest), 2),
        "memory when listening, MiB (median)": round(
            statistics.median(r["mebibytes"] for r in rest), 1
        ),
        "environment on disk, MB": round(_environment_bytes() / 1e6),
    }
    if not arguments.json:
        for name, value in figures.items():
            print(f"{name:<40}{value}")
    return figures


def _start(config: str, state: str) -> dict[str, float]:
    command = [sys.executable, "-c", _CHILD, config, state]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    result: dict[str, float] = json.loads(output)
    return result


def _environment_bytes() -> int:
    """Bytes of everything under this environment's prefix."""
    return sum(path.lstat().st_size for path in Path(sys.prefix).rglob("*") if path.is_file())
