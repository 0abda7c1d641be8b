"""Faults for the store, and what became of it: kills, power cuts, old copies.

Used by the tests in their short form and by scripts/torture_storage.py in the long one.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from assistant.errors import AssistantError
from assistant.private import Private
from assistant.types import Permit
from storage.database import Database
from storage.keyslots import Keyslots
from storage.master import master_key
from storage.rescue import DATABASE, Secrets
from storage.rows import Wanted, unpacked
from storage.seal import open_sealed
from storage.store import Store, open_store
from storage.tables import select

DAY = timedelta(days=1)
DATABASE_FILES = (DATABASE, f"{DATABASE}-wal")
WRITER = Path(__file__).with_name("storage_writer.py")


class Hands:
    """The machine's clocks, as a test sets them."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.jump = 0.0
        self.name = b"one boot, 16 b.."

    def wall(self) -> float:
        """What somebody set."""
        return self.now + self.jump

    def uptime(self) -> float:
        """Seconds since boot."""
        return self.now - 1_799_990_000.0

    def boot(self) -> bytes:
        """Which boot this is."""
        return self.name

    def is_synchronised(self) -> bool:
        """It is."""
        return True


def permit(consent: str, subject: str = "ada", keep_for: timedelta = DAY, **more: int) -> Permit:
    """Leave to keep an intent."""
    return Permit("intent", "improve", keep_for, "keep: intent", subject, consent, **more)


def content(number: int) -> dict[str, str]:
    """What row `number` of a filled store says."""
    return {"text": f"turn on lamp {number * 7919 % 1000003}"}


def numbers(store: Store) -> set[int]:
    """The rows that open, each with what was put into it."""
    return {row.facts.id for row in store.vault.rows(Wanted(), actor="test", purpose="test")}


def recovered(copy: Path, keyslots: Path, master: Private[bytes]) -> set[int]:
    """Rows that somebody with the master key, this keyslot file and an old database opens."""
    place = copy.with_name(copy.name + ".attack")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in DATABASE_FILES:
        if (copy / name).exists():
            shutil.copy(copy / name, place / name)
    shutil.copy(keyslots, place / "keyslots")
    (place / "keyslots").chmod(0o600)
    secrets = Secrets.derive(master)
    found = set()
    slots = Keyslots.open(place / "keyslots", master)
    database = Database(place / DATABASE, secrets.database, secrets.salt)
    for stored in select(database, Wanted()):
        facts = stored.facts
        for epoch in (None, facts.epoch):
            key = slots.row_key(facts.consent, made=facts.made, expires=facts.expires, epoch=epoch)
            if key is None:
                continue
            with contextlib.suppress(AssistantError):
                unpacked(open_sealed(key, stored.sealed, facts.label()))
                found.add(facts.id)
    database.abandon()
    slots.close()
    shutil.rmtree(place)
    return found


# Kills and power cuts


@dataclass
class Said:
    """What a writer said it did, each line once it was done."""

    kept: dict[int, str] = field(default_factory=dict)
    """The consent of each row that was acknowledged."""
    state: int = 0
    """The number in the last state that was acknowledged."""
    begun: set[str] = field(default_factory=set)
    """Consents whose withdrawal had begun."""
    withdrawn: set[str] = field(default_factory=set)
    """Consents whose withdrawal was acknowledged."""

    def hear(self, line: str) -> None:
        """Remember what a line says."""
        match line.split():
            case ["kept", number, consent]:
                self.kept[int(number)] = consent
            case ["state", number]:
                self.state = int(number)
            case ["withdrawing", consent]:
                self.begun.add(consent)
            case ["withdrawn", consent]:
                self.withdrawn.add(consent)

    def faults(self, store: Store) -> list[str]:
        """What was acknowledged and isn't so."""
        found = numbers(store)
        must = {number for number, consent in self.kept.items() if consent not in self.begun}
        gone = {number for number, consent in self.kept.items() if consent in self.withdrawn}
        state = store.vault.get_state("lists")
        faults = [f"row {number} lost" for number in sorted(must - found)]
        faults += [f"row {number} back" for number in sorted(gone & found)]
        if self.state and (state is None or int(str(state["n"])) < self.state):
            faults.append(f"state {self.state} lost")
        if store.vault.status.degraded:
            faults += [finding.text for finding in store.vault.status.findings] or ["degraded"]
        if not store.vault.ledger.agrees():
            faults.append("the height does not agree with the rows")
        return faults


def start_writer(state: Path, seed: int) -> subprocess.Popen[str]:
    """A process that keeps, replaces and withdraws, and says so."""
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(state), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def kill_round(state: Path, said: Said, seed: int) -> list[str]:
    """Let a writer work for a random while, kill it, and look at what is left."""
    chance = random.Random(seed)
    with start_writer(state, seed) as writer:
        _hear_some(writer, said, chance.randrange(1, 120))
        time.sleep(chance.random() * 0.004)
        writer.kill()
        assert writer.stdout is not None
        for line in writer.stdout:
            if line.endswith("\n"):
                said.hear(line)
    with open_store(state, {}) as store:
        return said.faults(store)


def loop_mounts() -> bool:
    """Whether this process may mount an image: it needs root and loop devices."""
    return os.geteuid() == 0 and bool(list(Path("/dev").glob("loop[0-9]*")))


@contextlib.contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    """An ext4 image, mounted; OSError where that isn't allowed here."""
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-o", "loop", str(image), str(place)], capture_output=True, check=False
    )
    if done.returncode:
        raise OSError(done.stderr.decode().strip())
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def new_image(image: Path, megabytes: int = 48) -> None:
    """An empty ext4 file system."""
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)


def power_cuts(directory: Path, cuts: int, seed: int) -> list[str]:
    """Copy the block device under a writer, again and again, and start from each copy.

    The copy is what the file system has sent to the disk so far: what was written and not
    flushed is missing in it, as after a power cut.
    """
    chance = random.Random(seed)
    image, faults = directory / "disk.img", []
    new_image(image)
    with mounted(image, directory / "disk") as disk:
        said = Said()
        with start_writer(disk / "state", seed) as writer:
            try:
                for cut in range(cuts):
                    _hear_some(writer, said, chance.randrange(1, 60))
                    time.sleep(chance.random() * 0.003)
                    writer.send_signal(signal.SIGSTOP)
                    copy = directory / "cut.img"
                    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
                    faults += [f"cut {cut}: {fault}" for fault in _after_cut(copy, said)]
                    writer.send_signal(signal.SIGCONT)
            finally:
                writer.kill()
    return faults


def _hear_some(writer: subprocess.Popen[str], said: Said, lines: int) -> None:
    assert writer.stdout is not None
    for _ in range(lines):
        said.hear(writer.stdout.readline())


def _after_cut(copy: Path, said: Said) -> list[str]:
    with mounted(copy, copy.with_name("after")) as disk:
        try:
            with open_store(disk / "state", {}) as store:
                return said.faults(store)
        except AssistantError as error:
            return [str(error)]


def master_of(state: Path) -> Private[bytes]:
    """The master key of a store."""
    return master_key(state, {})
