"""What is left of an utterance five seconds after it: in memory, dumps, files. Run as root.

    python -m scripts.memory_canaries [--whisper DIR --recording FILE --words WORDS] [--bare]

Speaks a command to a real `sotto run`, beside it a door with a broker and a skill in its sandbox,
and looks for its words and its sound in the memory of each of these processes: while it is dealt
with, where they must be found, and afterwards, where none may be. `--bare`: without the allocator's
environment, to see what that is for.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.quiet import WIPING
from pipeline.sources.file import read_samples
from plugins.door.mosquitto import mosquitto
from scripts.memory_search import below, in_files, in_process, needles
from scripts.memory_stage import ROOT, Core, options

RECORDING, WORDS = ROOT / "assistant/recordings/4_alexa_call.flac", "five five five zero one"
AFTER = 5.0
"""Seconds after which nothing may be left."""
POLICY = """\
version: 1
extends: household
sharing:
  lab:
    purpose: test
    retention_period: P1D
    budget: {bits_per_message: 40, bits_per_day: 40000, messages_per_day: 200}
    intents: {HassGetCurrentTime: {slots: {}}}
"""
SKILL = '''\
"""Answers something."""

from assistant import Intent, Reply, Skill

skill = Skill(name="clerk", sentences={"Clerk": ["ask the clerk"]})


@skill.on("Clerk")
async def answer(intent: Intent) -> Reply:
    return Reply("Yes.")
'''


def measure(
    folder: Path,
    *,
    recording: Path = RECORDING,
    words: str = WORDS,
    whisper: Path | None = None,
    bare: bool = False,
    whole: bool = True,
) -> dict[str, Counter[str]]:
    """What was found of the utterance, by where and when; `whole`: with a door and dumps."""
    _write(folder, with_door=whole)
    found: dict[str, Counter[str]] = {}
    pcm = read_samples(recording, 30.0).tobytes()
    wanted = needles(words, pcm)
    with contextlib.ExitStack() as stack:
        beside = stack.enter_context(_door(folder)) if whole else {}
        core = Core(folder, bare=bare, whisper=whisper)
        stack.callback(core.close)
        core.listens(folder / "log")
        time.sleep(1.0)
        found["core, before"] = in_process(core.process.pid, wanted)
        core.voice.say(pcm)
        core.wait("wake")
        time.sleep(1.0)
        with core.stopped():
            found["core, while it listens"] = in_process(core.process.pid, wanted)
        core.wait("redacted")
        with core.stopped():
            found["core, while it thinks"] = in_process(core.process.pid, wanted)
        core.wait("done")
        time.sleep(AFTER)
        with core.stopped():
            for number in below(core.process.pid):
                name = "core" if number == core.process.pid else f"its child {_name(number)}"
                found[f"{name}, after"] = found.get(f"{name}, after", Counter()) + in_process(
                    number, wanted
                )
            for name, number in beside.items():
                found[f"{name}, after"] = in_process(number, wanted)
        if whole and shutil.which("gdb"):
            found["dump of the core (gcore)"] = _dumped(core.process.pid, folder, wanted)
        if whole:
            found["core files"] = _crashed(core, folder)
        found["state, log, output"] = in_files(folder, wanted)
    return found


def is_kept(found: Mapping[str, Counter[str]]) -> bool:
    """Whether it was found while it had to be, in text and sound, and nowhere else."""
    during = ("core, while it listens", "core, while it thinks")
    rest = {where: what for where, what in found.items() if where not in during}
    heard = " ".join(name for where in during for name in found[where])
    return not any(rest.values()) and "text" in heard and "sound" in heard


def _write(folder: Path, *, with_door: bool) -> None:
    (folder / "state").mkdir(mode=0o700)
    (folder / "skills").mkdir()
    (folder / "skills/clerk.py").write_text(SKILL)
    (folder / "policy.yaml").write_text(POLICY)
    settings: dict[str, Any] = {
        "voice": {"engine": "none"},
        "home": {"sentences": [str(ROOT / "assistant/recordings/sentences.yaml")]},
        "policies": {"files": [str(folder / "policy.yaml")]},
        "skills": {"directory": str(folder / "skills")},
    }
    if with_door:
        settings["door"] = {"address": "127.0.0.1", "port": _port(), "tls": False}
    (folder / "settings.yaml").write_text(json.dumps(settings))


def _port() -> int:
    """A port that nobody has, for the broker."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def _door(folder: Path) -> Iterator[dict[str, int]]:
    """A broker and the door's process."""
    program = mosquitto()
    if program is None:
        raise SystemExit("mosquitto is missing: apt install mosquitto")
    port = json.loads((folder / "settings.yaml").read_text())["door"]["port"]
    environment = {**os.environ, **WIPING, "PYTHONPATH": os.pathsep.join(sys.path)}
    with contextlib.ExitStack() as stack:
        line = [program, "-p", str(port)]
        broker = stack.enter_context(subprocess.Popen(line, stderr=subprocess.DEVNULL))
        stack.callback(broker.kill)
        line = [sys.executable, "-m", "assistant", "door", *options(folder)]
        door = stack.enter_context(
            subprocess.Popen(line, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        )
        stack.callback(door.kill)
        yield {"door": door.pid, "broker": broker.pid}


def _dumped(process: int, folder: Path, wanted: Mapping[str, bytes]) -> Counter[str]:
    dumps = folder / "dumps"
    dumps.mkdir()
    line = ["gdb", "-p", str(process), "-batch", "-ex", f"gcore {dumps}/core"]
    subprocess.run(line, check=False, capture_output=True)
    if not any(dumps.iterdir()):
        raise SystemExit("gdb made no dump: is this root?")
    found = in_files(dumps, wanted)
    shutil.rmtree(dumps)
    return found


def _crashed(core: Core, folder: Path) -> Counter[str]:
    """Crash it in the middle of an utterance, with core files allowed by whoever started it."""
    core.voice.say(read_samples(RECORDING, 30.0).tobytes())
    time.sleep(2.5)
    core.process.send_signal(signal.SIGABRT)
    core.process.wait(10)
    left = list(ROOT.glob("core*")) + list(folder.glob("core*"))
    return Counter({f"a core file: {path.name}": 1 for path in left if path.is_file()})


def _name(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text().strip()
    return "gone"


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whisper", type=Path, metavar="DIR")
    parser.add_argument("--recording", type=Path, default=RECORDING)
    parser.add_argument("--words", default=WORDS)
    parser.add_argument("--bare", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canaries-") as name:
        found = measure(
            Path(name), recording=asked.recording, words=asked.words, whisper=asked.whisper,
            bare=asked.bare,
        )  # fmt: skip
    for where, what in found.items():
        kinds = Counter(name.rsplit(", ", 1)[0] for name in what.elements())
        shown = ", ".join(f"{count} x {kind}" for kind, count in sorted(kinds.items()))
        print(f"{where:<28} {shown or 'nothing'}")
    return 0 if is_kept(found) else 1


if __name__ == "__main__":
    sys.exit(main())
