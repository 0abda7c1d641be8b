"""Memory by process, beside an assistant that only waits for its wake word; and how little will do.

Beside it: the loop of linux-voice-assistant, a process that reads the microphone and gives every
80 ms to pymicro-wakeword's features and one model, and does no more.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from assistant.bench.daemon import Daemon, daemon, missing
from assistant.bench.processes import children, footprint
from assistant.errors import SourceError
from assistant.settings import Settings

SIZES = (512, 256, 192, 160, 128, 96)
"""MiB that the daemon and its children may have, largest first."""
COMMANDS = 5
SETTLED = 6.0
"""Seconds after which a start has done all its work."""
WIPING = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
}
"""What the shipped unit sets, so that nothing that was said stays in memory."""
GROUPS = Path("/sys/fs/cgroup")

_LOOP = """
import queue
import pyaudio
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
model, features = MicroWakeWord.from_builtin(Model.ALEXA), MicroWakeWordFeatures()
heard = queue.SimpleQueue()
def hear(pcm, *_):
    heard.put(pcm)
    return None, pyaudio.paContinue
audio = pyaudio.PyAudio()
stream = audio.open(rate=16000, channels=1, format=pyaudio.paInt16, input=True,
                    frames_per_buffer=1280, stream_callback=hear)
print("the microphone is open", flush=True)
while True:
    for one in features.process_streaming(heard.get()):
        model.process_streaming(one)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="of listening (default: 60)"
    )


def run(arguments: argparse.Namespace, _settings: Settings) -> dict[str, object]:
    """Measure; raises SourceError where there is no microphone to be had."""
    lack = missing()
    if lack is not None:
        raise SourceError(f"no microphone without hardware: {lack}")
    rows = list(_processes(arguments.config, arguments.seconds))
    sizes = dict(_sizes(arguments.config))
    if not arguments.json:
        print(f"{'process':<44}{'RSS MiB':>9}{'PSS MiB':>9}{'threads':>9}{'CPU s/h':>9}")
        for row in rows:
            print(
                f"{row['process']:<44}{row['RSS']:>9}{row['PSS']:>9}{row['threads']:>9}"
                f"{row['CPU seconds an hour']:>9}"
            )
        print(f"\n{'memory limit':<16}what happened, as the unit runs it")
        for size, what in sizes.items():
            print(f"{size:<16}{what}")
    return {"processes": rows, "limits": sizes}


def _processes(config: Path | None, seconds: float) -> Iterator[dict[str, object]]:
    for name, more in (("sotto run", {}), ("sotto run, as the unit wipes memory", WIPING)):
        with daemon(config, more=more) as one:
            one.start()
            one.program.stop()  # the first start compiles
            one.start()
            yield _row(f"{name}: listening", one.program.process, seconds)
            for _ in range(COMMANDS):
                one.command()
            yield _row(f"{name}: after {COMMANDS} commands", one.program.process, seconds)
            for child in children(one.program.process):
                yield _row(f"{name}: skills' process", child, 1.0)
    with daemon(config) as one, _loop(one) as process:
        yield _row("linux-voice-assistant's loop", process, seconds)


def _row(name: str, process: int, seconds: float) -> dict[str, object]:
    """Watch a process that listens for a while, once its start is over."""
    time.sleep(SETTLED)
    before = footprint(process)
    time.sleep(seconds)
    after = footprint(process)
    return {
        "process": name,
        "RSS": round(after.resident, 1),
        "PSS": round(after.proportional, 1),
        "threads": after.threads,
        "CPU seconds an hour": round((after.processor - before.processor) / seconds * 3600),
    }


@contextlib.contextmanager
def _loop(one: Daemon) -> Iterator[int]:
    """The other assistant's loop on the same microphone."""
    process = subprocess.Popen(  # noqa: S603  # our own text
        [sys.executable, "-c", _LOOP],
        env={**os.environ, **one.program.environment, "PULSE_LATENCY_MSEC": "40"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _sizes(config: Path | None) -> Iterator[tuple[str, str]]:
    for size in SIZES:
        with _limited(size) as before:
            if before is None:
                yield "none", "memory can't be limited here (root, and a memory cgroup)"
                return
            yield f"{size} MiB", _fares(config, before)


def _fares(config: Path | None, before: list[str]) -> str:
    with daemon(config, before, WIPING) as one:
        try:
            first = one.start()
        except SourceError:
            return f"does not start (status {one.program.status})"
        answered = sum(one.command() for _ in range(COMMANDS))
        if not one.program.is_running:
            return f"ended (status {one.program.status}) after {answered} commands"
        return f"listens after {first:.1f} s (first start), {answered} of {COMMANDS} answered"


@contextlib.contextmanager
def _limited(size: int) -> Iterator[list[str] | None]:
    """Words to begin a command line with that limit its memory and its children's; no swap."""
    version_1 = GROUPS / "memory"
    group = (version_1 if version_1.is_dir() else GROUPS) / f"sotto-bench-{os.getpid()}"
    limit = "memory.limit_in_bytes" if version_1.is_dir() else "memory.max"
    try:
        group.mkdir()
        (group / limit).write_text(str(size << 20))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield None
        return
    try:
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)
