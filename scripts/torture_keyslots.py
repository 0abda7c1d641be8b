"""Kill the writer of a keyslot file, and copy the file under its hands, again and again.

A child makes and destroys consents and says so on a pipe. At random moments the parent copies
the file (what a power cut leaves) and kills the child; then both files must open, no key whose
destruction was acknowledged may be in them, and none that was kept may be missing.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assistant.private import Private
from storage.keyslots import Keyslots

MASTER = Private(bytes(range(32)))
NOW = 29_900_000


def main(arguments: list[str] | None = None) -> int:
    """Run the rounds; 1 where a key was lost or came back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child is not None:
        write_for_ever(chosen.child, random.Random(chosen.seed))
    with tempfile.TemporaryDirectory() as folder:
        wrong = rounds(Path(folder), chosen.rounds, random.Random(chosen.seed))
    print(f"seed {chosen.seed}: {chosen.rounds} kills and as many copies, {wrong} wrong")
    return min(wrong, 1)


def write_for_ever(path: Path, chance: random.Random) -> None:
    """The child: `+` made, `?` about to be destroyed, `-` destroyed."""
    keys = Keyslots.open(path, MASTER)
    number = 0
    while True:
        live = list(keys.consents())
        if len(live) > 60 or (live and chance.random() < 0.5):
            name = chance.choice(live)
            os.write(1, f"? {name}\n".encode())
            keys.destroy_consent(name)
            os.write(1, f"- {name}\n".encode())
        else:
            number += 1
            name = f"{os.getpid()}-{number}"
            keys.add_consent(name, "household")
            os.write(1, f"+ {name}\n".encode())


def rounds(folder: Path, count: int, chance: random.Random) -> int:
    """How many of the files were wrong."""
    path, copy = folder / "keyslots", folder / "copy"
    Keyslots.create(path, MASTER, NOW).close()
    told = ""
    wrong = 0
    for _ in range(count):
        command = [sys.executable, __file__, "--child", str(path), "--seed"]
        command.append(str(chance.randrange(1 << 30)))
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            told += child.stdout.readline().decode()
            os.set_blocking(child.stdout.fileno(), False)
            time.sleep(chance.random() / 20)
            told += (child.stdout.read() or b"").decode()
            before = told
            shutil.copy2(path, copy)
            told += (child.stdout.read() or b"").decode()
            wrong += not is_right(copy, before, told)
            child.kill()
            child.wait()
            os.set_blocking(child.stdout.fileno(), True)
            told += child.stdout.read().decode()
        wrong += not is_right(path, told, told)
    return wrong


def is_right(path: Path, before: str, after: str) -> bool:
    """What was acknowledged before stands; what happened until after may."""
    keys = Keyslots.open(path, MASTER)
    found = set(keys.consents())
    keys.close()
    destroyed = names(before, "-")
    kept = names(before, "+") - names(after, "?")
    return not found & destroyed and kept <= found


def names(told: str, kind: str) -> set[str]:
    """The consents of the whole lines of this kind."""
    whole = told[: told.rfind("\n") + 1].splitlines()
    return {line[2:] for line in whole if line[0] == kind}


if __name__ == "__main__":
    sys.exit(main())
