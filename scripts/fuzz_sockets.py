"""Mutated frames and garbage on every socket of a running Sotto, as others may send them; and from
a microphone elsewhere, which Sotto connects to.

Holds: no unhandled exception, no more than 10 MB of memory more, and whoever asks at the same time
is answered. Beside it the reader of PyPI's wyoming, on one header. 1 where it does not hold.

usage: python -m scripts.fuzz_sockets [--frames N] [--garbage MIB] [--only NAME]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.fuzz_frames import garbage, mutated
from scripts.fuzz_stock import compare
from scripts.fuzz_targets import Target, sotto

ALLOWED = 10 << 20
"""Bytes of memory more."""
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one socket."""

    name: str
    frames: int
    mebibytes: float
    seconds: float
    grown: int
    slowest: float
    """Seconds in which another client was served, at worst."""
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether all is as it should be."""
        return not self.faults and self.grown <= ALLOWED


def attack(target: Target, frames: int, mebibytes: float, chance: random.Random) -> Row:
    """Send it all, and look what became of the process."""
    process = target.process
    slowest = 0.0
    _throw(target, max(200, frames // 20), chance)  # what is made once is made now
    target.probe()
    before, faults, began = process.memory, len(process.faults), time.monotonic()
    for part in range(ROUNDS):
        many = frames * (part + 1) // ROUNDS - frames * part // ROUNDS
        slowest = max(slowest, _throw(target, many, chance))
    left = int(mebibytes * 2**20)
    while left > 0:
        left -= max(4096, target.give(garbage(chance, min(left, 2**20))))
    target.probe()
    assert process.process.poll() is None, f"{process.command} ended"
    seconds = time.monotonic() - began
    return Row(
        target.name, frames, mebibytes, seconds, process.memory - before, slowest,
        tuple(process.faults[faults:]),
    )  # fmt: skip


def _throw(target: Target, frames: int, chance: random.Random) -> float:
    """Send so many, by as many hands as it has; how long somebody else waited meanwhile."""

    def one(frames: int, chance: random.Random) -> None:
        for _ in range(frames):
            target.give(mutated(chance, target.corpus))

    shares = [
        frames // target.hands + (hand < frames % target.hands) for hand in range(target.hands)
    ]
    with ThreadPoolExecutor(target.hands) as pool:
        thrown = [pool.submit(one, share, random.Random(chance.random())) for share in shares]
        asked = time.monotonic()
        target.probe()
        waited = time.monotonic() - asked
        for each in thrown:
            each.result()
    return waited


def main() -> int:
    """Attack every socket, one after the other, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--garbage", type=float, default=11, metavar="MIB")
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--seed", type=int, default=6)
    given = parser.parse_args()
    chance, holds = random.Random(given.seed), True
    print(
        f"{'socket':<26}{'frames':>8}{'MiB':>6}{'s':>8}{'memory':>11}{'other client':>14}  faults"
    )
    with tempfile.TemporaryDirectory() as name, sotto(Path(name)) as targets:
        for target in targets:
            if given.only and target.name not in given.only:
                continue
            row = attack(target, given.frames, given.garbage, chance)
            holds = holds and row.holds
            print(
                f"{row.name:<26}{row.frames:>8}{row.mebibytes:>6.0f}{row.seconds:>8.0f}"
                f"{row.grown / 2**20:>+8.1f} MB{row.slowest:>12.2f} s  {len(row.faults)}",
                flush=True,
            )
            for line in dict.fromkeys(row.faults):
                print(f"    {line}")
    print()
    for line in compare():
        print(line)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
