"""What redaction adds to a process: seconds to be ready, the first call, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MOST_TEXTS = 2_000

_CHILD = """
import gc, json, sys, time
import numpy  # what hears the utterance needs it in any case
from pathlib import Path
from assistant import settings_file
from assistant.private import Private
from assistant.types import Transcript
def mebibytes():
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line) / 1024
settings = settings_file.load(Path(sys.argv[1]) if sys.argv[1] else None)
transcripts = [Transcript(0, Private(text), 1.0) for text in json.load(sys.stdin)]
gc.collect()
before, started = mebibytes(), time.perf_counter()
from pipeline.detectors import make_detectors
from pipeline.redactor import redact_utterance
detectors = make_detectors(settings.redaction)
ready = time.perf_counter()
redact_utterance(detectors, transcripts[0])
first = time.perf_counter()
for transcript in transcripts:
    redact_utterance(detectors, transcript)
print(json.dumps([ready - started, first - ready, mebibytes() - before]))
"""


def measure(texts: Sequence[str], config: Path | None) -> dict[str, float]:
    """Redact the texts in a process of their own."""
    done = subprocess.run(  # noqa: S603  # ourselves
        [sys.executable, "-c", _CHILD, str(config or "")],
        input=json.dumps(texts[:MOST_TEXTS]),
        check=True,
        capture_output=True,
        text=True,
    )
    ready, first, added = json.loads(done.stdout)
    return {
        "seconds to be ready": round(ready, 3),
        "first call ms": round(first * 1000, 2),
        "memory added MiB": round(added, 1),
    }
