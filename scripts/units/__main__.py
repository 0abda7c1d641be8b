"""Boots a real systemd with Sotto's units in it, tries what they forbid, and breaks what they mend.

    python -m scripts.units [--folder DIR] [--wheels DIR] [--only PART...] [--keep]

Prints tables; exit status 1 where something is not as declared. Needs root, systemd-nspawn,
debootstrap, mosquitto and openssl; nothing of the machine it runs on is changed beside DIR.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.units import (
    credentials,
    journal,
    lamps,
    lifecycle,
    outward,
    package,
    recovery,
    running,
    stage,
)
from scripts.units.machine import Machine, booted, lacking, make_folder
from scripts.units.table import ALLOWED, NOT_ITS_OWN, SKILL

UNITS = {"core": ("sotto", 1100), "door": ("sotto-door", 230), "wyoming": ("sotto-wyoming", 1100)}
"""Of each unit: its state directory, and more MiB than its MemoryMax."""
PROBE = """\
[Unit]
After=network.target
Wants=network.target
[Service]
Type=oneshot
ExecStart=
ExecStart=/opt/sotto/bin/python /opt/sotto/share/inside.py /var/lib/{state} memory={memory} {more}
Restart=no
WatchdogSec=0
OOMPolicy=continue
TimeoutStartSec=300
StandardOutput=truncate:/run/probe.json
StandardError=truncate:/run/probe.err
"""


def probed(machine: Machine, unit: str, more: str) -> dict[str, Any]:
    """What a process can do with every line of the unit but the program it runs."""
    state, memory = UNITS[unit]
    service = f"sotto-{unit}.service"
    drop = f"/run/systemd/system/{service}.d/zz-probe.conf"
    text = PROBE.format(state=state, memory=memory, more=more)
    machine.must(
        f"mkdir -p {Path(drop).parent} && cat >{drop} <<'END'\n{text}END\nsystemctl daemon-reload"
    )
    machine.run(f"systemctl stop {service}; rm -f /run/probe.json")
    status, said = machine.run(f"systemctl start {service}", 400)
    answers = machine.run("cat /run/probe.json")[1]
    errors = machine.run(f"cat /run/probe.err; journalctl -b -q -n 4 -u {service}")[1]
    machine.must(f"rm {drop} && systemctl daemon-reload && systemctl reset-failed")
    if status != 0 or not answers:
        raise RuntimeError(f"{service}: the probe failed: {said} {errors}")
    return dict(json.loads(answers))


def plain(machine: Machine, more: str) -> dict[str, Any]:
    """The same for root without any unit of ours: what could be done at all."""
    program = "/opt/sotto/bin/python /opt/sotto/share/inside.py /var/lib/plain"
    command = f"systemd-run --quiet --pipe --wait --collect {program} {more} 2>/dev/null"
    return dict(json.loads(machine.must(command, 400)))


def probe(machine: Machine) -> list[str]:
    """Print what each unit allows beside what it is declared to; what is not as declared."""
    hear = f"hear={stage.RECORDING} whisper={stage.WHISPER}"
    control = plain(machine, "")
    more = {"core": f"{hear} skill", "door": "", "wyoming": hear}
    # The door last: its sockets, at which the others try, are gone with it.
    found = {unit: probed(machine, unit, more[unit]) for unit in ("core", "wyoming", "door")}
    wrong: list[str] = []
    print(f"{'attempt':<44}{'root':<10}" + "".join(f"{unit:<10}" for unit in UNITS))
    names = [name for name in found["core"] if name != "skill"]
    for name in names:
        cells = [control.get(name, "-").split(":")[0]]
        for unit in UNITS:
            answer = found[unit].get(name)
            if answer is None or name in NOT_ITS_OWN.get(unit, ()):
                cells.append("-")
                continue
            cell = answer.split(":")[0]
            if cell != "done" and name in ALLOWED[unit] and cells[0] == "refused":
                cell = "?"  # not even plain root can do it in this machine
            elif (cell == "done") != (name in ALLOWED[unit]):
                wrong.append(f"{unit}: {name}: {answer}")
                cell += " !"
            cells.append(cell)
        print(f"{name:<44}" + "".join(f"{cell:<10}" for cell in cells))
    print("\na skill within the core")
    for name, answer in found["core"]["skill"].items():
        print(f"  {name:<22}{answer}")
        if not answer.startswith(SKILL.get(name, "")) or (
            "right: files" in name and "lacking" in answer
        ):
            wrong.append(f"skill: {name}: {answer}")
    could = sum(control.get(name, "").startswith("done") for name in names)
    print(f"\n{len(names)} attempts; {could} succeed for plain root; {len(wrong)} not as declared")
    return wrong


INSIDE = {
    "probe": probe,
    "running": running.check,
    "recovery": recovery.measure,
    "lamps": lamps.check,
    "journal": journal.check,
    "outward": outward.check,
    "credentials": credentials.check,
}
"""The parts that are done in one boot, in this order."""
ALONE = {"package": package.check, "lifecycle": lifecycle.check}
"""The parts that boot machines of their own."""


def main() -> int:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/sotto-units"))  # noqa: S108
    parser.add_argument("--wheels", type=Path, help="of all that is installed; none: fetched")
    parts = (*INSIDE, *ALONE)
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="parts of it")
    parser.add_argument("--keep", action="store_true", help="leave the folder as it is")
    parsed = parser.parse_args()
    if (why := lacking()) is not None:
        print(f"units-test is not run: {why}")
        return 0
    folder: Path = parsed.folder
    folder.mkdir(parents=True, exist_ok=True)
    make_folder(folder / "debian")
    wheels = parsed.wheels or stage.make_wheels(folder / "wheels")
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(folder / "debian"), str(root)], check=True)
    wrong: list[str] = []
    chosen = [check for name, check in INSIDE.items() if name in parsed.only]
    if chosen:
        stage.furnish(root, wheels)
        with booted(root) as machine:
            stage.begin(machine)
            for check in chosen:
                wrong += check(machine)
    for name, check_alone in ALONE.items():
        if name in parsed.only:
            wrong += check_alone(folder, wheels)
    if not parsed.keep:
        shutil.rmtree(root, ignore_errors=True)
    for line in wrong:
        print(f"WRONG  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
