#!/usr/bin/env python3
"""The audit log under long abuse: changes, kills and sectors lost; ends with 1 where one is missed.

    python scripts/torture_audit.py [--changes 1000] [--kills 40] [--tears 400] [--seed 1]

Changes: bits, bytes, lines and batches edited, deleted, moved, doubled, cut off or rolled back, by
an outsider and by somebody who has the master key; each is held against the checkpoint that a
witness kept, by Sotto and by scripts/verify_audit.py. Kills: a process that appends and says
each position once `append` returned is killed; everything it said must be there, and
nothing twice. Then sectors of the last write are lost, as power cuts do it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scripts.audit_tampering import (
    KEY,
    entries_of,
    entry,
    is_noticed_elsewhere,
    is_noticed_here,
    kept,
    records,
    tamper,
)
from storage.audit import AuditLog
from storage.audit_file import SECTOR
from storage.audit_scan import LOG

PER_LOG = 50
WRITER = """
import sys
from pathlib import Path
from scripts.audit_tampering import KEY, entry
from storage.audit import AuditLog
log = AuditLog.open(Path(sys.argv[1]), KEY)
size = int(sys.argv[2])
while True:
    written = log.append_many([entry(log.size + more) for more in range(size)])
    sys.stdout.write(f"{written[-1]}\\n")
    sys.stdout.flush()
"""


def changes(rounds: int, dice: random.Random, place: Path) -> tuple[int, int, Counter[str]]:
    """How many changes Sotto missed, how many the verifier missed, and what was done."""
    missed_here = missed_elsewhere = 0
    done: Counter[str] = Counter()
    for first in range(0, rounds, PER_LOG):
        whole = place / f"log{first}" / "whole"
        whole.parent.mkdir()
        note = kept(whole, dice, dice.randint(10, 600))
        witness = whole.with_name("witness.txt")
        witness.write_text(note)
        for _ in range(min(PER_LOG, rounds - first)):
            saved = {path.name: path.read_bytes() for path in whole.iterdir()}
            entries = entries_of(whole)
            done[tamper(whole, dice)] += 1
            missed_here += not is_noticed_here(whole, note)
            if entries_of(whole) != entries:
                missed_elsewhere += not is_noticed_elsewhere(whole, witness)
            for name, data in saved.items():
                (whole / name).write_bytes(data)
        shutil.rmtree(whole.parent)
    return missed_here, missed_elsewhere, done


def kills(rounds: int, dice: random.Random, place: Path) -> tuple[int, int]:
    """How many acknowledged entries were lost or moved over all kills, of how many."""
    directory = place / "killed"
    directory.mkdir(mode=0o700)
    lost = last = 0
    for _ in range(rounds):
        words = [sys.executable, "-c", WRITER, str(directory), str(dice.choice((1, 1, 5, 40)))]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            said = [writer.stdout.readline()]
            time.sleep(dice.uniform(0, 0.05))
            os.kill(writer.pid, signal.SIGKILL)
            said += writer.stdout.readlines()
        last = max([last, *(int(line) + 1 for line in said if line.endswith(b"\n"))])
        lost += _lost(directory, last)
    return lost, last


def _lost(directory: Path, acknowledged: int) -> int:
    with AuditLog.open(directory, KEY) as log:
        there = [index for index, _ in log.entries()]
        assert there == list(range(log.size))
        log.checkpoint()
        assert log.verify().problems == ()
        return max(0, acknowledged - log.size)


def tears(rounds: int, dice: random.Random, place: Path) -> int:
    """How many acknowledged entries were lost when sectors of the last write were."""
    lost = 0
    for number in range(rounds):
        directory = place / f"torn{number}"
        directory.mkdir(mode=0o700)
        with AuditLog.open(directory, KEY) as log:
            log.append_many([entry(more) for more in range(dice.randint(1, 60))])
            acknowledged, old = log.size, (directory / LOG).read_bytes()
            log.append_many([entry(acknowledged + more) for more in range(dice.randint(1, 60))])
        new = (directory / LOG).read_bytes()
        end = len(records(directory)) + SECTOR
        parts = [
            (old if at < end and dice.random() < 0.5 else new)[at : at + SECTOR]
            for at in range(0, len(new), SECTOR)
        ]
        (directory / LOG).write_bytes(b"".join(parts))
        (directory / "audit.head").unlink()
        lost += _lost(directory, acknowledged)
        shutil.rmtree(directory)
    return lost


def main() -> int:
    """Run all three."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--tears", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    dice = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="torture-audit-") as name:
        here, elsewhere, done = changes(given.changes, dice, Path(name))
        print(f"{given.changes} changes: {here} missed here, {elsewhere} by the verifier")
        for deed, count in sorted(done.items()):
            print(f"    {count:5d} {deed.replace('_', ' ')}")
        gone, written = kills(given.kills, dice, Path(name))
        print(f"{given.kills} kills, {written} entries acknowledged: {gone} lost")
        torn = tears(given.tears, dice, Path(name))
        print(f"{given.tears} torn writes: {torn} acknowledged entries lost")
    return 1 if here + elsewhere + gone + torn else 0


if __name__ == "__main__":
    sys.exit(main())
