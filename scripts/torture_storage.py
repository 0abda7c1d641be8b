#!/usr/bin/env python3
"""The store under long abuse; ends with 1 where something acknowledged is lost or silent.

    python scripts/torture_storage.py [--kills 200] [--cuts 40] [--damages 400] [--seed 1]

Kills: a process that keeps rows, replaces lists and withdraws consents, and says each once it is
done, is killed; all it said must be so, and no destroyed key back. Cuts: the block device under
such a process is copied, and each copy mounted and opened, as after a power cut (root and loop
devices; left out otherwise). Damages: bits, blocks and lengths of database, WAL, keyslots, audit
log and height; what is missing then must be said. Canaries: words that were kept are looked
for on the raw disk. Also run by `make torture`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from scripts.storage_damage import canaries, corruptions
from scripts.storage_faults import Said, kill_round, loop_mounts, power_cuts


def main() -> int:
    """Run everything and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, metavar="N")
    parser.add_argument("--cuts", type=int, default=40, metavar="N")
    parser.add_argument("--damages", type=int, default=400, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sotto-torture-") as name:
        faults = _all(Path(name), chosen)
    for fault in faults[:40]:
        print(f"FAULT {fault}")
    return 1 if faults else 0


def _all(place: Path, chosen: argparse.Namespace) -> list[str]:
    started = time.monotonic()
    said = Said()
    faults = []
    for number in range(chosen.kills):
        found = kill_round(place / "killed", said, chosen.seed + number)
        faults += [f"kill {number}: {fault}" for fault in found]
    kept, gone = len(said.kept), len(said.withdrawn)
    _say(started, f"{chosen.kills} kills: {kept} rows and {gone} withdrawals acknowledged", faults)
    if not loop_mounts():
        print("power cuts, canaries: left out, they need root and loop devices", flush=True)
    else:
        (place / "cuts").mkdir()
        found = power_cuts(place / "cuts", chosen.cuts, chosen.seed)
        faults += found
        _say(started, f"{chosen.cuts} power cuts", found)
        found = canaries(place / "cuts")
        faults += found
        _say(started, "canaries on the raw disk", found)
    outcomes, silent = corruptions(place, chosen.damages, chosen.seed)
    faults += silent
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    _say(started, f"{chosen.damages} damages: {told}", silent)
    return faults


def _say(started: float, what: str, faults: list[str]) -> None:
    print(f"{time.monotonic() - started:6.0f} s  {what}: {len(faults)} faults", flush=True)


if __name__ == "__main__":
    sys.exit(main())
