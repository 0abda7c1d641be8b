"""A telephone number is told to the real service: is it anywhere afterwards? Journal, files, crash.

A recording is played into the microphone of the booted machine (machine.py); five seconds after
the utterance, and after a core that was aborted in the middle of one, all that was written in the
machine is searched for its words, figures and sound. In the end all that is put there on purpose,
and has to be found.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.sources.file import read_samples
from scripts.memory_search import in_process
from scripts.units import traces
from scripts.units.machine import Machine
from scripts.units.stage import PACKAGE, PLAYED, SETTINGS_FILE

AFTER = 5.0
"""Seconds after which nothing may be left."""
PATIENCE = 40.0
TREES = ("var", "run", "tmp", "etc", "dev/shm")
OWN = ("var", "run", "tmp", "dev/shm", "etc/sotto")
"""In the core's own view, of which some is nobody else's."""
SENTENCES = f"home: {{sentences: [{PACKAGE}/recordings/sentences.yaml]}}"
DROP = "/run/systemd/system/sotto-core.service.d/zz-debug.conf"
DEBUG = """\
[Service]
Environment=PYTHONASYNCIODEBUG=1 PYTHONDEVMODE=1
ExecStart=
ExecStart=/opt/sotto/bin/sotto --log-level debug --json run
"""
PLANT = """\
import base64, pathlib, socket, struct, sys
words, sound = "call five five five zero one two three four", open("/root/planted", "rb").read()
def binary(name, data):
    return name + b"\\n" + struct.pack("<Q", len(data)) + data + b"\\n"
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def log(*fields):
    journal.sendto(b"".join(fields), "/run/systemd/journal/socket")
log(b"MESSAGE=" + (words + " and so on, " * 99).encode() + b"\\n", b"PLANTED=long\\n")
log(b"MESSAGE=sound\\n", binary(b"SOUND", sound), binary(b"WIDE", words.encode("utf-16-le")))
pathlib.Path("/var/lib/private/sotto/planted").write_text(words.upper())
pathlib.Path("/tmp/planted").write_bytes(base64.b64encode(b"xx" + words.encode()))
pathlib.Path("/run/planted").write_bytes(sound)
pathlib.Path("/etc/sotto/planted").write_text("55501234")
"""
PLANTED = (
    *("/var/lib/private/sotto/planted", "/tmp/planted", "/run/planted"),  # noqa: S108
    *("/etc/sotto/planted", "/var/tmp/planted", "/root/planted"),  # noqa: S108
)
ABORTS = """\
mkdir -p /var/tmp/planted && systemd-run --quiet --wait -p LimitCORE=infinity \
-p WorkingDirectory=/var/tmp/planted /bin/sh -c 'kill -ABRT $$$$'"""


def check(machine: Machine) -> list[str]:
    """Print a table of what was found where; what should not have been, or should have been."""
    pcm = read_samples(PLAYED["call"], 30.0).tobytes()
    wanted = traces.wanted(pcm)
    machine.must(f"echo '{SENTENCES}' >>{SETTINGS_FILE} && systemctl restart sotto-core", 120)
    wrong: list[str] = []
    print(f"\n{'a telephone number is said':<44}{'files':<8}{'found of it':<14}core files")

    def row(what: str) -> None:
        hits, count, cores = _search(machine, wanted)
        print(f"{what:<44}{count:<8}{len(hits) or 'nothing':<14}{len(cores) or 'none'}")
        wrong.extend(f"{what}: {hit}" for hit in [*hits, *cores])

    wrong += _say(machine, wanted)
    row("5 s after it")
    machine.must(f"mkdir -p {Path(DROP).parent} && cat >{DROP} <<'END'\n{DEBUG}END")
    machine.must("systemctl daemon-reload && systemctl restart sotto-core", 120)
    machine.must("grep -qa debug /proc/$(systemctl show -P MainPID sotto-core)/cmdline")
    wrong += _say(machine, {})
    row("the same, log level debug")
    wrong += _abort(machine)
    row("core aborted in the middle of it (SIGABRT)")
    machine.must(f"rm {DROP} && systemctl daemon-reload")
    wrong += _controls(machine, wanted)
    machine.must(f"sed -i '/^home: /d' {SETTINGS_FILE} && systemctl stop sotto-core", 60)
    return wrong


def _say(machine: Machine, during: Mapping[str, bytes]) -> list[str]:
    """Say it until it is understood; whether it was, and its sound was in memory meanwhile."""
    lacking: list[str] = []
    for _ in range(3):  # on a busy machine what plays the recording may stutter
        events = _Events(machine)
        machine.must("systemctl start --no-block play-call")
        in_memory = 0
        if during and events.wait("wake"):
            time.sleep(1.0)
            in_memory = sum(in_process(_process(machine), during).values())
        events.wait("done")
        time.sleep(AFTER)
        said = events.text()
        lacking = [word for word in ("wake", "PHONE_NUMBER_1", "CallNumber") if word not in said]
        if during and not in_memory:
            lacking.append("its sound in the core's memory while it is said")
        if not lacking:
            break
    if during:
        print(f"{'while it is said, in the memory of the core':<52}{in_memory}")
    return [f"a telephone number is said: lacking: {word}" for word in lacking]


def _abort(machine: Machine) -> list[str]:
    """Abort it in the middle of an utterance; wait until it listens again."""
    events = _Events(machine)
    machine.must("systemctl start --no-block play-call")
    if not events.wait("wake"):
        return ["the core that was to be aborted heard nothing"]
    time.sleep(1.5)
    before = machine.must("systemctl show -P NRestarts sotto-core")
    machine.must("systemctl kill --kill-whom=main -s ABRT sotto-core")

    def again() -> bool:
        said = machine.run("systemctl show -p ActiveState -p NRestarts sotto-core")[1].splitlines()
        return "ActiveState=active" in said and f"NRestarts={before}" not in said

    if not _until(again):
        return ["aborted, the core does not come back"]
    time.sleep(AFTER)
    said = machine.run("journalctl -q -b -u sotto-core | grep -c 'status=6/ABRT'")[1]
    dumped = machine.run("journalctl -q -b -u sotto-core | grep -c 'code=dumped'")[1]
    return [] if (said, dumped) == ("1", "0") else [f"aborted: {said} times, {dumped} dumped"]


def _controls(machine: Machine, wanted: Mapping[str, bytes]) -> list[str]:
    """Put it there on purpose: in the journal by three ways, in files, and a core file."""
    sound = next(needle for form, needle in wanted.items() if form.startswith("sound, 16"))
    (machine.root / "root/planted").write_bytes(sound)
    spoken = traces.SPOKEN
    machine.must(f"logger -t planted 'call {spoken}' && echo {spoken} | systemd-cat -t planted")
    machine.must(f"python3 - <<'END'\n{PLANT}END")
    machine.run(ABORTS)
    hits, count, cores = _search(machine, wanted)
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    print(f"{'put there on purpose':<44}{count:<8}{len(hits):<14}{len(cores)}")
    places = [(".*", f"in {path}") for path in PLANTED[:4]] + [(".*", r"in .*\.journal")]
    places += [(form, "in the journal") for form in ("text, utf-8", "text, utf-16", "sound, 16")]
    wrong = [
        f"what was put there on purpose is not found: {form} {place}"
        for form, place in places
        if not any(re.match(f"{form}.* {place}", hit) for hit in hits)
    ]
    if not cores and pattern[:1] not in "|/":  # else it went to a program or folder of the host
        wrong.append("the core file that was made on purpose is not found")
    machine.run(f"rm -rf {' '.join(PLANTED)}; journalctl --rotate; journalctl --vacuum-time=1s")
    return wrong


def _search(machine: Machine, wanted: Mapping[str, bytes]) -> tuple[list[str], int, list[str]]:
    """What is found, in how many files, and what core files there are."""
    machine.must("journalctl --sync; journalctl --flush; journalctl -q --all -o export >/root/all")
    exported = (machine.root / "root/all").read_bytes()
    machine.must("rm /root/all")
    hits = [f"{form} in the journal, exported" for form in traces.forms_in(exported, wanted)]
    inside, count = traces.in_trees(machine.root, TREES, machine.began, wanted)
    own = Path(f"/proc/{_process(machine)}/root")
    its_own, more = traces.in_trees(own, OWN, machine.began, wanted)
    cores = traces.core_files(machine.root, (*TREES, "root", "home", "srv", "opt"))
    return [*hits, *inside, *its_own], count + more + 1, cores


def _process(machine: Machine) -> int:
    return machine.outside(int(machine.must("systemctl show -P MainPID sotto-core")))


class _Events:
    """What the core prints from now on."""

    def __init__(self, machine: Machine) -> None:
        self._file = machine.root / "run/heard"
        self._begin = self._file.stat().st_size if self._file.exists() else 0

    def text(self) -> str:
        return self._file.read_bytes()[self._begin :].decode()

    def wait(self, kind: str) -> bool:
        return _until(lambda: json.dumps({"event": kind})[1:-1] in self.text())


def _until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.2)
    return False
